#!/usr/bin/env bash
# PyMySQL and aiomysql encode the password as Latin-1: a password with other letters cannot log in.
#
# Versions: aiomysql 0.3.2, PyMySQL 1.2.4; the mariadbd that is installed (10.11 of Debian 12 when this
# was seen). Seen: 2026-11-28.
# Most would expect: charset="utf8mb4" also applies to the login, as MySQL's own clients send a password
#   in the bytes that were typed, which are UTF-8 nearly everywhere.
# What is: connect() raises UnicodeEncodeError for letters outside of Latin-1, whatever the charset. A
#   password with letters of Latin-1 (é) is sent as other bytes than the mariadb client sends, and is
#   refused (1045). The UTF-8 bytes, decoded as Latin-1, log in.
source "$(dirname "$0")/ground.sh"
install aiomysql==0.3.2 pymysql==1.2.4
mariadb_server
mariadb --no-defaults --default-character-set=utf8mb4 --socket="$MARIADB_SOCKET" --user=root --execute "
  CREATE USER accent@'%' IDENTIFIED BY 'café'; CREATE USER cyrillic@'%' IDENTIFIED BY 'пароль'"
python <<'PY'
import asyncio
import os

import aiomysql
import pymysql

PORT = int(os.environ["MARIADB_PORT"])

async def login(user, password):
    try:
        connection = await aiomysql.connect(
            host="127.0.0.1", port=PORT, user=user, password=password, charset="utf8mb4"
        )
    except UnicodeEncodeError as error:
        return type(error).__name__
    except pymysql.MySQLError as error:
        return str(error.args[0])
    connection.close()
    return "logs in"

async def main():
    for user, password in (("accent", "café"), ("cyrillic", "пароль")):
        as_given = await login(user, password)
        as_bytes = await login(user, password.encode().decode("latin-1"))
        print(f"{password}: as given {as_given}; as UTF-8 in Latin-1 {as_bytes}")
        yield as_given, as_bytes

async def collected():
    return [each async for each in main()]

assert asyncio.run(collected()) == [("1045", "logs in"), ("UnicodeEncodeError", "logs in")]
PY
