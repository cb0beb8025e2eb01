"""The secret that carries the heartbeat in AWS."""

import re

import pulumi
from pulumi_aws import secretsmanager

from stack.settings import Settings

FIRST_VALUE = "{}"  # JSON from the start: the worker adds its keys to an object
# AWS keeps versions with a label, so a refresh always finds the first version. A version that is
# created with its own label does not become the current one, unless it is the secret's first
# (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
FIRST_LABEL = "heartbeat-first"
RECOVERY_DAYS = 7  # how long AWS keeps a deleted secret; the least it allows but "none"


class Secret(pulumi.ComponentResource):
    """A secret for the heartbeat alone."""

    arn: pulumi.Output[str]
    """The whole ARN, with its random suffix, for the policy."""
    name: pulumi.Output[str]
    """The name by which the app requests it."""

    def __init__(
        self, name: str, chosen: Settings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Secret", name, None, opts)
        if chosen.secret_arn is None:
            secret = self._new(name, chosen)
            self.arn, self.name = secret.arn, secret.name
        else:
            self.arn = pulumi.Output.from_input(chosen.secret_arn)
            self.name = pulumi.Output.from_input(name_in(chosen.secret_arn))
        self.register_outputs({"arn": self.arn, "name": self.name})

    def _new(self, name: str, chosen: Settings) -> secretsmanager.Secret:
        # Pulumi appends a random suffix to the name. AWS keeps a deleted secret's name for days, so
        # with a fixed name an `up` after a `destroy` would fail.
        secret = secretsmanager.Secret(
            name,
            secretsmanager.SecretArgs(
                description="Heartbeat",
                kms_key_id=chosen.secret_kms_key_arn,
                recovery_window_in_days=RECOVERY_DAYS,
            ),
            pulumi.ResourceOptions(
                parent=self, protect=chosen.protect_data, ignore_changes=["description"]
            ),
        )
        # The worker owns value and versions from here on: decisions/013.
        secretsmanager.SecretVersion(
            f"{name}-first",
            secretsmanager.SecretVersionArgs(
                secret_id=secret.id, secret_string=FIRST_VALUE, version_stages=[FIRST_LABEL]
            ),
            pulumi.ResourceOptions(
                parent=self,
                ignore_changes=["secretString", "versionStages"],
                deleted_with=secret,  # its labels may have moved since; AWS refuses to take those
            ),
        )
        return secret


def name_in(arn: str) -> str:
    """Return the secret's name, which its ARN holds before a hyphen and six random characters."""
    match = re.fullmatch(r"arn:.+:secret:(.+)-[A-Za-z0-9]{6}", arn)
    if match is None:
        msg = f"{arn!r} is not the full ARN of a secret"
        raise ValueError(msg)
    return match[1]
