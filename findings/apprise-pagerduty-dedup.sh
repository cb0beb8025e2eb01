#!/usr/bin/env bash
# Apprise's PagerDuty target derives the dedup key from the message, so a resolve rarely resolves.
#
# Versions: apprise 2.3.0. Seen: 2026-11-28.
# Most would expect: a "resolve" event sent through the same target closes the incident that a
#   "trigger" event opened.
# What is: without a key of your own, the key is a hash of the title. "DOWN database" and "UP database"
#   have different keys, so PagerDuty has to resolve an incident that it does not know; two incidents
#   with the same title share a key.
source "$(dirname "$0")/ground.sh"
install apprise==2.3.0
python <<'PY'
import json
import apprise
from apprise.plugins import pagerduty

sent = []
class Answer:
    status_code, content = 202, b"{}"

def post(_url, data, **_options):
    sent.append(json.loads(data))
    return Answer()

pagerduty.requests.post = post

def keys(url, down, up):
    sent.clear()
    for title, kind in ((down, apprise.NotifyType.FAILURE), (up, apprise.NotifyType.SUCCESS)):
        target = apprise.Apprise()
        assert target.add(url)
        target.notify(title=title, body="the database", notify_type=kind)
    return [(each["event_action"], each.get("dedup_key")) for each in sent]

KEY = "a" * 20 + "@" + "b" * 20
URL = f"pagerduty://{KEY}/source/component?action=map"
told, same = keys(URL, "DOWN database", "UP database"), keys(URL, "database", "database")
for action, key in told + same:
    print(f"{action:8} dedup_key {key[:16]}…")
assert [action for action, _ in told] == ["trigger", "resolve"], told
assert told[0][1] != told[1][1], told
assert same[0][1] == same[1][1], same
PY
