"""Compile SQLAlchemy's expressions to texts for asyncpg."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.dialects.postgresql.asyncpg import PGCompiler_asyncpg, PGDialect_asyncpg

from service.sql.statement import Statement


class _Compiler(PGCompiler_asyncpg):
    """The compiler for asyncpg, which writes known values into the text."""

    def visit_bindparam(self, bindparam: Any, *args: Any, **options: Any) -> Any:  # as there
        compiled_as: Any = super().visit_bindparam
        if bindparam.required or options.get("literal_binds"):
            return compiled_as(bindparam, *args, **options)
        text = compiled_as(bindparam, *args, **{**options, "literal_binds": True})
        kind = bindparam.type.dialect_impl(self.dialect)
        if not kind.render_bind_cast or isinstance(kind, Integer):
            return text
        # With a type, as a placeholder would have: an overloaded function must not guess.
        cast: Any = self.render_bind_cast
        return cast(bindparam.type, kind, text)


class _Dialect(PGDialect_asyncpg):
    statement_compiler = _Compiler


def compiled(expression: Any) -> Statement:  # Any: SQLAlchemy's builder types end at a CTE's write
    """Compile an expression to a statement; values without a name become part of its text."""
    dialect: Any = _Dialect
    found = expression.compile(dialect=dialect())
    return Statement(str(found), tuple(found.positiontup or ()))
