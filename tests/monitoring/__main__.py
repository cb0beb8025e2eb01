"""`make monitored`: let a real Prometheus scrape two deployments for two and a half minutes.

One of them loses a store for a while. Afterwards each rule must be healthy, each documented query
must have data of both deployments, and only the outage's alert must have fired, for its deployment.
Exit status 1 if anything is missing.
"""

import math
import sys
import tempfile
import time
from pathlib import Path

from tests.monitoring.fleet import NAMES, Deployment, Prometheus, deployments, prometheus
from tests.monitoring.queries import Query, everything

WELL_S = 30.0
OUTAGE_S = 90.0  # HeartbeatNotWritten waits for a minute
AFTER_S = 20.0
STORE = "valkey"


def main() -> int:
    """Run both deployments, and print a table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        deployments(Path(folder)) as found,
        prometheus(Path(folder), found) as server,
    ):
        for each in found:
            each.spoil(STORE, "pass")
        _watched(found, WELL_S)
        found[0].spoil(STORE, "refuse")
        _watched(found, OUTAGE_S)
        found[0].spoil(STORE, "pass")
        _watched(found, AFTER_S)
        missing = [*_targets(server), *_rules(server), *_rung(server), *_queries(server)]
    for line in missing:
        print("MISSING", line)
    print("some are missing" if missing else "nothing is missing")
    return 1 if missing else 0


def _watched(found: list[Deployment], seconds: float) -> None:
    """Poll each page once a second, as a viewer does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for each in found:
            each.refresh()
        time.sleep(1)


def _targets(server: Prometheus) -> list[str]:
    down = [t for t in server.ask("targets")["activeTargets"] if t["health"] != "up"]
    return [f"target {each['scrapeUrl']}: {each['lastError']}" for each in down]


def _rules(server: Prometheus) -> list[str]:
    groups = server.ask("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    print(f"{len(rules)} rules are evaluated")
    return [f"rule {r['name']}: {r.get('lastError')}" for r in rules if r["health"] != "ok"]


def _rung(server: Prometheus) -> list[str]:
    """Check that only the outage's alert fired."""
    query = 'sum by (alertname, name, source) (max_over_time(ALERTS{alertstate="firing"}[10m]))'
    labels = [series["metric"] for series in server.series(query)]
    rung = {(each["alertname"], each.get("name"), each.get("source")) for each in labels}
    print("rang:", *sorted(map(str, rung)), sep="\n  ")
    expected = {
        ("HeartbeatNotWritten", NAMES[0], STORE),
        ("HeartbeatBudgetBurnsFast", NAMES[0], STORE),
    }
    silent = [f"alert {each} did not ring" for each in expected - rung]
    return silent + [f"silence: alert {each} rang" for each in rung - expected]


def _queries(server: Prometheus) -> list[str]:
    found = {query: _names(server, query) for query in everything()}
    for query, names in found.items():
        print(f"{'+'.join(sorted(names)) or '-':10} {query.origin}")
    return [
        f"{query.origin}: {query.text}"
        for query, names in found.items()
        if names != set(NAMES[:1] if query.rare else NAMES)
    ]


def _names(server: Prometheus, query: Query) -> set[str]:
    """Return the deployments for which a query has a value."""
    return {
        series["metric"]["name"]
        for series in server.series(query.text)
        if not math.isnan(float(series["value"][1]))
    }


if __name__ == "__main__":
    sys.exit(main())
