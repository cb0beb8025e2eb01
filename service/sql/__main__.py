"""`python -m service.sql`: compile the expressions to the modules beside this one."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from service.sql.compiler import compiled
from service.sql.expressions import alerts, beats, incidents, leases, listing, past, stamps, upkeep

FOLDER = Path(__file__).parent
AREAS = {
    "stamps": ("The statements on `last_update`", (stamps,)),
    "history": ("The statements on what history keeps", (beats, incidents, upkeep, past, listing)),
    "leases": ("The statements on the table of leases", (leases,)),
    "alerts": ("The statements on the tables of alerts", (alerts,)),
}
HEAD = '''\
"""{title}.

Written by `make sql` from {sources}: change those.
"""

# fmt: off
# ruff: noqa: E501 - as SQLAlchemy compiles it
'''


def modules() -> dict[str, str]:
    """Return the content of each generated module, by file name."""
    found = {}
    for area, (title, sources) in AREAS.items():
        statements: dict[str, Any] = {}  # Any: as in `compiled`
        for source in sources:
            statements |= source.STATEMENTS
        names = [source.__name__.rpartition(".")[2] for source in sources]
        where = f"`expressions/{names[0]}.py`" if len(names) == 1 else "`expressions/`"
        found[f"{area}.py"] = "".join(_module(title, where, statements))
    found["tables.py"] = "".join(_tables())
    return found


def _module(title: str, sources: str, statements: Mapping[str, Any]) -> Iterator[str]:
    yield HEAD.format(title=title, sources=sources)
    yield "from service.sql.statement import Statement\n"
    for name, expression in statements.items():
        statement = compiled(expression)
        lines = "\n".join(line.rstrip() for line in statement.text.strip().splitlines())
        yield f'\n{name} = Statement(\n    """\\\n{lines}""",\n    {statement.parameters!r},\n)\n'


def _tables() -> Iterator[str]:
    yield HEAD.format(title="The tables, and the columns of each", sources="`schema/tables.py`")
    yield "\nCOLUMNS = {\n"
    for name, table in SQLModel.metadata.tables.items():
        yield f"    {name!r}: {tuple(column.name for column in table.columns)!r},\n"
    yield "}\n"


def main() -> None:
    """Write every module."""
    for name, text in modules().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
