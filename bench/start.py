"""Section `start`: time to the first answer, time of imports, and size of dependencies."""

import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from bench.build import ROOT
from bench.figure import Bar, Figure, at_most
from bench.numbers import median
from bench.past import migrate
from bench.program import MB, api, worker
from bench.stores import Stores

ROUNDS = 3  # starts of each; the first, which reads the disk, is one of them
TOP = 10
API = "from service import settings, logs; from service.api import app, server"
WORKER = "from service import settings, logs; from service.worker import beat"
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*([\w.]+)")
REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([^]]*)\])?")
EXTRA = re.compile(r"""extra == ['"]([\w-]+)""")
INTERVAL_S = 60.0


def figures(stores: Stores) -> Iterator[Figure]:
    """Return all figures of the section; blocks for about half a minute."""
    migrate(stores.environ)
    yield _figure("size of the runtime's dependencies", "MB", _installed_mb("heartbeat"))
    for name, code in (("API", API), ("worker", WORKER)):
        yield from _imports(name, code)
    first_200, rss_mb = [], []
    for _ in range(ROUNDS):
        with api(stores.environ, stores.folder) as running:
            first_200.append(running.first_answer_s)
            rss_mb.append(running.usage().rss_mb)
    yield _figure("API, start to first 200, median", "s", median(first_200), at_most(1.0))
    yield _figure("API, RSS at its first 200", "MB", median(rss_mb), at_most(140))
    stamped = [_first_stamp_s(stores) for _ in range(ROUNDS)]
    yield _figure("worker, start to first stamp in all, median", "s", median(stamped), at_most(2.5))


def _first_stamp_s(stores: Stores) -> float:
    with worker(stores.environ, stores.folder, INTERVAL_S) as running:
        found = running.await_lines("cycle", 1, 20)
        took_s = time.monotonic() - running.started
    results = [each["result"] for each in found[0].values() if isinstance(each, dict)]
    if set(results) != {"ok"}:
        raise RuntimeError(f"the first cycle did not reach all stores: {found[0]}")
    return took_s


def _imports(name: str, code: str) -> Iterator[Figure]:
    command = [sys.executable, "-X", "importtime", "-c", code]
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True
    )
    own_ms: dict[str, float] = defaultdict(float)
    for microseconds, module in LINE.findall(done.stderr):
        own_ms[module.split(".")[0]] += int(microseconds) / 1000
    yield _figure(f"{name}, imports in all", "ms", sum(own_ms.values()))
    for package, spent_ms in sorted(own_ms.items(), key=lambda each: -each[1])[:TOP]:
        yield _figure(f"{name}, imports of {package}", "ms", spent_ms)


def _installed_mb(project: str) -> float:
    """Return the size on disk of the runtime's dependencies."""
    seen, waiting, size = {project}, _required(project, ()), 0.0
    while waiting:
        name, extras = waiting.pop()
        if name not in seen:
            seen.add(name)
            paths = [Path(str(file.locate())) for file in metadata.files(name) or []]
            size += sum(path.stat().st_size for path in paths if path.is_file())
        waiting += [each for each in _required(name, extras) if each[0] not in seen]
    return size / MB


def _required(project: str, extras: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Return the installed requirements of a distribution, with their extras."""
    found = []
    for line in metadata.requires(project) or []:
        match = REQUIREMENT.match(line)
        wanted = EXTRA.search(line)
        if match is None or (wanted is not None and wanted[1] not in extras):
            continue
        try:
            name = metadata.distribution(match[1]).name
        except metadata.PackageNotFoundError:  # for another platform or Python
            continue
        found.append((name, re.findall(r"[\w-]+", match[2] or "")))
    return found


def _figure(name: str, unit: str, measured: float, bar: Bar | None = None) -> Figure:
    return Figure(section="start", name=name, unit=unit, measured=measured, bar=bar)
