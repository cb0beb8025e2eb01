#!/usr/bin/env bash
# boto3's default retries repeat a call that failed because a quota is exhausted.
#
# Versions: boto3 1.44.8 and botocore 1.44.8. Seen: 2026-11-28.
# Most would expect: LimitExceededException of Secrets Manager means that the limit of versions is
#   reached. A retry cannot help, so it is raised immediately.
# What is: the default retry mode is "standard", whose list of throttling errors contains
#   LimitExceededException: the same write is sent three times before the error is raised.
source "$(dirname "$0")/ground.sh"
install boto3==1.44.8
python <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

class Refuses(BaseHTTPRequestHandler):
    asked = 0
    def do_POST(self):
        type(self).asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"__type": "LimitExceededException", "Message": "too many versions"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): ...

server = HTTPServer(("127.0.0.1", 0), Refuses)
threading.Thread(target=server.serve_forever, daemon=True).start()

def requests(config):
    Refuses.asked = 0
    client = boto3.client("secretsmanager", region_name="us-west-2", aws_access_key_id="a",
                          aws_secret_access_key="b", config=config,
                          endpoint_url=f"http://127.0.0.1:{server.server_port}")
    try:
        client.update_secret(SecretId="x", SecretString="y")
    except ClientError as error:
        assert error.response["Error"]["Code"] == "LimitExceededException"
    return Refuses.asked

default, one = requests(None), requests(Config(retries={"total_max_attempts": 1}))
print(f"requests: {default} by default, {one} with total_max_attempts=1")
assert (default, one) == (3, 1), (default, one)
PY
