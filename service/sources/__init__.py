"""The kinds of sources, in the order in which people see them; a new one is one entry."""

from service.kind import AnyKind
from service.sources import iam, mysql, postgres, secrets_manager, valkey

KINDS: tuple[AnyKind, ...] = (
    postgres.KIND,
    valkey.KIND,
    mysql.KIND,
    secrets_manager.KIND,
    iam.KIND,
)
