"""The app's identity at AWS: a certificate of its own instead of a stored key."""

import base64

import pulumi
from cryptography import x509
from pulumi_aws import iam, rolesanywhere

from stack import policies
from stack.certificates import Certificates, common_name
from stack.settings import Settings

SESSION_S = 3600  # a session of 900 s would be renewed on every call [botocore's refresh window]
# Days before expiry at which AWS sends a notice. Certificates renew at the first `up` in their last
# 60 days (stack/certificates.py), so the notice means that no `up` has run for a while.
CLIENT_NOTICE_DAYS = 45
CA_NOTICE_DAYS = 360  # the most that AWS accepts


class Identity(pulumi.ComponentResource):
    """Certificate, trust anchor, profile and role of IAM Roles Anywhere."""

    anchor_arn: pulumi.Output[str]
    """The trust anchor of our own certificate authority."""
    profile_arn: pulumi.Output[str]
    """The profile: the role that a certificate may assume, and for how long."""
    role_arn: pulumi.Output[str]
    """The role."""
    certificate: pulumi.Output[str]
    """The client's certificate, base64 of PEM; no secret."""
    private_key: pulumi.Output[str]
    """The client's private key, base64 of PEM; a secret."""
    certificate_expiry: pulumi.Output[str]
    """When the client's certificate ends, RFC 3339."""
    trust_policy: pulumi.Output[str]
    """The trust policy, which the owner of an existing role must add to it."""

    def __init__(
        self,
        name: str,
        chosen: Settings,
        secret_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Create what the settings do not give.

        Args:
            name: Begins the resources' names.
            chosen: The settings.
            secret_arn: The one secret that the role may use.
            opts: As for every component.
        """
        super().__init__("heartbeat:stack:Identity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        anchor_arn, pem, key = chosen.trust_anchor_arn, chosen.client_certificate, chosen.client_key
        if anchor_arn and pem and key:
            accepted = self._use(anchor_arn, pem, key.get_secret_value())
        else:
            accepted = self._create(name, chosen, child)
        self.trust_policy = self.anchor_arn.apply(lambda arn: policies.trust(arn, accepted))
        self.role_arn = self._role(name, chosen, secret_arn)
        self.profile_arn = rolesanywhere.Profile(
            f"{name}-profile",
            rolesanywhere.ProfileArgs(
                role_arns=[self.role_arn], duration_seconds=SESSION_S, enabled=True
            ),
            child,
        ).arn
        self.register_outputs({"roleArn": self.role_arn, "anchorArn": self.anchor_arn})

    def _create(self, name: str, chosen: Settings, child: pulumi.ResourceOptions) -> list[str]:
        """Create our own authority and certificate; return the common names to accept."""
        generations = chosen.identity_generations
        made = Certificates(name, chosen.name, generations[-1], child, protect=chosen.protect_data)
        self.certificate = made.client.cert_pem.apply(_base64)
        self.private_key = made.key.private_key_pem.apply(_base64)
        self.certificate_expiry = made.client.validity_end_time
        self.anchor_arn = _anchor(name, made.authority.cert_pem, child).arn
        return [f"{chosen.name}-{generation}" for generation in generations]

    def _use(self, anchor_arn: str, pem: str, key: str) -> list[str]:
        """Use the certificate of another authority; return its common name."""
        certificate = x509.load_pem_x509_certificate(pem.encode())
        self.certificate = pulumi.Output.from_input(_base64(pem))
        self.private_key = pulumi.Output.secret(_base64(key))
        expiry = certificate.not_valid_after_utc.isoformat()
        self.certificate_expiry = pulumi.Output.from_input(expiry)
        self.anchor_arn = pulumi.Output.from_input(anchor_arn)
        return [common_name(certificate)]

    def _role(
        self, name: str, chosen: Settings, secret_arn: pulumi.Input[str]
    ) -> pulumi.Output[str]:
        """Create the role, unless it exists, and give it the permissions."""
        child = pulumi.ResourceOptions(parent=self)
        if chosen.role_arn is None:
            role = iam.Role(
                f"{name}-role",
                iam.RoleArgs(
                    description="Heartbeat's app on DigitalOcean, through IAM Roles Anywhere",
                    assume_role_policy=self.trust_policy,
                    max_session_duration=SESSION_S,
                    permissions_boundary=chosen.permissions_boundary_arn,
                ),
                child,
            )
            role_name, arn = role.name, role.arn
        else:
            role_name = pulumi.Output.from_input(chosen.role_arn.rsplit("/", 1)[1])
            arn = pulumi.Output.from_input(chosen.role_arn)
        key_arn, revoked_before = chosen.secret_kms_key_arn, chosen.identity_revoked_before
        objects = _objects(chosen)
        iam.RolePolicy(
            f"{name}-policy",
            iam.RolePolicyArgs(
                role=role_name,
                policy=pulumi.Output.from_input(secret_arn).apply(
                    lambda arn: policies.permissions(arn, key_arn, revoked_before, objects)
                ),
            ),
            child,
        )
        return arn


def _objects(chosen: Settings) -> list[policies.StoredObject]:
    """Return the objects in buckets of S3 that the role may use too."""
    return [
        policies.StoredObject(
            bucket=str(bucket.existing),
            key=bucket.key(chosen.heartbeat_name),
            region=bucket.region or chosen.aws_region,
            key_arn=bucket.kms_key_arn,
        )
        for bucket in chosen.s3
    ]


def _anchor(
    name: str, authority_pem: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> rolesanywhere.TrustAnchor:
    def notice(event: str, days: int) -> rolesanywhere.TrustAnchorNotificationSettingArgs:
        return rolesanywhere.TrustAnchorNotificationSettingArgs(
            channel="ALL", event=event, threshold=days, enabled=True
        )

    return rolesanywhere.TrustAnchor(
        f"{name}-anchor",
        rolesanywhere.TrustAnchorArgs(
            enabled=True,
            source=rolesanywhere.TrustAnchorSourceArgs(
                source_type="CERTIFICATE_BUNDLE",
                source_data=rolesanywhere.TrustAnchorSourceSourceDataArgs(
                    x509_certificate_data=authority_pem
                ),
            ),
            notification_settings=[
                notice("CA_CERTIFICATE_EXPIRY", CA_NOTICE_DAYS),
                notice("END_ENTITY_CERTIFICATE_EXPIRY", CLIENT_NOTICE_DAYS),
            ],
        ),
        opts,
    )


def _base64(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()
