"""The check command: print the API's verdict, read from the stores directly."""

import anyio

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.status import Overall, Row, WorkerStatus
from service import output
from service.settings import Settings
from service.verdict.status import worker_status
from service.verdict.watch import watching

CONNECT_S = 60.0  # until the drivers are imported, on a very busy machine
EXIT = {Overall.OK: 0, Overall.DEGRADED: 1, Overall.ERROR: 2}


def main(settings: Settings) -> int:
    """Read every source once and print the result; blocks.

    Returns:
        0 ok, 1 degraded, 2 error.
    """
    status = anyio.run(_read, settings)
    output.show(text(status))
    return EXIT[status.overall_status]


async def _read(settings: Settings) -> WorkerStatus:
    """Wait for the first reading of every source; each ends by its own deadline."""
    async with watching(settings) as watch:
        wait_s = watch.longest_reading_s + CONNECT_S
        return worker_status(await watch.snapshot(wait_s=wait_s))


def text(status: WorkerStatus) -> str:
    """Format a status for a terminal: a row for each source, and the diagnosis."""
    rows: list[Row] = [*status.timestamps.values(), status.iam]
    width = max(len(row.title) for row in rows)
    lines = [_line(row, width) for row in rows]
    return "\n".join([*lines, "", f"{status.overall_status.upper()}: {status.diagnosis.message}"])


def _line(row: Row, width: int) -> str:
    off = row.error is ErrorWord.NOT_CONFIGURED
    unread = row.observed_at is None and not off
    freshness = "off" if off else "not answered yet" if unread else str(row.freshness)
    error = f"({row.error})" if row.error and not off else ""
    words = [row.title.ljust(width), freshness.ljust(16), _age(row).ljust(14), row.endpoint or "-"]
    return "  ".join([*words, *([error] if error else [])])


def _age(row: Row) -> str:
    """Format the stamp's age; "never" only if the store confirmed that it has none."""
    if row.age_seconds is not None:
        return f"{row.age_seconds:.1f} s ago"
    unknown = row.observed_at is None or row.freshness is Freshness.UNREACHABLE
    return "-" if unknown or row.error is ErrorWord.NOT_CONFIGURED else "never"
