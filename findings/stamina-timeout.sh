#!/usr/bin/env bash
# stamina's timeout does not bound the time that a retried call takes.
#
# Versions: stamina 26.1.0. Seen: 2026-11-28.
# Most would expect: timeout=1 ends the retries within about a second.
# What is: the timeout is checked only after an attempt. An attempt that hangs is not cancelled, and the
#   wait before the next attempt starts even if it ends after the timeout.
source "$(dirname "$0")/ground.sh"
install stamina==26.1.0
python <<'PY'
import time
import stamina

def elapsed(call):
    began = time.monotonic()
    try:
        call()
    except ValueError:
        pass
    return time.monotonic() - began

@stamina.retry(on=ValueError, attempts=None, timeout=1, wait_initial=0.9, wait_max=3, wait_jitter=0,
               wait_exp_base=3)
def fails_at_once():
    raise ValueError

@stamina.retry(on=ValueError, attempts=None, timeout=1, wait_initial=0.1, wait_jitter=0)
def fails_slowly():
    time.sleep(2.5)
    raise ValueError

waits, hangs = elapsed(fails_at_once), elapsed(fails_slowly)
print(f"timeout=1: fails at once, {waits:.1f} s; attempts of 2.5 s, {hangs:.1f} s")
assert waits > 1.5 and hangs > 2.4, (waits, hangs)
PY
