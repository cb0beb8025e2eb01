#!/usr/bin/env bash
# SQLAlchemy under AUTOCOMMIT still sends a ROLLBACK after each block, even without a reset on return.
#
# Versions: SQLAlchemy 2.1.9, PyMySQL 1.2.0, the mariadbd that is installed (10.11 of Debian 12 when
#   this was seen). Seen: 2026-11-28.
# Most would expect: with isolation_level="AUTOCOMMIT" there is no transaction to end, and with
#   pool_reset_on_return=None the pool sends nothing, so a SELECT is one round trip.
# What is: leaving the block sends ROLLBACK, one more round trip per block. The option
#   skip_autocommit_rollback=True, off by default, prevents it.
source "$(dirname "$0")/ground.sh"
install sqlalchemy==2.1.9 pymysql==1.2.0
mariadb_server
python <<'PY'
import os
from sqlalchemy import create_engine, text

URL = f"mysql+pymysql://root@localhost/mysql?unix_socket={os.environ['MARIADB_SOCKET']}"
admin = create_engine(URL, isolation_level="AUTOCOMMIT")

def sent_after(**options):
    engine = create_engine(URL, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **options)
    with engine.connect() as connection:  # the first one asks for versions and modes
        number = connection.execute(text("SELECT connection_id()")).scalar_one()
    with admin.connect() as log:
        for statement in ("SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log",
                          "SET GLOBAL general_log = 1"):
            log.execute(text(statement))
        for _ in range(3):
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        log.execute(text("SET GLOBAL general_log = 0"))
        rows = log.execute(text("SELECT argument FROM mysql.general_log WHERE thread_id = :number"),
                           {"number": number})
        return [row[0].decode() if isinstance(row[0], bytes) else row[0] for row in rows]

default, skipping = sent_after(), sent_after(skip_autocommit_rollback=True)
print("three blocks:                       ", default)
print("with skip_autocommit_rollback=True: ", skipping)
assert default == ["SELECT 1", "ROLLBACK"] * 3, default
assert skipping == ["SELECT 1"] * 3, skipping
PY
