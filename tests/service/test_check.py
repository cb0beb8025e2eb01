import anyio
import pytest

from schema.errors import ErrorWord
from schema.status import Overall
from service import check
from service.check import text
from service.settings import load
from service.verdict import watch
from service.verdict.readers import FIRST_WAIT_S
from tests.fakes import MemorySource
from tests.service.serving import NOWHERE
from tests.web.documents import finding, iam, off, row, status, unreachable


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> MemorySource:
    """Make every store answer later than the API's requests would wait."""
    source, settings = MemorySource(), load(NOWHERE)

    async def late() -> None:
        await anyio.sleep(FIRST_WAIT_S / 10)

    source.before = late
    stores = {each.name: source for each in settings.sources}
    monkeypatch.setattr(watch, "connect", lambda *_: stores)
    return source


def test_check_prints_nothing_before_every_store_has_answered(
    slow: MemorySource, capsys: pytest.CaptureFixture[str]
) -> None:
    code = check.main(load(NOWHERE))

    output = capsys.readouterr().out
    assert slow.reads == 2
    assert "not answered yet" not in output
    assert code == check.EXIT[Overall.DEGRADED]  # the stores hold no stamp yet


def test_verdicts_have_the_exit_codes_of_the_documentation() -> None:
    assert check.EXIT == {Overall.OK: 0, Overall.DEGRADED: 1, Overall.ERROR: 2}


def test_a_row_contains_only_known_facts_of_its_store() -> None:
    unread = row("valkey", None, observed_at=None, latency_ms=None)
    rows = (
        ("postgres", unreachable("postgres", ErrorWord.AUTH)),
        ("valkey", unread),
        ("secrets_manager", row("secrets_manager", None)),
        ("other", off("other")),
    )

    lines = text(status(*rows, identity=iam(24.0))).splitlines()

    words = [" ".join(line.split()) for line in lines]
    assert words[:5] == [
        "PostgreSQL unreachable - heartbeat-pg.b.db.ondigitalocean.com (auth)",
        "Valkey not answered yet - heartbeat-valkey.b.db.ondigitalocean.com",
        "AWS Secrets Manager missing never heartbeat/production",
        "other off - -",
        "AWS IAM Roles Anywhere fresh 24.0 s ago heartbeat-app",
    ]


def test_the_verdict_is_printed_last() -> None:
    report = text(status(findings=[finding("PostgreSQL cannot be read (auth)", "Compare them.")]))

    assert report.splitlines()[-1] == "ERROR: PostgreSQL cannot be read (auth): compare them."
