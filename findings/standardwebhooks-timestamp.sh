#!/usr/bin/env bash
# standardwebhooks ignores the time zone of the timestamp that it signs.
#
# Versions: standardwebhooks 1.1.0. Seen: 2026-11-28.
# Most would expect: equal datetimes have equal signatures.
# What is: it replaces the timestamp's zone by UTC instead of converting to it, so 14:00+02:00 is signed as
#   14:00 UTC. The receiver gets the real time in the header and refuses the signature. Pass only UTC.
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
