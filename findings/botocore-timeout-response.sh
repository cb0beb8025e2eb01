#!/usr/bin/env bash
# botocore's errors of a time-out have an attribute `response`, and it is None.
#
# Versions: botocore 1.44.8. Seen: 2026-11-28.
# Most would expect: only a ClientError has `response`, as its documentation shows, so
#   getattr(error, "response", {}) is a dict for every error.
# What is: HTTPClientError, the base of the errors of time-outs and connections, sets `response` too, to
#   None where no answer came. An error's code read like that raises AttributeError, and only in an outage.
source "$(dirname "$0")/ground.sh"
install botocore==1.44.8
PORT=$(free_port)
export PORT
python <<'PY'
import os
import socket
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

silent = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))  # accepts, and never answers
client = botocore.session.get_session().create_client(
    "sts", region_name="us-west-2", aws_access_key_id="key", aws_secret_access_key="secret",
    endpoint_url=f"http://127.0.0.1:{os.environ['PORT']}",
    config=Config(read_timeout=1, retries={"total_max_attempts": 1}))
try:
    client.get_caller_identity()
except ReadTimeoutError as error:
    print(f"{type(error).__name__}: response is {error.response!r},",
          f"getattr with a default is {getattr(error, 'response', {})!r}")
    assert not isinstance(error, ClientError) and hasattr(error, "response")
    assert getattr(error, "response", {}) is None
else:
    raise AssertionError("the call succeeded")
PY
