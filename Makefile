# `make run` and `make test` do all of their own set-up; what they need beforehand is Python 3.11,
# git and make. PORT=8081 and ARGS="…" are passed on.

SHELL := /bin/sh
.DEFAULT_GOAL := help
# Ignore another environment's settings; compiled modules halve every start.
unexport VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
# Do not pass this make's variables on to makes that it starts.
MAKEOVERRIDES =
unexport ARGS PORT name

PYTHON := .venv/bin/python
# Without its groups' options, uv brings the whole locked environment.
SYNC = { [ -d .venv ] || echo "installing Python packages into .venv, once" >&2; } && uv=$$(python3 .ci/uv.py) && "$$uv" sync --locked

.PHONY: help
help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: run
run: ## Run everything on this machine, and print the page's address
	@$(SYNC) --inexact --no-default-groups --group local $(if $(findstring mysql,$(ARGS)),--extra mysql)
	@exec $(PYTHON) -m local $(if $(PORT),--port $(PORT)) $(ARGS)

.PHONY: test
test: environment ## Run the tests
	@HEARTBEAT_BROWSER=$$($(PYTHON) .ci/system.py) && export HEARTBEAT_BROWSER && \
	exec $(PYTHON) -m tests.watch -m pytest -n 6 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

.PHONY: pulumi
pulumi: environment ## Build the Pulumi CLI with Go, once, for the engine's tests; some 20 minutes
	@exec $(PYTHON) -m tests.watch -m tests.stack.cli

.PHONY: aws-tools
aws-tools: environment ## Install AWS's credential helper and CLI, once, for the tests of the stand-in
	@exec $(PYTHON) -m tests.watch -m tests.local.aws.tools "$$(python3 .ci/uv.py)"

.PHONY: coverage
coverage: ARGS := tests/schema tests/service --cov
coverage: test ## Measure the tests' coverage of schema/ and service/; fails below 95 %

.PHONY: mutants
mutants: environment ## Mutate the rules, and show each mutation that no test notices; 4 minutes
	@export CI=true && exec $(PYTHON) -m tests.mutation

.PHONY: check
check: lint types types-js test ## Run every check that a change must pass

.PHONY: fmt
fmt: environment ## Format the code, and fix what can be fixed automatically
	@$(PYTHON) -m ruff format
	@$(PYTHON) -m ruff check --fix

.PHONY: lint
lint: environment ## Check format and lint
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m ruff check

.PHONY: types
types: environment ## Check the types
	@$(PYTHON) -m mypy

.PHONY: audit
audit: ## Check the locked packages for known vulnerabilities, at osv.dev
	@uv=$$(python3 .ci/uv.py) && "$$uv" audit --locked

.PHONY: types-js
types-js: environment ## Check the types of the page's JavaScript; needs Node
	@$(PYTHON) -m tests.web.types_js

.PHONY: migration
migration: environment ## Write a migration for changed tables: make migration name="add …"
	@$(PYTHON) -m local.migration "$(name)"

.PHONY: client
client: environment ## Generate the page's client from the API's description
	@$(PYTHON) -m service.api.client > web/client.js.new && mv web/client.js.new web/client.js

.PHONY: reality
reality: environment ## Generate docs/reality.md from the tests that prove it
	@$(PYTHON) -m tests.reality

.PHONY: sql
sql: environment ## Generate the SQL that runs from the expressions of service/sql
	@$(PYTHON) -m service.sql

.PHONY: screenshots
screenshots: environment ## Retake the page's pictures
	@HEARTBEAT_BROWSER=$$($(PYTHON) .ci/system.py) && export HEARTBEAT_BROWSER && \
	exec $(PYTHON) -m tests.web.screenshots $(ARGS)

.PHONY: bench
bench: ## Measure, in under six minutes; a part of it: ARGS="api worker"
	@export UV_PROJECT_ENVIRONMENT=.uv/bench && $(SYNC) --no-default-groups --group local && \
	exec .uv/bench/bin/python -m bench $(ARGS)  # as deployed: no package is there by chance

.PHONY: monitored
monitored: environment ## Check rules and panels on a real Prometheus that scrapes two deployments; 3 minutes
	@exec $(PYTHON) -m tests.watch -m tests.monitoring

.PHONY: soak
soak: environment ## Look for leaks: every fault in turn, then 25 days of cycles; ARGS=5 for five minutes
	@$(PYTHON) -m tests.watch -m tests.faults.soak $(ARGS); faults=$$?; \
	$(PYTHON) -m tests.watch -m bench.month $(ARGS) && exit $$faults

.PHONY: findings
findings: ## Run the programs in findings/; downloads, ten minutes
	@for each in findings/*.sh; do [ "$$each" = findings/ground.sh ] && continue; \
	echo "== $$each"; bash "$$each" || failed="$$failed $$each"; done; \
	[ -z "$$failed" ] || { echo "changed, or not run:$$failed" >&2; exit 1; }

.PHONY: environment
environment:
	@$(SYNC)

-include stack/stack.mk
