"""The app's identity at AWS: a certificate of its own instead of a stored key."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pulumi
from cryptography import x509
from cryptography.x509.oid import NameOID
from pulumi_aws import iam, rolesanywhere

from stack import policies
from stack.certificates import Certificates

SESSION_S = 3600  # a session of 900 s would be renewed on every call [botocore's refresh window]
# Days before expiry at which AWS sends a notice. Certificates renew at the first `up` in their last
# 60 days (stack/certificates.py), so the notice means that no `up` has run for a while.
CLIENT_NOTICE_DAYS = 45
CA_NOTICE_DAYS = 360  # the most that AWS accepts


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """The arguments of an identity.

    Attributes:
        name: Begins the certificate's common name.
        generations: Accepted generations of the certificate; the app uses the last.
        revoked_before: Sessions issued before this time are refused, None for none.
        secret_arn: The one secret that the role may use.
        key_arn: The KMS key of that secret, None for AWS's own.
        objects: Objects in buckets of S3 that the role may use too.
        role_arn: An existing role that gets the permissions, None to create one.
        boundary_arn: The permissions boundary of a new role, None for none.
        protect: Whether Pulumi refuses to delete the authority's key, which cannot be restored.
        supplied: A certificate of another authority, None to create our own.
    """

    name: str
    generations: tuple[int, ...]
    revoked_before: datetime | None
    secret_arn: pulumi.Input[str]
    key_arn: str | None
    objects: Sequence[policies.StoredObject]
    role_arn: str | None
    boundary_arn: str | None
    protect: bool
    supplied: "SuppliedCertificate | None"


@dataclass(frozen=True, kw_only=True)
class SuppliedCertificate:
    """A certificate of another authority, and the trust anchor of that authority.

    Attributes:
        anchor_arn: The trust anchor.
        certificate: The client's, PEM.
        key: The client's, PEM; a secret.
    """

    anchor_arn: str
    certificate: str
    key: str


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
        self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("heartbeat:stack:Identity", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        supplied = args.supplied
        accepted = self._use(supplied) if supplied else self._create(name, args, child)
        self.trust_policy = self.anchor_arn.apply(lambda arn: policies.trust(arn, accepted))
        self.role_arn = self._role(name, args)
        self.profile_arn = rolesanywhere.Profile(
            f"{name}-profile",
            rolesanywhere.ProfileArgs(
                role_arns=[self.role_arn], duration_seconds=SESSION_S, enabled=True
            ),
            child,
        ).arn
        self.register_outputs({"roleArn": self.role_arn, "anchorArn": self.anchor_arn})

    def _create(self, name: str, args: IdentityArgs, child: pulumi.ResourceOptions) -> list[str]:
        """Create our own authority and certificate; return the common names to accept."""
        made = Certificates(name, args.name, args.generations[-1], child, protect=args.protect)
        self.certificate = made.client.cert_pem.apply(_base64)
        self.private_key = made.key.private_key_pem.apply(_base64)
        self.certificate_expiry = made.client.validity_end_time
        self.anchor_arn = _anchor(name, made.authority.cert_pem, child).arn
        return [f"{args.name}-{generation}" for generation in args.generations]

    def _use(self, supplied: SuppliedCertificate) -> list[str]:
        """Use the certificate of another authority; return its common name."""
        certificate = x509.load_pem_x509_certificate(supplied.certificate.encode())
        self.certificate = pulumi.Output.from_input(_base64(supplied.certificate))
        self.private_key = pulumi.Output.secret(_base64(supplied.key))
        expiry = certificate.not_valid_after_utc.isoformat()
        self.certificate_expiry = pulumi.Output.from_input(expiry)
        self.anchor_arn = pulumi.Output.from_input(supplied.anchor_arn)
        return [common_name(certificate)]

    def _role(self, name: str, args: IdentityArgs) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        if args.role_arn is None:
            role = iam.Role(
                f"{name}-role",
                iam.RoleArgs(
                    description="Heartbeat's app on DigitalOcean, through IAM Roles Anywhere",
                    assume_role_policy=self.trust_policy,
                    max_session_duration=SESSION_S,
                    permissions_boundary=args.boundary_arn,
                ),
                child,
            )
            role_name, arn = role.name, role.arn
        else:
            role_name = pulumi.Output.from_input(args.role_arn.rsplit("/", 1)[1])
            arn = pulumi.Output.from_input(args.role_arn)
        iam.RolePolicy(
            f"{name}-policy",
            iam.RolePolicyArgs(
                role=role_name,
                policy=pulumi.Output.from_input(args.secret_arn).apply(
                    lambda secret: policies.permissions(
                        secret, args.key_arn, args.revoked_before, args.objects
                    )
                ),
            ),
            child,
        )
        return arn


def common_name(certificate: x509.Certificate) -> str:
    """Return the one common name of a certificate's subject, to which the role is bound.

    Raises:
        ValueError: It has none, or several.
    """
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1:
        msg = f"the certificate's subject has {len(names)} common names; the role needs one"
        raise ValueError(msg)
    return str(names[0].value)


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
