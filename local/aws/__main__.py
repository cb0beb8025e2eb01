"""Runs the stand-in: `python -m local.aws --data-dir DIR [--port P] [--control-port C]`."""

import argparse
import json
import os
import shlex
import signal
import ssl
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from service import garbage

if __name__ == "__main__":
    garbage.pause()  # the imports take a seventh less CPU time

from local.aws.account import Aws
from local.aws.clock import Clock
from local.aws.control.server import ControlServer
from local.aws.environment import environment
from local.aws.first_start import ensure_account, ensure_files
from local.aws.folder import Folder, write
from local.aws.state import load, save
from local.aws.wire.loopback import LoopbackServer
from local.aws.wire.server import AwsServer
from service.output import leave


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; one JSON line on stdout says when and where it is ready."""
    options = _parser().parse_args(arguments)
    folder = Folder(options.data_dir.resolve())
    try:
        ports = _start(folder, options)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.env_file is not None:
        variables = environment(folder.path, ports["port"]).items()
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(variables)]
        write(options.env_file, "".join(lines).encode())
    garbage.resume()
    sys.stdout.write(json.dumps({"event": "ready", **ports}) + "\n")
    sys.stdout.flush()
    stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.aws", description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True, help="kept between runs")
    # A container publishes no port that only its own loopback has.
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="HTTPS; 0 (default) for a free one")
    parser.add_argument("--control-port", type=int, help="HTTP; 0 for a free one; off by default")
    parser.add_argument("--env-file", type=Path, help="write there what a client needs, to source")
    parser.add_argument("--region", default="us-west-2")
    return parser


def _start(folder: Folder, options: argparse.Namespace) -> dict[str, int]:
    """Serve in separate threads; return the ports for the ready line."""
    aws = _account(folder, options.region)
    address = (options.host, options.port)
    server = AwsServer(address, _tls(folder), aws.handle, aws.counters)
    ports = {"port": _serve(server)}
    if options.control_port is not None:
        ports["control_port"] = _serve(ControlServer((options.host, options.control_port), aws))
    return ports


def _account(folder: Folder, region: str) -> Aws:
    keys = ensure_files(folder)
    state = load(folder, region)
    identity = ensure_account(folder, state, Clock())
    save(folder, state)  # at once: a first start that is killed leaves nothing incomplete
    write(folder.identity, identity.model_dump_json(indent=2).encode())
    return Aws(state, keys, lambda: save(folder, state))


def _tls(folder: Folder) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder.server)
    return context


def _serve(server: LoopbackServer) -> int:
    # A daemon thread: what is stored is replaced whole, so the process may end at any moment.
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.port


def _forget_who_runs_this() -> None:
    """Remove AWS's variables: moto's botocore must not read a person's profile and files."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        os.environ[name] = os.devnull


if __name__ == "__main__":
    _forget_who_runs_this()
    leave(main())
