"""`python -m bench [section …]`: measure, print one table, and write all as JSON."""

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from pydantic import BaseModel

from bench import against, api, comparison, growth, many, start, viewers, worker
from bench.build import checked_out, deployed
from bench.figure import Figure, table
from bench.load import generator
from bench.stores import Stores, stores
from service.version import version

SECTIONS: dict[str, Callable[[Stores], Iterator[Figure]]] = {
    "start": start.figures,
    "api": api.figures,
    "viewers": viewers.figures,
    "growth": growth.figures,
    "many": many.figures,
    "worker": worker.figures,  # last: its long run takes what time is left
}
AGAINST_S = 1500.0
BUDGET_S = 340.0  # of all sections; a minute of a busy machine is short
RESULTS = Path(__file__).parent / "results"


class Report(BaseModel):
    """One run.

    Attributes:
        load_average: The machine's load in the minute before the run.
        generator: What made the load.
        took_s: By section.
    """

    at: datetime
    version: str
    python: str
    cores: int
    load_average: float
    generator: str
    took_s: dict[str, float]
    figures: list[Figure]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named sections, by default all; blocks for minutes.

    Returns:
        0, also if a bar is missed: people judge the figures.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], metavar="section")
    parser.add_argument("--against", metavar="REVISION", help="measure beside an older revision")
    parser.add_argument("--rounds", type=int, default=against.ROUNDS, help="of --against; 3")
    parser.add_argument(
        "--history-seconds",
        type=float,
        default=against.HISTORY_S,
        help="how long --against records 50 sources; 600, and 0 to leave it out",
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _end)
    if options.against:
        return _against(options.against, options.rounds, options.history_seconds)
    wanted = options.sections or list(SECTIONS)
    report = Report(
        at=datetime.now(UTC),
        version=version(),
        python=platform.python_version(),
        cores=os.cpu_count() or 0,
        load_average=os.getloadavg()[0],
        generator=generator(),
        took_s={},
        figures=[],
    )
    with stores(BUDGET_S) as running:
        for name in (each for each in SECTIONS if each in wanted):
            began = time.monotonic()
            for figure in SECTIONS[name](running):
                print(
                    f"{name}: {figure.name}: {figure.measured:.4g} {figure.unit}", file=sys.stderr
                )
                report.figures.append(figure)
            report.took_s[name] = round(time.monotonic() - began, 1)
    _show(report)
    return 0


def _against(revision: str, rounds: int, history_s: float) -> int:
    """Measure this checkout beside an older revision, and show both."""
    old = checked_out(revision)
    load_average, began = os.getloadavg()[0], time.monotonic()
    with stores(AGAINST_S) as running:
        compared = against.compare(running, old, deployed(), rounds, history_s)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-against-{old.name}.json"
    file.write_text(json.dumps([each.model_dump() for each in compared], indent=2) + "\n")
    print(comparison.table(compared, old))
    took_min = (time.monotonic() - began) / 60
    print(
        f"\n`x` is a multiple of {old.name}; of /worker/status's two targets, one is enough\n"
        f"load by {generator()}; load average {load_average:.1f} before the run, "
        f"{os.getloadavg()[0]:.1f} after; {took_min:.0f} minutes; all in {file}"
    )
    return 0


def _end(_number: int, _frame: FrameType | None) -> None:
    """End in order, so that no started process survives."""
    sys.exit(128 + signal.SIGTERM)


def _show(report: Report) -> None:
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{report.at:%Y%m%dT%H%M%SZ}.json"
    file.write_text(report.model_dump_json(indent=2) + "\n")
    print(table(report.figures))
    took = ", ".join(f"{name} {seconds:g} s" for name, seconds in report.took_s.items())
    missed = sum(figure.reached is False for figure in report.figures)
    barred = sum(figure.reached is not None for figure in report.figures)
    print(
        f"\nload by {report.generator}; {report.cores} cores, load average "
        f"{report.load_average:.1f} before the run; {took}\n"
        f"{barred - missed} of {barred} bars reached; all of it in {file}"
    )


if __name__ == "__main__":
    sys.exit(main())
