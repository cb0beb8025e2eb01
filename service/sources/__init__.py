"""The kinds of sources, in the order in which people see them; a new one is one entry."""

from service.kind import AnyKind
from service.sources import iam, postgres, secrets_manager, valkey

KINDS: tuple[AnyKind, ...] = (postgres.KIND, valkey.KIND, secrets_manager.KIND, iam.KIND)
