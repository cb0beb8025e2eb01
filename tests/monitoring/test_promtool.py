import shutil
import subprocess

import pytest

from tests.service.processes import ROOT


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "alerts.yaml"),
        ("test", "rules", "alerts_test.yaml", "alerts_slow_test.yaml"),
    ],
)
def test_promtool_accepts_the_rules(arguments: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    assert promtool, "promtool is missing: apt-get install prometheus"

    done = subprocess.run(
        [promtool, *arguments], cwd=ROOT / "monitoring", capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") == len(arguments) - 2  # once for each file
