"""The app's identity at AWS, and what it may use there."""

from typing import Annotated

from pydantic import AwareDatetime, Field, Json

from stack.choices import Choices, Secret, Unset

WHOLE_ARN = r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$"
# No alias: a policy that names one allows nothing [kms developerguide/alias-authorization.html].
KEY_ARN = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$"
ROLE_ARN = r"^arn:aws[a-z-]*:iam::\d{12}:role/([\w+=,.@-]+/)*[\w+=,.@-]+$"
POLICY_ARN = r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$"
ANCHOR_ARN = r"^arn:aws[a-z-]*:rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor/[0-9a-f-]{36}$"


class IdentityChoices(Choices):
    """The settings of AWS."""

    role_arn: Annotated[str | None, Unset] = Field(
        pattern=ROLE_ARN, description="use arn:aws:iam::ACCOUNT:role/NAME"
    )
    permissions_boundary_arn: Annotated[str | None, Unset] = Field(
        pattern=POLICY_ARN, description="use arn:aws:iam::ACCOUNT:policy/NAME"
    )
    trust_anchor_arn: Annotated[str | None, Unset] = Field(
        pattern=ANCHOR_ARN,
        description="use the ARN that `aws rolesanywhere list-trust-anchors` prints",
    )
    client_certificate: Annotated[str | None, Unset] = Field(
        pattern=r"^\s*-----BEGIN CERTIFICATE-----",
        description="use the certificate's PEM text: `pulumi config set clientCertificate < FILE`",
    )
    client_key: Secret = Field(
        description="use the key's PEM text: `pulumi config set --secret clientKey < FILE`"
    )
    secret_arn: Annotated[str | None, Unset] = Field(
        pattern=WHOLE_ARN,
        description="use the whole ARN with its random end, as `aws secretsmanager describe-secret`"
        " prints it: `pulumi config set --plaintext secretArn ARN`",
    )
    secret_kms_key_arn: Annotated[str | None, Unset] = Field(
        pattern=KEY_ARN,
        description="use the key's own ARN, no alias: arn:aws:kms:REGION:ACCOUNT:key/ID",
    )
    identity_generations: Json[tuple[Annotated[int, Field(ge=1)], ...]] = Field(
        description="use [N], or [N-1, N] while the certificate rotates (docs/rotation.md)"
    )
    identity_revoked_before: Annotated[AwareDatetime | None, Unset] = Field(
        description="use ISO 8601 with an offset, such as 2026-01-31T12:00:00Z"
    )
    update_secrets: bool = Field(description="use true or false")
    aws_region: str = Field(
        alias="aws:region",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="use AWS's name, as in `pulumi config set aws:region us-west-2`",
    )

    @property
    def sends_secrets(self) -> bool:
        """Whether this `up` sends the app's secrets again; a rotation must."""
        return self.update_secrets or len(self.identity_generations) > 1
