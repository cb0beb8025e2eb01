# What deploys; included by the Makefile. STACK chooses the stack, ARGS are passed on.
STACK ?= dev

# Says what to install, in place of the shell's "not found".
need = @command -v $(1) >/dev/null || { echo "$(1) is not installed: see $(2)" >&2; exit 1; }
PULUMI_PAGE = https://www.pulumi.com/docs/iac/download-install/
DOCTL_PAGE = https://docs.digitalocean.com/reference/doctl/how-to/install/

.PHONY: doctor
doctor: environment ## List what is missing for a deployment, and what to do
	@$(PYTHON) -m stack.doctor --stack $(STACK)

.PHONY: preview
preview: environment ## Show what a deployment would change
	$(call need,pulumi,$(PULUMI_PAGE))
	@pulumi preview --diff --stack $(STACK) $(ARGS)

.PHONY: deploy
deploy: environment ## Deploy to the cloud
	$(call need,pulumi,$(PULUMI_PAGE))
	@pulumi up --stack $(STACK) $(ARGS)

.PHONY: destroy
destroy: environment ## Delete the deployment; docs/deploy.md explains how to delete the data too
	$(call need,pulumi,$(PULUMI_PAGE))
	@pulumi destroy --stack $(STACK) $(ARGS)

.PHONY: logs
logs: ## Follow the deployed worker's logs
	$(call need,pulumi,$(PULUMI_PAGE))
	$(call need,doctl,$(DOCTL_PAGE))
	@doctl apps logs "$$(pulumi stack output appId --stack $(STACK))" worker --follow --no-prefix

.PHONY: provider-check
provider-check: environment ## Test the program on DigitalOcean's real provider; needs it on PATH
	@HEARTBEAT_PROVIDER_CHECK=1 $(PYTHON) -m pytest tests/stack/engine/test_provider.py $(ARGS)

# Not in CI: it must be root and may mount, which a CI's container often may not, and it fetches a
# whole Debian; the release workflow builds the same Dockerfile with a real engine and scans it.
.PHONY: image-check
image-check: ## Build the image and run it, without Docker; as root, on Debian
	@tests/stack/image-check
