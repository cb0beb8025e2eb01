#!/usr/bin/env bash
# aiosmtpd's Controller binds a free port for port 0, then connects to port 0 and fails.
#
# Versions: aiosmtpd 1.4.6. Seen: 2026-11-28.
# Most would expect: port=0 means "any free port", as for every server of asyncio, and the port is then
#   found on the controller.
# What is: start() raises ConnectionRefusedError. The server is up, on the free port that its sockets
#   name, but the check that follows connects to the number that was given. Choose a free port yourself.
source "$(dirname "$0")/ground.sh"
install aiosmtpd==1.4.6
python <<'PY'
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

controller = Controller(Sink(), hostname="127.0.0.1", port=0)
try:
    controller.start()
    seen = "started"
except OSError as error:
    seen = type(error).__name__
bound = [each.getsockname()[1] for each in controller.server.sockets] if controller.server else []
print("start:         ", seen)
print("bound:         ", bool(bound) and all(bound))
print("controller.port:", controller.port)
controller.stop(no_assert=True)
assert (seen, controller.port) == ("ConnectionRefusedError", 0)
PY
