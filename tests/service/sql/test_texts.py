"""The committed SQL equals the compiled expressions, and PostgreSQL accepts it."""

import re

import pytest

from service.sources import postgres
from service.sql import __main__ as generator
from service.sql import alerts, history, leases, stamps, tables
from service.sql.statement import Statement
from tests.platform import admin
from tests.platform.emptied import NAME
from tests.service.configured import settings_of
from tests.service.upgraded import upgraded

pytestmark = pytest.mark.anyio

STATEMENTS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": statement
    for module in (stamps, history, leases, alerts)
    for name, statement in vars(module).items()
    if isinstance(statement, Statement)
}


WRITTEN = ["stamps.py", "history.py", "leases.py", "alerts.py", "tables.py"]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_committed_modules_equal_the_compiled_expressions(name: str) -> None:
    assert (generator.FOLDER / name).read_text() == generator.modules()[name], "run `make sql`"


def test_every_generated_module_is_checked() -> None:
    assert set(generator.modules()) == set(WRITTEN)
    assert len(STATEMENTS) > 20
    assert tables.COLUMNS["last_update"] == ("source", "timestamp", "metadata")


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS)
def test_each_placeholder_has_a_name(statement: Statement) -> None:
    numbers = {int(number) for number in re.findall(r"\$(\d+)", statement.text)}

    assert numbers == set(range(1, len(statement.parameters) + 1))
    assert len(set(statement.parameters)) == len(statement.parameters)


@pytest.fixture
async def migrated(database: dict[str, str]) -> dict[str, str]:
    await upgraded(settings_of(database, postgres.KIND), 5.0)
    return database


async def test_postgresql_accepts_each_statement_on_the_migrated_schema(
    migrated: dict[str, str],
) -> None:
    connection = await admin.postgres(migrated, NAME)
    for name, statement in STATEMENTS.items():
        prepared = await connection.prepare(statement.text)
        assert len(prepared.get_parameters()) == len(statement.parameters), name
    await connection.close()


def test_a_missing_value_is_reported() -> None:
    with pytest.raises(KeyError, match="who"):
        Statement("SELECT $1", ("who",)).arguments({"whom": 1})
