"""The resources of Roles Anywhere: trust anchors, profiles, revocation lists and subjects."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from local.aws.rolesanywhere.trust import is_ca
from local.aws.wire.errors import AwsError, invalid


class Resource(BaseModel):
    """The base of every resource of Roles Anywhere; names on the wire are camelCase."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)
    kind: ClassVar[str]
    label: ClassVar[str]

    arn: str
    created_at: datetime
    updated_at: datetime
    enabled: bool = False  # by default; whether AWS's default is the same is unproved

    @property
    def id(self) -> str:
        """The UUID at the end of the ARN."""
        return self.arn.rpartition("/")[2]

    def check(self) -> None:
        """Refuse invalid content.

        Raises:
            AwsError: ValidationException, 400.
        """

    def detail(self) -> dict[str, Any]:
        """Show the resource as the API does."""
        shown = self.model_dump(
            mode="json", by_alias=True, exclude_none=True, exclude={"arn", "tags"}
        )
        return {f"{self.label}Id": self.id, f"{self.label}Arn": self.arn, **shown}


class TrustAnchor(Resource):
    """A CA whose clients are trusted."""

    kind = "trust-anchor"
    label = "trustAnchor"

    name: str
    source: dict[str, Any]
    notification_settings: list[dict[str, Any]] = Field(default_factory=list)
    crl_dp_revocation_enabled: bool | None = None
    tags: list[dict[str, str]] = Field(default_factory=list)

    @property
    def certificates(self) -> list[x509.Certificate]:
        """The CA certificates; none for a CA of AWS Private CA, which is not supported here."""
        pem = self.source.get("sourceData", {}).get("x509CertificateData")
        return x509.load_pem_x509_certificates(pem.encode()) if pem else []

    def check(self) -> None:
        """Refuse a certificate of no CA; the first message was seen, the other is unproved."""
        try:
            if not all(is_ca(certificate) for certificate in self.certificates):
                raise invalid("Incorrect basic constraints for CA certificate")
        except ValueError:
            raise invalid("Invalid certificate data") from None


class Profile(Resource):
    """The roles that a session may assume, its duration and its policies."""

    kind = "profile"
    label = "profile"

    name: str
    role_arns: list[str]
    duration_seconds: int = 3600
    session_policy: str | None = None
    managed_policy_arns: list[str] = Field(default_factory=list)
    require_instance_properties: bool = False
    accept_role_session_name: bool = False
    attribute_mappings: list[dict[str, Any]] = Field(default_factory=list)
    created_by: str | None = None
    tags: list[dict[str, str]] = Field(default_factory=list)


class Crl(Resource):
    """The serial numbers that an anchor's CA has revoked."""

    kind = "crl"
    label = "crl"

    name: str
    crl_data: str
    trust_anchor_arn: str
    tags: list[dict[str, str]] = Field(default_factory=list)

    def revokes(self, certificate: x509.Certificate) -> bool:
        """Tell whether `certificate` is on the list of its own issuer."""
        crl = self._content()
        serial = certificate.serial_number
        return (
            crl.issuer == certificate.issuer
            and crl.get_revoked_certificate_by_serial_number(serial) is not None
        )

    def check(self) -> None:
        """Refuse an invalid revocation list; the message is unproved."""
        try:
            self._content()
        except ValueError:
            raise invalid("Invalid CRL data") from None

    def _content(self) -> x509.CertificateRevocationList:
        data = base64.b64decode(self.crl_data)
        if data.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_crl(data)
        return x509.load_der_x509_crl(data)


class Subject(Resource):
    """The subject of a certificate that has requested a session."""

    kind = "subject"
    label = "subject"

    x509_subject: str = Field(alias="x509Subject")
    last_seen_at: datetime
    tags: list[dict[str, str]] = Field(default_factory=list)


class Registry(BaseModel):
    """All resources of one account and region, by ARN."""

    anchors: dict[str, TrustAnchor] = Field(default_factory=dict)
    profiles: dict[str, Profile] = Field(default_factory=dict)
    crls: dict[str, Crl] = Field(default_factory=dict)
    subjects: dict[str, Subject] = Field(default_factory=dict)

    def tagged(self, arn: str) -> TrustAnchor | Profile | Crl | Subject:
        """Return the resource with this ARN.

        Raises:
            AwsError: ResourceNotFoundException, 404.
        """
        groups: tuple[Mapping[str, TrustAnchor | Profile | Crl | Subject], ...]
        groups = (self.anchors, self.profiles, self.crls, self.subjects)
        for group in groups:
            if arn in group:
                return group[arn]
        raise not_found(arn)


def new_arn(region: str, account: str, kind: str) -> str:
    """Create a new ARN for a resource of `kind`."""
    return f"arn:aws:rolesanywhere:{region}:{account}:{kind}/{uuid4()}"


def not_found(what: str) -> AwsError:
    """Build the refusal of a missing resource; type and status from botocore's service model."""
    return AwsError("ResourceNotFoundException", f"Resource not found: {what}", 404)
