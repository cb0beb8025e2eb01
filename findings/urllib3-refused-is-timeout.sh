#!/usr/bin/env bash
# In urllib3 a refused connection is an instance of TimeoutError.
#
# Versions: urllib3 2.8.0. Seen: 2026-11-28.
# Most would expect: NewConnectionError says that no connection could be made, which took no time.
# What is: it derives from ConnectTimeoutError, and so from TimeoutError, for compatibility. Code that
#   checks for TimeoutError first calls a closed port a timeout, in every library built on urllib3.
source "$(dirname "$0")/ground.sh"
install urllib3==2.8.0
python <<'PY'
import socket, time
import urllib3
from urllib3.exceptions import NewConnectionError, TimeoutError as Urllib3TimeoutError

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
began = time.monotonic()
try:
    urllib3.PoolManager().request("GET", f"http://127.0.0.1:{port}/", retries=False, timeout=20)
except NewConnectionError as error:
    took, timeout = time.monotonic() - began, isinstance(error, Urllib3TimeoutError)
print(f"NewConnectionError after {took:.3f} s of 20; is a TimeoutError: {timeout}")
assert timeout and took < 5
PY
