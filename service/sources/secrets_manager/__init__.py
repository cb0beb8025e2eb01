"""AWS Secrets Manager: the stamp in the secret's description, and less often in its value.

Every write of a value creates a version; AWS keeps those younger than 24 h and allows about 100
(https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). One per minute
would fail with `LimitExceededException` from the 100th minute on. A description creates no version,
so it has the stamp of each cycle; the value is written once per slot of half an hour, with a token
derived from the slot, so that restarts and other workers add no version.
"""

from typing import TYPE_CHECKING

from schema.heartbeat import IDENTITY
from service.kind import Kind, Shared
from service.sources.secrets_manager.settings import VARIABLES, SecretDetails, Settings

if TYPE_CHECKING:
    from service.sources.secrets_manager.store import SecretsManager


def connect(settings: Settings, shared: Shared) -> "SecretsManager":
    """Create the source, with the process's AWS identity."""
    from service.sources.secrets_manager.store import SecretsManager  # noqa: PLC0415  only if used

    if shared.aws is None:
        msg = "SECRETS_MANAGER_SECRET_NAME needs the AWS identity (IAM_* and AWS_REGION)"
        raise ValueError(msg)
    return SecretsManager(shared.aws, settings)


KIND = Kind(
    name="secrets_manager",
    title="AWS Secrets Manager",
    settings=Settings,
    connect=connect,
    variables=VARIABLES,
    ambient=frozenset({"value_interval_s"}),
    depends_on=IDENTITY,
    details=SecretDetails,
    lifetime_s=20.0,
    read_deadline_s=8.0,  # the first call creates a session and imports boto3
)
