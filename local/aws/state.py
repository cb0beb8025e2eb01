"""The state that is kept between runs: secrets, roles and Roles Anywhere's resources.

Not kept: IAM users, managed policies and their attachments, faults and the moved clock.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from local.aws import mocked
from local.aws.environment import AccountIdentity
from local.aws.folder import Folder, write
from local.aws.rolesanywhere.registry import Registry

_SECRET_FIELDS = (
    "arn", "description", "tags", "kms_key_id", "last_changed_date", "created_date",
    "deleted_date", "policy", "versions", "default_version_id",
)  # fmt: skip
_ROLE_FIELDS = (
    "id", "assume_role_policy_document", "path", "description", "max_session_duration", "tags",
    "policies",
)  # fmt: skip


class State(BaseModel):
    """Everything that is kept; secrets and roles as moto's attributes, by name.

    Attributes:
        identity: None until the app's resources exist.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    region: str
    identity: AccountIdentity | None = None
    registry: Registry = Field(default_factory=Registry)
    secrets: dict[str, dict[str, Any]] = Field(default_factory=dict, repr=False)
    roles: dict[str, dict[str, Any]] = Field(default_factory=dict)


def load(folder: Folder, region: str) -> State:
    """Load the state in `folder`, and fill moto from it; an empty one where there is none.

    Raises:
        ValueError: The folder belongs to another region.
    """
    if not folder.state.exists():
        return State(region=region)
    state = State.model_validate_json(folder.state.read_bytes())
    if state.region != region:
        raise ValueError(f"{folder.path} holds region {state.region}, not {region}")
    _restore_secrets(state)
    _restore_roles(state)
    return state


def save(folder: Folder, state: State) -> None:
    """Write `state`, with what moto holds now, at once."""
    backend = mocked.secrets(state.region)
    state.secrets = {
        each.name: {name: getattr(each, name) for name in _SECRET_FIELDS}
        for each in backend.secrets.values()
        if isinstance(each, mocked.FakeSecret)
    }
    state.roles = {
        role.name: {name: getattr(role, name) for name in _ROLE_FIELDS}
        for role in mocked.roles().get_roles()
    }
    write(folder.state, state.model_dump_json().encode())


def _restore_secrets(state: State) -> None:
    backend = mocked.secrets(state.region)
    for name, fields in state.secrets.items():
        secret = mocked.FakeSecret(mocked.ACCOUNT, state.region, name, {}, "")
        for field in _SECRET_FIELDS:
            setattr(secret, field, fields[field])
        backend.secrets[name] = secret


def _restore_roles(state: State) -> None:
    backend = mocked.roles()
    for name, fields in state.roles.items():
        role = backend.create_role(
            name,
            fields["assume_role_policy_document"],
            fields["path"],
            None,
            fields["description"],
            [],
            fields["max_session_duration"],
        )
        del backend.roles[role.id]
        for field in _ROLE_FIELDS:
            setattr(role, field, fields[field])
        backend.roles[role.id] = role
