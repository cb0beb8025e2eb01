"""The lease by which one of several workers writes, and the others stand by."""

from collections.abc import Mapping
from hashlib import sha256

from service.lease.database import DatabaseLease
from service.lease.keys import ValkeyLease
from service.lease.lease import Lease
from service.lease.task import LeaseTask
from service.lease.terms import Terms
from service.settings import Settings
from service.source import Source
from service.worker.loop import new_id

DIGITS = 12  # of a digest, enough to distinguish a few settings


def lease(settings: Settings, sources: Mapping[str, Source]) -> Lease | None:
    """Create this worker's lease, None if no store can keep one.

    It is kept in the PostgreSQL of history, and in the first Valkey.
    """
    database = sources[settings.history.name].database if settings.history else None
    keys = next((source.keys for source in sources.values() if source.keys), None)
    if database is None and keys is None:
        return None
    process = settings.process
    task = LeaseTask(process.name, work(settings), new_id(), Terms.of(process.interval_s))
    made = Lease(
        task,
        DatabaseLease(database, task) if database else None,
        ValkeyLease(keys, task) if keys else None,
    )
    for source in sources.values():
        source.fence = made
    return made


def work(settings: Settings) -> str:
    """Name the task: a worker only stands by for one with the same sources and interval."""
    stores = sorted(f"{s.name} {s.kind.name} {s.endpoint}" for s in settings.sources)
    text = "\n".join([str(settings.process.interval_s), *stores])
    return f"worker:{sha256(text.encode()).hexdigest()[:DIGITS]}"
