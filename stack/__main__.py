"""Heartbeat's cloud: this file deploys it, and exports its addresses and ids."""

import pulumi

from schema import migrations
from stack import costs, deployed, settings, wiring

chosen = settings.load()
before = deployed.outputs()
deployed.check_place(chosen, before)
for size in costs.unpriced(chosen):
    pulumi.log.warn(f"stack/prices.json has no price of {size}: monthlyCostUsd leaves it out")
made = wiring.deploy(chosen, wiring.ProgramInputs(before=before))

pulumi.export("url", made.app.url)
pulumi.export("appId", made.app.id)
pulumi.export("roleArn", made.identity.role_arn)
pulumi.export("profileArn", made.identity.profile_arn)
pulumi.export("trustAnchorArn", made.identity.anchor_arn)
pulumi.export("secretArn", made.secret.arn)
pulumi.export("trustPolicy", made.identity.trust_policy)
pulumi.export("certificateExpiry", made.identity.certificate_expiry)
pulumi.export("schemaHead", migrations.head())
pulumi.export("monthlyCostUsd", costs.monthly_usd(chosen))
pulumi.export("place", deployed.place(chosen))
# Only once the app has them: a failed `up` must send them again.
pulumi.export("alertEmails", made.app.id.apply(lambda _: list(chosen.alert_emails)))
pulumi.export("spaces", made.app.id.apply(lambda _: deployed.spaces(chosen)))
