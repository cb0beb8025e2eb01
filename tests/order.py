"""Sort the test files: slow ones first.

`make test` hands whole files to its processes (pytest-xdist's `--dist loadfile`), or several that
`tests.units` keeps together; these stand here by the name of their first. A slow file that
starts last runs alone while the other processes have nothing left to do. By default pytest-xdist
starts files with few tests last, and those are the slow ones: `--no-loadscope-reorder` makes it
keep the order of the collection.
"""

import pytest

from tests.units import unit

# Those that take 10 s or more, from the seconds that `make test ARGS="--durations 1"` prints.
# These mostly wait, such as for an outage to pass.
WAITING = (
    "tests/faults/test_faults.py",
    "tests/service/test_outages.py",
    "tests/faults/test_more_stores.py",
    "tests/service/test_standby.py",
    "tests/web/test_outages.py",
    "tests/service/sources/test_upgrade.py",
    "tests/service/alerts/test_killed.py",
    "tests/service/test_main.py",
    "tests/service/test_replica.py",
    "tests/service/test_security.py",
    "tests/service/api/test_app_outages.py",
    "tests/service/sources/test_valkey_errors.py",
    "tests/service/test_more_stores.py",
    "tests/service/test_tls.py",
    "tests/service/test_tls_causes.py",
)
# These keep a core busy.
BUSY = (
    "tests/stack/engine/test_up.py",
    "tests/stack/engine/test_app.py",
    "tests/web/test_history.py",
    "tests/web/test_refresh.py",
    "tests/web/test_verdict.py",
    "tests/service/alerts/test_faults.py",
    "tests/stack/engine/test_state.py",
    "tests/stack/engine/test_secret.py",
    "tests/stack/engine/test_wrong_settings.py",
    "tests/local/test_main.py",
    "tests/service/test_soak.py",
    "tests/service/test_forever.py",
    "tests/test_fourth_source.py",
    "tests/service/sources/test_s3.py",
    "tests/test_watch.py",
    "tests/service/alerts/test_histories.py",
    "tests/service/alerts/test_partitions.py",
    "tests/stack/test_main.py",
    "tests/local/test_server.py",
    "tests/test_local_run.py",
    "tests/service/api/test_openapi.py",
    "tests/service/telemetry/test_processes.py",
    "tests/service/history/test_recorder.py",
    "tests/stack/test_cli.py",
    "tests/service/lease/test_lease.py",
)
SLOW = WAITING + BUSY
_RANKS = {path: rank for rank, path in enumerate(SLOW)}


def start_slow_files_first(items: list[pytest.Item]) -> None:
    """Sort collected tests by the rank of their unit; the order inside a unit stays."""
    items.sort(key=lambda item: _RANKS.get(unit(item.nodeid), len(SLOW)))


def seconds_by_file(reports: list[pytest.TestReport]) -> list[tuple[float, str]]:
    """Return the seconds of each file with its fixtures, slowest first."""
    seconds: dict[str, float] = {}
    for report in reports:
        file = _file(report.nodeid)
        seconds[file] = seconds.get(file, 0.0) + report.duration
    return sorted(((taken, file) for file, taken in seconds.items()), reverse=True)


def _file(node_id: str) -> str:
    return node_id.partition("::")[0]
