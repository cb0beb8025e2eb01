"""The docs apart from tables: picture, costs, migration, decisions."""

import re
from pathlib import Path

import pytest

from service.kind import Shared
from service.settings import load
from stack import costs, settings
from tests.docs import facts
from tests.docs.pages import ROOT, Page
from tests.platform import admin
from tests.stack import recorder
from tests.syntax import imports

DECISION_MAX_LINES = 30
OLDER_APP = """
    CREATE TABLE last_update (
        source VARCHAR(50) PRIMARY KEY, timestamp TIMESTAMPTZ NOT NULL, metadata JSONB
    );
    CREATE TABLE test_data (id SERIAL PRIMARY KEY, message TEXT NOT NULL);
    INSERT INTO last_update VALUES ('worker', now(), NULL);
"""


def test_the_costs_are_those_that_the_stack_computes() -> None:
    example = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    rows = Page("README.md").rows("What it costs")[1:]
    for what, at_digitalocean, at_aws, together in rows:
        changes = dict(_choice(code) for code in re.findall(r"`([^`]+)`", what))
        chosen = settings.parse(example | {"network": "public"} | changes)
        assert costs.monthly_usd(chosen) == float(together)
        assert float(at_digitalocean) + float(at_aws) == pytest.approx(float(together))

    assert len(rows) == 3


def test_the_arrows_of_the_architectures_picture_exist_as_imports() -> None:
    (picture,) = Page("docs/architecture.md").code("mermaid")
    folders = dict(re.findall(r'\b(\w+)\["(service/\w+)<br>', picture.text))
    folders |= dict(re.findall(r'\b(\w+)\["(service/\w+)"\]', picture.text))
    arrows = re.findall(r"\b(\w+)(?:\[[^\]]*\])? --> (\w+)", picture.text)

    assert set(folders.values()) == {
        f"service/{path.parent.name}" for path in (ROOT / "service").glob("*/__init__.py")
    }
    assert len(arrows) == picture.text.count("-->") - picture.text.count('-- "')
    for origin, target in arrows:
        assert folders[target] in _imported_by(folders[origin]), f"{origin} --> {target}"


@pytest.mark.anyio
async def test_the_migration_guide_removes_nothing_of_the_older_app(
    database: dict[str, str],
) -> None:
    (block,) = Page("docs/migration.md").code("sql")
    connection = await admin.postgres(database)
    await connection.execute(OLDER_APP)
    (found,) = load(database).sources
    source = found.connect(Shared(name="worker"))
    assert source.database is not None
    await source.database.migrate()
    await source.close()

    await connection.execute(block.text)

    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
    assert [row[0] for row in await connection.fetch(tables)] == ["last_update", "test_data"]
    assert await connection.fetchval("SELECT count(*) FROM last_update") == 1
    await connection.close()


@pytest.mark.parametrize("path", sorted(ROOT.glob("decisions/*.md")), ids=lambda path: path.stem)
def test_a_decision_is_short_and_has_its_reasons(path: Path) -> None:
    text = path.read_text()
    number = path.name[:3]

    assert text.startswith(f"# {number}: ")
    assert len(text.splitlines()) <= DECISION_MAX_LINES
    assert all(f"**{part}." in text for part in ("Context", "Decision", "Consequences"))
    assert len(list(path.parent.glob(f"{number}-*"))) == 1


def test_the_makefile_describes_every_public_target() -> None:
    text = "\n".join(p.read_text() for p in (ROOT / "Makefile", ROOT / "stack" / "stack.mk"))
    public = " ".join(re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)).split()

    assert len(public) == len(set(public))
    assert set(public) - facts.targets() == {"environment"}


def test_the_changelog_has_an_unreleased_section() -> None:
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text()


def _choice(code: str) -> tuple[str, str]:
    """Split `KEY VALUE`; a key without a value gets a made-up name."""
    key, _, value = code.partition(" ")
    return key, value or "team-cluster"


def _imported_by(folder: str) -> set[str]:
    """Return a folder's imports, including those through modules beside the folders."""
    names: set[str] = set()
    new = set((ROOT / folder).rglob("*.py"))
    while new:
        found = imports(new.pop())
        shared = {ROOT / f"{name.replace('.', '/')}.py" for name in found - names}
        new |= {path for path in shared if path.parent == ROOT / "service" and path.is_file()}
        names |= found
    return {"/".join(name.split(".")[:2]) for name in names}
