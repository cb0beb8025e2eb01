"""S3, DigitalOcean Spaces and compatible stores: one object per name.

Each cycle replaces the object with `PutObject`, on the condition that it is unchanged since it was
last seen, so that a stamp never moves back in time. A reading is one `GetObject`.
"""

from typing import TYPE_CHECKING

from schema.heartbeat import IDENTITY
from service.kind import Kind, Shared
from service.sources.s3.settings import PARAMETERS, PARTS, Settings, parse

if TYPE_CHECKING:
    from service.sources.s3.store import S3


def connect(settings: Settings, shared: Shared) -> "S3":
    """Create the source, with its keys or with the process's AWS identity."""
    from service.sources.s3.client import IdentityCalls, KeyCalls  # noqa: PLC0415  only if used
    from service.sources.s3.store import S3  # noqa: PLC0415  as above

    if not settings.is_dependent:
        return S3(KeyCalls(settings), settings, shared.name)
    if shared.aws is None:
        msg = "a bucket without keys needs the AWS identity (IAM_* and AWS_REGION)"
        raise ValueError(msg)
    return S3(IdentityCalls(settings, shared.aws), settings, shared.name)


KIND = Kind(
    name="s3",
    title="S3",
    settings=Settings,
    connect=connect,
    schemes=("s3",),
    parse=parse,
    parameters=PARAMETERS,
    parts=PARTS,
    depends_on=IDENTITY,
    lifetime_s=20.0,  # a reading costs money
    read_deadline_s=8.0,  # the first call imports boto3 and may create a session
)
