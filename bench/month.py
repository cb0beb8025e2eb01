"""Almost a month of cycles in half an hour: `python -m bench.month [MINUTES]`, 30 by default.

A worker with an interval of 0.05 s, and an API that is polled each second, on the embedded stores.
A cycle stands for a minute: AWS's clock for ages and quotas runs so much faster, so that sessions
expire and versions of the secret age as in 25 days. Fails if anything grows that must not. A write
has one interval to succeed: on a busy machine many end as `timeout`, which is counted.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import FrameType

from bench.program import api, worker
from bench.sampler import GROWS_MAX, Pair, Sample, Sampler
from bench.slope import slope
from bench.stores import Stores, stores
from service.version import version

MINUTES = 30.0
INTERVAL_S = 0.05  # the least that the settings take
SCALE = 60.0 / INTERVAL_S  # how much faster AWS's clock runs
VALUE_INTERVAL_S = 2  # 40 minutes of AWS's time: 36 versions a day
HOLD_S = 10.0  # between two looks at what is held
WARM_UP = 1 / 4  # of the run: pools, caches and code paths fill for some minutes
START_S = 60.0
ADDRESSES = ("/worker/health", "/worker/status", "/metrics", "/db/status", "/history")


def main(arguments: Sequence[str]) -> int:
    """Run, print the growth of each figure; return 1 if one grew too much."""
    minutes = float(arguments[0]) if arguments else MINUTES
    signal.signal(signal.SIGTERM, _end)
    load = os.getloadavg()[0]
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {version()}, load average {load:.1f} before")
    with stores(minutes * 60 + START_S) as running:
        environ = {**running.environ, "SECRET_VALUE_INTERVAL_SECONDS": str(VALUE_INTERVAL_S)}
        with (
            worker(environ, running.folder, INTERVAL_S) as beating,
            api({**environ, "LOG_LEVEL": "WARNING"}, running.folder) as serving,
        ):
            pair = Pair(beating, serving)
            wrong = judged(list(looks(pair, running, minutes * 60)))
    print(f"results: {dict(pair.log.results)}", f"other lines: {dict(pair.log.events)}", sep="\n")
    print(f"answers: {dict(pair.answers)}; load average {os.getloadavg()[0]:.1f} after")
    print(*(wrong or ["nothing grew"]), sep="\n")
    return 1 if wrong else 0


def looks(pair: Pair, running: Stores, lasts_s: float) -> Iterator[Sample]:
    """Poll the API and move AWS's clock each second; yield samples at intervals."""
    sampler = Sampler(running, pair)
    began = moved = time.monotonic()
    due, second = began + HOLD_S, 0
    while (now := time.monotonic()) < began + lasts_s:
        running.aws.control.advance((now - moved) * (SCALE - 1))
        moved, second = now, second + 1
        pair.poll(ADDRESSES[second % len(ADDRESSES)])
        if now >= due:
            due += HOLD_S
            sample = sampler.sample()
            print(sample, file=sys.stderr, flush=True)
            yield sample
        time.sleep(max(0.0, began + second - time.monotonic()))


def judged(samples: Sequence[Sample]) -> list[str]:
    """Print the growth of each figure after the warm-up; return those that grew too much."""
    settled = samples[int(len(samples) * WARM_UP) :]
    wrong = []
    first, last = settled[0], settled[-1]
    print(f"{last.cycle} cycles, judged from cycle {first.cycle}: first, last, a cycle, at most")
    for name, figure in last.figures.items():
        points = [(each.cycle, each.figures[name]) for each in settled]
        rises, most = slope(points), GROWS_MAX[name]
        print(f"| {name} | {first.figures[name]:.0f} | {figure:.0f} | {rises:+.4f} | {most:g} |")
        wrong += [f"{name} grows by {rises:.4f} a cycle"] if rises > most else []
    return wrong


def _end(_number: int, _frame: FrameType | None) -> None:
    """Leave in order, so that nothing that was started lives on."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
