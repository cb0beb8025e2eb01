"""The AWS identity: one session by X.509 certificate, its credentials, and calls made with it."""

import base64
import binascii
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from botocore.config import Config
from botocore.httpsession import URLLib3Session
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from iam_rolesanywhere_session import CredentialsRetrievalError, IAMRolesAnywhereSession
from pydantic import Field, SecretStr, field_validator, model_validator

from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from service import aws_errors
from service.lane import Lane
from service.source import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, Group

SESSION_DURATION_S = 3600  # 900 s would always be inside botocore's refresh window
MANDATORY_REFRESH_S = 30  # botocore's 10 minutes would throw away credentials that still work
BACKOFF_MAX_S = 60.0  # between two refused CreateSession calls; the quota is 10 a second


class Settings(Group):
    """The variables of the AWS identity."""

    ambient: ClassVar[frozenset[str]] = frozenset({"AWS_REGION", "AWS_CA_BUNDLE"})

    certificate: str = Field(alias="IAM_CLIENT_CERT", description="base64 of a PEM certificate")
    private_key: SecretStr = Field(alias="IAM_CLIENT_KEY", description="base64 of a PEM key")
    trust_anchor_arn: str = Field(
        alias="IAM_TRUST_ANCHOR_ARN", pattern=r"^arn:aws[\w-]*:rolesanywhere:.+:trust-anchor/.+$"
    )
    profile_arn: str = Field(
        alias="IAM_PROFILE_ARN", pattern=r"^arn:aws[\w-]*:rolesanywhere:.+:profile/.+$"
    )
    role_arn: str = Field(alias="IAM_ROLE_ARN", pattern=r"^arn:aws[\w-]*:iam::\d{12}:role/.+$")
    region: str = Field(alias="AWS_REGION", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    ca_bundle: str | None = Field(default=None, alias="AWS_CA_BUNDLE")

    @field_validator("certificate")
    @classmethod
    def _is_certificate(cls, value: str) -> str:
        x509.load_pem_x509_certificate(_decode(value))
        return value

    @model_validator(mode="after")
    def _key_fits_certificate(self) -> "Settings":
        key = _load_key(self.private_key)
        of_key = key.public_key().public_bytes(*_PUBLIC)
        of_certificate = self.x509.public_key().public_bytes(*_PUBLIC)
        if of_key != of_certificate:
            msg = "IAM_CLIENT_KEY is not the key of IAM_CLIENT_CERT: set the two together"
            raise ValueError(msg)
        return self

    @property
    def x509(self) -> x509.Certificate:
        """The client certificate."""
        return x509.load_pem_x509_certificate(_decode(self.certificate))


_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _load_key(secret: SecretStr) -> Any:  # Any: cryptography's union of all key types
    try:
        return serialization.load_pem_private_key(_decode(secret.get_secret_value()), password=None)
    except (ValueError, TypeError):
        msg = "IAM_CLIENT_KEY is no base64 of an unencrypted PEM private key"
        raise ValueError(msg) from None


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        msg = "no valid base64; make it with `base64 -w0 FILE.pem`"
        raise ValueError(msg) from None


class Aws:
    """Everything that one process does at AWS: one session, one lane, a client per service.

    Nothing is loaded or connected before the first call.

    Attributes:
        calls: AWS calls made so far by operation, `CreateSession` included.
        throttles: How many of them were throttled, by operation.
        refusal: Why the last CreateSession was refused, None if it was not.
        credentials_created: When the present credentials were issued, None before.
        credentials_expiry: When they end, None before.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self.lane = Lane()
        self.calls: dict[str, int] = {}
        self.throttles: dict[str, int] = {}
        self.refusal: Refusal | None = None
        self.credentials_created: datetime | None = None
        self.credentials_expiry: datetime | None = None
        self._certificate = settings.x509
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self._last_error: Exception | None = None
        self._session: Any = None  # boto3.Session, which has no types
        self._clients: dict[str, Any] = {}

    @property
    def certificate_expiry(self) -> datetime:
        """When the client certificate ends."""
        return self._certificate.not_valid_after_utc

    @property
    def certificate_subject(self) -> str:
        """The client certificate's subject, such as `CN=heartbeat`."""
        return self._certificate.subject.rfc4514_string()

    async def call(self, service: str, operation: str, **parameters: object) -> dict[str, Any]:
        """Make one AWS call in the lane.

        Args:
            service: As boto3 names it, such as `secretsmanager`.
            operation: As boto3 names its method, such as `update_secret`.
            parameters: The operation's own, in AWS's spelling.

        Raises:
            SourceError: Whatever went wrong, as a word.
        """
        return await self.lane.run(lambda: self._call(service, operation, parameters))

    async def load(self) -> None:
        """Import and build what the first call needs, so that it is as fast as the next."""
        await self.lane.run(lambda: self._client("sts"))

    def _call(self, service: str, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        name = "".join(part.title() for part in operation.split("_"))
        try:
            client = self._client(service)
            self._count(self.calls, name)
            response: dict[str, Any] = getattr(client, operation)(**parameters)
        except Exception as error:
            translated = aws_errors.translate(error)
            if translated.word is ErrorWord.THROTTLED:
                self._count(self.throttles, name)
            if aws_errors.code(error) in aws_errors.EXPIRED:
                self._forget_credentials()
            raise translated from error
        else:
            return response

    @staticmethod
    def _count(counts: dict[str, int], name: str) -> None:
        counts[name] = counts.get(name, 0) + 1

    def _client(self, service: str) -> Any:  # Any: boto3's clients are made at run time
        if self._session is None:
            self._session = self._open_session()
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=_CONFIG)
        return self._clients[service]

    def _open_session(self) -> Any:
        settings = self.settings
        opened = IAMRolesAnywhereSession(
            profile_arn=settings.profile_arn,
            role_arn=settings.role_arn,
            trust_anchor_arn=settings.trust_anchor_arn,
            certificate=_decode(settings.certificate),
            private_key=_decode(settings.private_key.get_secret_value()),
            session_duration=SESSION_DURATION_S,
            region=settings.region,
            verify=settings.ca_bundle or True,
        )
        # The library's own HTTP session has a time-out of 60 s and no argument for it.
        opened._session = URLLib3Session(  # noqa: SLF001
            verify=settings.ca_bundle or True, timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S)
        )
        session = opened.get_session()
        credentials = session._session._credentials  # noqa: SLF001 - no public way to it
        credentials._mandatory_refresh_timeout = MANDATORY_REFRESH_S  # noqa: SLF001
        credentials._refresh_using = self._backed_off(credentials._refresh_using)  # noqa: SLF001
        return session

    def _backed_off(self, fetch: Callable[[], dict[str, str]]) -> Callable[[], dict[str, str]]:
        """CreateSession, watched: what it gave or why it was refused, and not too often."""

        def create_session() -> dict[str, str]:
            if self._last_error is not None and self._clock() < self._next_try:
                raise self._last_error
            self._count(self.calls, "CreateSession")
            try:
                fetched = fetch()
            except Exception as error:
                self._note_failure(error)
                raise
            self._failures, self._last_error, self.refusal = 0, None, None
            self.credentials_created = datetime.now(UTC)
            self.credentials_expiry = datetime.fromisoformat(fetched["expiry_time"])
            return fetched

        return create_session

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        self._last_error = error
        self._next_try = self._clock() + min(2.0 ** (self._failures - 1), BACKOFF_MAX_S)
        if isinstance(error, CredentialsRetrievalError):
            self.refusal = aws_errors.refusal(error.message)
            if error.status_code == aws_errors.TOO_MANY_REQUESTS:
                self._count(self.throttles, "CreateSession")

    def _forget_credentials(self) -> None:
        """AWS says that they have expired, whatever our clock says: the next call renews them."""
        self._session = None
        self._clients.clear()


_CONFIG = Config(
    connect_timeout=CONNECT_TIMEOUT_S,
    read_timeout=ANSWER_TIMEOUT_S,
    retries={"total_max_attempts": 1},  # there is one policy of retries, and it is ours
)
