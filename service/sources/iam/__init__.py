"""The AWS identity: a source whose write is GetCallerIdentity, since it has nothing to stamp."""

from schema.heartbeat import IDENTITY
from service.aws.roles_anywhere import AMBIENT, VARIABLES, Settings
from service.kind import Kind, Shared
from service.sources.iam.store import Caller, IdentitySource


def connect(settings: Settings, shared: Shared) -> IdentitySource:  # noqa: ARG001 - they made `aws`
    """Return the process's AWS identity as a source."""
    if shared.aws is None:
        msg = "the AWS identity is shared by the process: see service/connections.py"
        raise ValueError(msg)
    return IdentitySource(shared.aws)


KIND = Kind(
    name=IDENTITY,
    title="AWS IAM Roles Anywhere",
    settings=Settings,
    connect=connect,
    variables=VARIABLES,
    ambient=AMBIENT,
    keeps_stamp=False,
    details=Caller,
    lifetime_s=60.0,
    read_deadline_s=8.0,  # the first call creates a session and imports boto3
)
