from datetime import UTC, datetime

import pytest

from stack import settings
from stack.preflight import deployed
from stack.preflight.machine import Done
from tests.stack import recorder
from tests.stack.conftest import VARIANTS
from tests.stack.preflight.machines import FakeMachine, page

NOW = datetime(2026, 11, 24, tzinfo=UTC)
URL = "https://heartbeat.example"


@pytest.mark.parametrize(
    ("expiry", "verdict"),
    [("2027-11-24", "good"), ("2027-01-10", "warning"), ("2026-11-23", "bad")],
)
def test_the_certificates_remaining_time_is_reported(expiry: str, verdict: str) -> None:
    exports = {"certificateExpiry": f"{expiry}T00:00:00Z"}

    (finding,) = deployed.check(FakeMachine(), exports, None, NOW)

    assert finding.verdict == verdict


@pytest.mark.parametrize(
    ("variant", "status", "verdict"),
    [
        ("vpc", 401, "good"),
        ("vpc", 200, "warning"),
        ("public dashboard", 200, "good"),
        ("public dashboard", 401, "warning"),
    ],
)
def test_the_dashboard_must_be_protected_unless_it_is_public(
    variant: str, status: int, verdict: str
) -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    chosen = settings.parse(values | VARIANTS[variant])
    machine = FakeMachine(pages={"/worker/status": page(status=status)})

    (finding,) = deployed.check(machine, {"url": URL}, chosen, NOW)

    assert finding.verdict == verdict


def test_before_the_first_up_there_are_no_findings() -> None:
    assert not deployed.outputs(FakeMachine(), "dev")
    assert not list(deployed.check(FakeMachine(), {}, None, NOW))


def test_the_exports_are_read() -> None:
    done = Done(code=0, out='{"appId": "1"}')
    machine = FakeMachine(commands={"pulumi stack output --json --stack dev": done})

    assert deployed.outputs(machine, "dev") == {"appId": "1"}
