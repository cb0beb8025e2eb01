from datetime import UTC, datetime

import pytest

from stack import settings
from stack.preflight import deployed
from stack.preflight.world import Done
from tests.stack import recorder
from tests.stack.conftest import VARIANTS
from tests.stack.preflight.worlds import FakeWorld, page

NOW = datetime(2026, 11, 24, tzinfo=UTC)
URL = "https://heartbeat.example"


@pytest.mark.parametrize(
    ("expiry", "verdict"),
    [("2027-11-24", "good"), ("2027-01-10", "warning"), ("2026-11-23", "bad")],
)
def test_the_certificates_remaining_time_is_reported(expiry: str, verdict: str) -> None:
    exports = {"certificateExpiry": f"{expiry}T00:00:00Z"}

    (finding,) = deployed.check(FakeWorld(), exports, None, NOW)

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
def test_the_dashboard_is_as_open_as_it_should_be(variant: str, status: int, verdict: str) -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    chosen = settings.parse(values | VARIANTS[variant])
    world = FakeWorld(pages={"/worker/status": page(status=status)})

    (finding,) = deployed.check(world, {"url": URL}, chosen, NOW)

    assert finding.verdict == verdict


def test_before_the_first_up_there_are_no_findings() -> None:
    assert not deployed.outputs(FakeWorld(), "dev")
    assert not list(deployed.check(FakeWorld(), {}, None, NOW))


def test_the_exports_are_read() -> None:
    done = Done(code=0, out='{"appId": "1"}')
    world = FakeWorld(commands={"pulumi stack output --json --stack dev": done})

    assert deployed.outputs(world, "dev") == {"appId": "1"}
