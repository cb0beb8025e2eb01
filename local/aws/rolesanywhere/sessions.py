"""CreateSession: a signature made with a certificate's key, exchanged for temporary credentials.

https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

from datetime import timedelta

from cryptography import x509

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.iam.credentials import Session, Vault, new_access_key
from local.aws.rolesanywhere import attributes, roles, session_request, trust, x509_signature
from local.aws.rolesanywhere.registry import (
    Profile,
    Registry,
    Subject,
    TrustAnchor,
    new_arn,
    not_found,
)
from local.aws.rolesanywhere.session_request import SessionRequest
from local.aws.wire.errors import AwsError, invalid
from local.aws.wire.message import Reply, Request, json_reply

_TOO_LONG = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
_PACKED_LIMIT = 4096  # bytes that count as 100 %; AWS's packing is not public


class Sessions:
    """Issues sessions.

    Attributes:
        lifetime_s: The lifetime of every session, whatever was requested; None for AWS's rules.
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
            AwsError: The request is refused.
        """
        if len(request.body) > session_request.MAX_BODY:
            raise invalid("Request entity too large")
        signing = x509_signature.verify(request, self._region, self._clock.wire())
        parameters = session_request.parse(request)
        anchor = self._anchor(parameters.trust_anchor_arn)
        profile = self._profile(parameters)
        self._check_certificate(signing, anchor)
        role = mocked.role(parameters.role_arn)
        if role is None:
            raise roles.unable(parameters.role_arn)
        session = self._session(parameters, signing.certificate, profile, role)
        roles.check_trust(role, anchor.arn, session, self._clock.now())
        return self._reply(session, self._see(signing.certificate))

    def _anchor(self, arn: str) -> TrustAnchor:
        anchor = self._registry.anchors.get(arn)
        if anchor is None:
            raise not_found(arn)
        if not anchor.enabled:  # type and words are unproved
            raise AwsError("AccessDeniedException", "Trust anchor disabled")
        return anchor

    def _profile(self, parameters: SessionRequest) -> Profile:
        profile = self._registry.profiles.get(parameters.profile_arn)
        if profile is None:
            raise not_found(parameters.profile_arn)
        if not profile.enabled:  # type and words are unproved, as in the next three
            raise AwsError("AccessDeniedException", "Profile disabled")
        if parameters.role_arn not in profile.role_arns:
            raise roles.unable(parameters.role_arn)
        if parameters.role_session_name is not None and not profile.accept_role_session_name:
            raise AwsError("AccessDeniedException", "Profile does not accept a role session name")
        if profile.require_instance_properties and not parameters.instance_properties:
            raise invalid("Instance properties are required by the profile")
        return profile

    def _check_certificate(
        self, signing: x509_signature.SigningCertificate, anchor: TrustAnchor
    ) -> None:
        certificate = signing.certificate
        trust.check(certificate, signing.chain, anchor.certificates, self._clock.now())
        for crl in self._registry.crls.values():
            applies = crl.enabled and crl.trust_anchor_arn == anchor.arn
            if applies and crl.revokes(certificate):
                raise AwsError("AccessDeniedException", "Certificate revoked")

    def _session(
        self,
        parameters: SessionRequest,
        certificate: x509.Certificate,
        profile: Profile,
        role: mocked.Role,
    ) -> Session:
        key_id, secret_key = new_access_key()
        now = self._clock.now()
        return Session(
            key_id=key_id,
            secret_key=secret_key,
            role_arn=parameters.role_arn,
            role_id=role.id,
            session_name=parameters.role_session_name or attributes.session_name(certificate),
            source_identity=attributes.source_identity(certificate),
            policies=roles.session_policies(profile),
            tags=attributes.tags(certificate, profile.attribute_mappings, parameters.role_arn),
            issued=now,
            expires=now + timedelta(seconds=self._lifetime_s(parameters, profile, role)),
        )

    def _lifetime_s(self, parameters: SessionRequest, profile: Profile, role: mocked.Role) -> float:
        """Return the shorter of request and profile; refuse more than the role's limit."""
        duration_s = min(parameters.duration_seconds or 43_200, profile.duration_seconds)
        if duration_s > int(role.max_session_duration or 3600):
            raise roles.unable(parameters.role_arn, _TOO_LONG)
        return duration_s if self.lifetime_s is None else self.lifetime_s

    def _see(self, certificate: x509.Certificate) -> Subject:
        name = certificate.subject.rfc4514_string()
        now = self._clock.now()
        for subject in self._registry.subjects.values():
            if subject.x509_subject == name:
                subject.last_seen_at = now
                return subject
        arn = new_arn(self._region, mocked.ACCOUNT, "subject")
        subject = Subject(
            arn=arn, created_at=now, updated_at=now, last_seen_at=now, enabled=True,
            x509_subject=name,
        )  # fmt: skip
        self._registry.subjects[arn] = subject
        return subject

    def _reply(self, session: Session, subject: Subject) -> Reply:
        expires = self._clock.wire() + (session.expires - session.issued)
        packed = sum(map(len, (*session.policies, *session.tags, *session.tags.values())))
        credentials = {
            "accessKeyId": session.key_id,
            "secretAccessKey": session.secret_key.get_secret_value(),
            "sessionToken": self._vault.issue(session),
            "expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        user = {"arn": session.arn(mocked.ACCOUNT), "assumedRoleId": session.user_id}
        document = {
            "assumedRoleUser": user,
            "credentials": credentials,
            "packedPolicySize": max(1, packed * 100 // _PACKED_LIMIT),
            "roleArn": session.role_arn,
            "sourceIdentity": session.source_identity,
        }
        return json_reply({"credentialSet": [document], "subjectArn": subject.arn}, 201)
