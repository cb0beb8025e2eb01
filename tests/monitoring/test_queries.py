import shutil
import subprocess
from pathlib import Path

import yaml

from tests.monitoring.queries import Query, everything, inputs, questions


def test_prometheus_accepts_every_documented_query(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install prometheus"
    rules = [
        {"record": f"query:{number}", "expr": query.text}
        for number, query in enumerate(everything())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))

    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(rules)} rules found" in done.stdout


def test_each_question_has_one_query() -> None:
    origins = [query.origin for query in questions()]

    assert len(origins) == len(set(origins)) == 8


def test_the_selectors_of_each_alert_are_found() -> None:
    found = {query.text for query in inputs() if query.origin == "alert HeartbeatNotObserved"}

    assert found == {"heartbeat_interval_seconds", "heartbeat:alive"}
    assert Query("alert HeartbeatDegraded", 'heartbeat_status{status="degraded"}') in inputs()
