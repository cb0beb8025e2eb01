"""CreateSession: a signature made with a certificate's key, exchanged for temporary credentials.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

import json
from datetime import timedelta
from typing import Any

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from local.aws import attributes, mocked, trust, x509_signature
from local.aws.clock import Clock
from local.aws.credentials import Session, Vault, new_access_key
from local.aws.errors import AwsError, invalid
from local.aws.message import Reply, Request, json_reply
from local.aws.policy import Context, Question, decide
from local.aws.registry import Profile, Registry, Subject, TrustAnchor, new_arn, not_found
from local.aws.rolesanywhere import load_crl

_TRUSTED = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
_TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
_PACKED_LIMIT = 4096  # bytes that count as 100 %; AWS's packing is not public
MAX_BODY = 16_384  # bytes; that AWS refuses larger requests here, and from which size, is unproved


class Asked(BaseModel):
    """The parameters of CreateSession."""

    model_config = ConfigDict(alias_generator=to_camel)

    profile_arn: str
    role_arn: str
    trust_anchor_arn: str
    duration_seconds: int | None = Field(default=None, ge=900, le=43_200)
    role_session_name: str | None = Field(default=None, pattern=r"^[\w+=,.@-]{2,64}$")
    instance_properties: dict[str, str] | None = None


class Sessions:
    """Issues sessions.

    Attributes:
        lifetime_s: Seconds that every session lives, whatever was asked for; None for AWS's rules.
            The control sets it.
    """

    def __init__(self, region: str, registry: Registry, vault: Vault, clock: Clock) -> None:
        self._region = region
        self._registry = registry
        self._vault = vault
        self._clock = clock
        self.lifetime_s: float | None = None

    def create(self, request: Request) -> Reply:
        """Answer CreateSession.

        Raises:
            AwsError: Anything is not as it must be.
        """
        if len(request.body) > MAX_BODY:
            raise invalid("Request entity too large")
        presented = x509_signature.verify(request, self._region, self._clock.wire())
        asked = _asked(request)
        anchor = self._anchor(asked.trust_anchor_arn)
        profile = self._profile(asked)
        self._check_certificate(presented, anchor)
        role = _role(asked.role_arn)
        session = self._session(asked, presented.certificate, profile, role)
        _check_trust_policy(role, anchor, session, self._clock.now().isoformat())
        subject = self._see(presented.certificate)
        return self._reply(session, subject)

    def _anchor(self, arn: str) -> TrustAnchor:
        anchor = self._registry.anchors.get(arn)
        if anchor is None:
            raise not_found(arn)
        if not anchor.enabled:  # type and words are unproved
            raise AwsError("AccessDeniedException", "Trust anchor disabled")
        return anchor

    def _profile(self, asked: Asked) -> Profile:
        profile = self._registry.profiles.get(asked.profile_arn)
        if profile is None:
            raise not_found(asked.profile_arn)
        if not profile.enabled:  # type and words are unproved, as in the next three
            raise AwsError("AccessDeniedException", "Profile disabled")
        if asked.role_arn not in profile.role_arns:
            raise _unable(asked.role_arn)
        if asked.role_session_name is not None and not profile.accept_role_session_name:
            raise AwsError("AccessDeniedException", "Profile does not accept a role session name")
        if profile.require_instance_properties and not asked.instance_properties:
            raise invalid("Instance properties are required by the profile")
        return profile

    def _check_certificate(self, presented: x509_signature.Presented, anchor: TrustAnchor) -> None:
        certificate = presented.certificate
        anchors = x509.load_pem_x509_certificates(anchor.certificates_pem)
        trust.check(certificate, presented.chain, anchors, self._clock.now())
        for crl in self._registry.crls.values():
            if crl.enabled and crl.trust_anchor_arn == anchor.arn:
                revoked = load_crl(crl.crl_data)
                serial = certificate.serial_number
                if revoked.issuer == certificate.issuer and (
                    revoked.get_revoked_certificate_by_serial_number(serial) is not None
                ):
                    raise AwsError("AccessDeniedException", "Certificate revoked")

    def _session(
        self, asked: Asked, certificate: x509.Certificate, profile: Profile, role: mocked.Role
    ) -> Session:
        duration_s = min(asked.duration_seconds or 43_200, profile.duration_seconds)
        if duration_s > int(role.max_session_duration or 3600):
            raise _unable(asked.role_arn, _TOO_LONG)
        key_id, secret_key = new_access_key()
        now = self._clock.now()
        lifetime = timedelta(seconds=duration_s if self.lifetime_s is None else self.lifetime_s)
        return Session(
            key_id=key_id,
            secret_key=secret_key,
            role_arn=asked.role_arn,
            role_id=role.id,
            session_name=asked.role_session_name or attributes.session_name(certificate),
            source_identity=attributes.source_identity(certificate),
            policies=_session_policies(profile),
            tags=attributes.tags(certificate, profile.attribute_mappings, asked.role_arn),
            issued=now,
            expires=now + lifetime,
        )

    def _see(self, certificate: x509.Certificate) -> Subject:
        name = certificate.subject.rfc4514_string()
        now = self._clock.now()
        for subject in self._registry.subjects.values():
            if subject.x509_subject == name:
                subject.last_seen_at = now
                return subject
        arn = new_arn(self._region, mocked.ACCOUNT, "subject")
        subject = Subject.model_validate(
            {"arn": arn, "createdAt": now, "updatedAt": now, "lastSeenAt": now, "enabled": True,
             "x509Subject": name}
        )  # fmt: skip
        self._registry.subjects[arn] = subject
        return subject

    def _reply(self, session: Session, subject: Subject) -> Reply:
        token = self._vault.issue(session)
        role_name = session.role_arn.rpartition("/")[2]
        expires = self._clock.wire() + (session.expires - session.issued)
        packed = sum(map(len, (*session.policies, *session.tags, *session.tags.values())))
        document = {
            "assumedRoleUser": {
                "arn": f"arn:aws:sts::{mocked.ACCOUNT}:assumed-role/{role_name}/"
                f"{session.session_name}",
                "assumedRoleId": f"{session.role_id}:{session.session_name}",
            },
            "credentials": {
                "accessKeyId": session.key_id,
                "secretAccessKey": session.secret_key.get_secret_value(),
                "sessionToken": token,
                "expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            },
            "packedPolicySize": max(1, packed * 100 // _PACKED_LIMIT),
            "roleArn": session.role_arn,
            "sourceIdentity": session.source_identity,
        }
        return json_reply({"credentialSet": [document], "subjectArn": subject.arn}, 201)


def _asked(request: Request) -> Asked:
    try:
        return Asked.model_validate({**dict(request.query), **json.loads(request.body or b"{}")})
    except ValidationError as error:
        raise invalid(_problems(error)) from None
    except (ValueError, TypeError):
        raise AwsError("SerializationException", "The body is not a JSON object", 400) from None


def _problems(error: ValidationError) -> str:
    """In the words of AWS's constraints, as far as they are known."""
    words = {
        "missing": "Member must not be null",
        "greater_than_equal": "Member must have value greater than or equal to 900",
        "less_than_equal": "Member must have value less than or equal to 43200",
    }
    problems = [
        f"Value '{'null' if each['type'] == 'missing' else each['input']}' at '{each['loc'][0]}' "
        f"failed to satisfy constraint: {words.get(each['type'], each['msg'])}"
        for each in error.errors()
    ]
    many = "s" if len(problems) > 1 else ""
    return f"{len(problems)} validation error{many} detected: {'; '.join(problems)}"


def _role(arn: str) -> mocked.Role:
    role = next((role for role in mocked.roles().get_roles() if role.arn == arn), None)
    if role is None:
        raise _unable(arn)
    return role


def _check_trust_policy(role: mocked.Role, anchor: TrustAnchor, session: Session, now: str) -> None:
    context = {
        "aws:sourcearn": anchor.arn,
        "aws:sourceaccount": mocked.ACCOUNT,
        "aws:currenttime": now,
        "sts:rolesessionname": session.session_name,
        **tag_context(session.tags, "aws:principaltag/"),
        **tag_context(session.tags, "aws:requesttag/"),
    }
    if session.source_identity is not None:
        context["sts:sourceidentity"] = session.source_identity
    for action in _TRUSTED:
        question = Question(action, role.arn, "rolesanywhere.amazonaws.com", context)
        if decide([role.assume_role_policy_document], question) != "allowed":
            raise _unable(role.arn)


def tag_context(tags: dict[str, str], prefix: str) -> Context:
    """The condition keys that session tags give."""
    return {f"{prefix}{name}".lower(): value for name, value in tags.items()}


def _session_policies(profile: Profile) -> list[str]:
    documents = [profile.session_policy] if profile.session_policy else []
    managed: dict[str, Any] = mocked.roles().managed_policies
    for arn in profile.managed_policy_arns:
        if arn not in managed:
            raise _unable(f"{arn}: no such policy in this stand-in")
        documents.append(mocked.document(managed[arn]))
    return documents


def _unable(role_arn: str, reason: str = "") -> AwsError:
    return AwsError(
        "AccessDeniedException", f"Unable to assume role for {role_arn}. {reason}".strip()
    )
