"""Access keys: the operator's, and the temporary ones that sessions get.

A session token contains its session, encrypted. So sessions
outlive a restart of the process, as they outlive anything at AWS, and nothing has to be stored.
"""

import base64
import json
import secrets
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from local.aws.wire.errors import expired_token, unknown_key

OPERATOR_KEY_ID = "AKIASTANDINOPERATOR0"
_KEY_BYTES = 30  # 40 characters of base64, as AWS's secret keys have


class Keys(BaseModel):
    """The long-lived secrets of one stand-in."""

    model_config = ConfigDict(hide_input_in_errors=True)

    operator_secret: SecretStr
    seal: SecretStr

    @classmethod
    def generate(cls) -> "Keys":
        """Create new secrets."""
        return cls(operator_secret=_secret_key(), seal=SecretStr(Fernet.generate_key().decode()))

    def to_json(self) -> bytes:
        """Serialize the secrets in plain text, for a file that only its owner may read."""
        content = {name: value.get_secret_value() for name, value in self}
        return json.dumps({"operator_key_id": OPERATOR_KEY_ID, **content}).encode()


class Session(BaseModel):
    """Temporary credentials and their role.

    Attributes:
        session_name: The last part of the assumed role's ARN.
        policies: Session policies (JSON), each of which must allow the operation.
        tags: Session tags by name: `x509Subject/CN` and so on.
        expires: In the stand-in's own time.
    """

    key_id: str
    secret_key: SecretStr
    role_arn: str
    role_id: str
    session_name: str
    source_identity: str | None
    policies: list[str] = Field(default_factory=list)
    tags: dict[str, str]
    issued: datetime
    expires: datetime

    @property
    def user_id(self) -> str:
        """The assumed role's id: the role's own, then the session's name."""
        return f"{self.role_id}:{self.session_name}"

    def arn(self, account: str) -> str:
        """Return the assumed role's ARN."""
        role = self.role_arn.rpartition("/")[2]
        return f"arn:aws:sts::{account}:assumed-role/{role}/{self.session_name}"

    def tag_context(self, prefix: str) -> dict[str, str]:
        """Return the condition keys, in lower case under `prefix`, that the session's tags give."""
        return {f"{prefix}{name}".lower(): value for name, value in self.tags.items()}


class Principal(BaseModel):
    """The author of a request.

    Attributes:
        session: None for the operator, who may do everything.
    """

    arn: str
    user_id: str
    secret_key: SecretStr
    session: Session | None = None


class Vault:
    """Issues and verifies session tokens."""

    def __init__(self, account: str, keys: Keys) -> None:
        self._account = account
        self._operator_secret = keys.operator_secret
        self._seal = Fernet(keys.seal.get_secret_value().encode())

    def issue(self, session: Session) -> str:
        """Issue the session token for `session`."""
        content = session.model_dump(mode="json")
        content["secret_key"] = session.secret_key.get_secret_value()
        return self._seal.encrypt(json.dumps(content).encode()).decode()

    def principal(self, key_id: str, token: str | None, now: datetime) -> Principal:
        """Return the owner of a key.

        Raises:
            AwsError: The key or token is unknown, or has expired.
        """
        if token is not None:
            return self._assumed_role(key_id, token, now)
        if key_id != OPERATOR_KEY_ID:
            raise unknown_key()
        arn = f"arn:aws:iam::{self._account}:user/operator"
        user_id = "AIDASTANDINOPERATOR00"
        return Principal(arn=arn, user_id=user_id, secret_key=self._operator_secret)

    def _assumed_role(self, key_id: str, token: str, now: datetime) -> Principal:
        try:
            session = Session.model_validate_json(self._seal.decrypt(token))
        except (InvalidToken, ValueError):
            raise unknown_key() from None
        if session.key_id != key_id:
            raise unknown_key()
        if session.expires <= now:
            raise expired_token()
        return Principal(
            arn=session.arn(self._account),
            user_id=session.user_id,
            secret_key=session.secret_key,
            session=session,
        )


def new_access_key() -> tuple[str, SecretStr]:
    """Make a temporary access key: its id and secret."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    return "ASIA" + "".join(secrets.choice(letters) for _ in range(16)), _secret_key()


def _secret_key() -> SecretStr:
    return SecretStr(base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode())
