from schema.errors import ErrorWord
from service.check import text
from tests.web.documents import finding, iam, off, row, status, unreachable


def test_a_row_contains_only_what_is_known_of_its_store() -> None:
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
