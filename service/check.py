"""The check command: the API's verdict in a terminal, from the stores themselves."""

import os
import sys

import anyio

from schema.responses import Overall, Row, WorkerStatus
from service.settings import Settings
from service.verdict.status import worker_status
from service.verdict.watch import watching

EXIT = {Overall.OK: 0, Overall.DEGRADED: 1, Overall.ERROR: 2}


def main(settings: Settings) -> int:
    """Read every source once and print what was found; blocks.

    Returns:
        0 ok, 1 degraded, 2 error.
    """
    status, stray = anyio.run(_read, settings)
    print(_text(status))
    code = EXIT[status.overall_status]
    if stray:  # a hung AWS call would keep the interpreter
        sys.stdout.flush()
        os._exit(code)
    return code


async def _read(settings: Settings) -> tuple[WorkerStatus, bool]:
    async with watching(settings) as watch:
        wait_s = max(source.kind.read_deadline_s for source in settings.sources) + 1.0
        status = worker_status(await watch.snapshot(wait_s=wait_s))
        aws = watch.shared.aws
        return status, aws is not None and aws.lane.busy


def _text(status: WorkerStatus) -> str:
    rows: list[Row] = [*status.timestamps.values(), status.iam]
    width = max(len(row.title) for row in rows)
    lines = [_line(row, width) for row in rows]
    return "\n".join([*lines, "", f"{status.overall_status.upper()}: {status.diagnosis.message}"])


def _line(row: Row, width: int) -> str:
    age = "never" if row.age_seconds is None else f"{row.age_seconds:.1f} s ago"
    words = [row.title.ljust(width), row.freshness.ljust(11), age.ljust(14), row.endpoint or "-"]
    return "  ".join([*words, *([f"({row.error})"] if row.error else [])])
