#!/usr/bin/env bash
# standardwebhooks signs an aware timestamp by its clock face, not by its moment.
#
# Versions: standardwebhooks 1.1.0. Seen: 2026-11-28.
# Most would expect: two datetimes that are equal give one signature.
# What is: the timestamp's zone is replaced by UTC instead of converted, so 14:00+02:00 is signed as
#   14:00 UTC. The receiver, which is sent the real moment, refuses the signature. Give it UTC alone.
source "$(dirname "$0")/ground.sh"
install standardwebhooks==1.1.0
python <<'PY'
import base64
from datetime import datetime, timedelta, timezone
from standardwebhooks import Webhook

webhook = Webhook("whsec_" + base64.b64encode(b"an example of a secret 32 bytes.").decode())
utc = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
there = utc.astimezone(timezone(timedelta(hours=2)))
assert utc == there
same = webhook.sign("id", utc, "{}") == webhook.sign("id", there, "{}")
shifted = webhook.sign("id", utc + timedelta(hours=2), "{}") == webhook.sign("id", there, "{}")
print("equal moments, equal signatures:", same)
print("signed as if 14:00+02:00 were 14:00 UTC:", shifted)
assert not same and shifted
PY
