"""The kinds of sources, in the order in which they are shown; a new kind is one more entry."""

from service.kind import AnyKind
from service.sources import iam, mysql, postgres, s3, secrets_manager, valkey

KINDS: tuple[AnyKind, ...] = (
    postgres.KIND,
    valkey.KIND,
    mysql.KIND,
    s3.KIND,
    secrets_manager.KIND,
    iam.KIND,
)
