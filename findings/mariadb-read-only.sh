#!/usr/bin/env bash
# MariaDB's read_only lets a user with READ_ONLY ADMIN write, and its error is not MySQL's.
#
# Versions: the mariadbd that is installed (10.11 of Debian 12 when this was seen), PyMySQL 1.2.0.
# Seen: 2026-11-28.
# Most would expect: a server that was made read-only refuses each write; and since MariaDB took
#   MySQL's protocol, super_read_only exists there too.
# What is: read_only refuses with 1290 (ER_OPTION_PREVENTS_STATEMENT), but a user with READ ONLY ADMIN
#   can still write, so a probe as administrator succeeds on a replica; super_read_only is an
#   unknown variable (1193). A read-only transaction is another error, 1792.
source "$(dirname "$0")/ground.sh"
install pymysql==1.2.0
mariadb_server
mariadbd --no-defaults --version
python <<'PY'
import os
import pymysql

def connect(user, password=""):
    return pymysql.connect(host="127.0.0.1", port=int(os.environ["MARIADB_PORT"]), user=user,
                           password=password, autocommit=True)

def code_of(connection, *statements):
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except pymysql.MySQLError as error:
        return error.args[0]
    return None

admin = pymysql.connect(unix_socket=os.environ["MARIADB_SOCKET"], user="root", autocommit=True)
for statement in ("CREATE DATABASE d", "CREATE TABLE d.t (n int)",
                  "CREATE USER app@'%' IDENTIFIED BY 'x'", "GRANT ALL ON d.* TO app@'%'",
                  "CREATE USER boss@'%' IDENTIFIED BY 'x'", "GRANT ALL ON d.* TO boss@'%'",
                  "GRANT READ ONLY ADMIN ON *.* TO boss@'%'"):
    assert code_of(admin, statement) is None, statement
app, boss = connect("app", "x"), connect("boss", "x")
read_only_transaction = code_of(app, "START TRANSACTION READ ONLY", "INSERT INTO d.t VALUES (1)")
app.rollback()
assert code_of(admin, "SET GLOBAL read_only = 1") is None
seen = {
    "an ordinary user": code_of(app, "INSERT INTO d.t VALUES (1)"),
    "with READ ONLY ADMIN": code_of(boss, "INSERT INTO d.t VALUES (1)"),
    "super_read_only": code_of(admin, "SET GLOBAL super_read_only = 1"),
    "in a read-only transaction": read_only_transaction,
}
for what, code in seen.items():
    print(f"{what:28} {'writes' if code is None else code}")
assert [*seen.values()] == [1290, None, 1193, 1792], seen
PY
