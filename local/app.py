"""The service's own processes, as App Platform would run them."""

import json
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.process import Process
from local.server import StartError

PROBE_S = 0.5
HEALTH_S = 5.0  # the first answer waits for every store, 2 s at most
INBOX_SECRET = "INBOX_SECRET"  # noqa: S105 - the name of the variable that holds it
# Prefixes of their variables; HEARTBEAT_SOURCE_* are kept: only Heartbeat uses them.
STORES = ("AWS_", "DATABASE_URL", "IAM_", "PG", "REDIS_URL", "SECRETS_MANAGER_", "VALKEY_")


class App:
    """One Python process of the service; its output goes to `say`.

    Args:
        name: The prefix of its lines.
        arguments: The arguments of `python -m`, or a script and its arguments.
        folder: Its working directory; created if missing.
        environment: Its complete environment.
        say: Takes its lines.
        health: The URL that answers 200 when it is ready; None if running means ready.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str],
        say: Callable[[str, str], None],
        health: str | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.process = Process(
            [sys.executable, *arguments],
            folder,
            lambda line: say(name, line),
            environment=environment,
        )
        self._health = health

    def launch(self) -> None:
        """Start the process; end one that is left from an earlier run."""
        self.process.end_leftovers()
        self.process.start()

    def ready(self) -> bool:
        """Tell whether it runs and its health endpoint, if any, answers 200 within 0.5 s."""
        if not self.process.running or self._health is None:
            return self.process.running
        try:
            with ask(self._health, PROBE_S) as answer:
                return bool(answer.status == HTTPStatus.OK)
        except OSError:
            return False


def beats(address: str) -> bool:
    """Tell whether the page's address reports a good state, or asks for a password."""
    from schema.status import Overall  # noqa: PLC0415  slow, and needed late

    try:
        with ask(f"{address}worker/health", HEALTH_S) as answer:
            return bool(json.load(answer)["overall_status"] == Overall.OK)
    except urllib.error.HTTPError as error:
        return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False


def ask(url: str, timeout_s: float) -> Any:  # Any: urllib's answers have no common type
    """Send a request to a server on this machine, without the environment's proxy."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return direct.open(url, timeout=timeout_s)


def app_environment(inherited: Mapping[str, str], stores: Mapping[str, str]) -> dict[str, str]:
    """Return our environment, with the local stores' variables instead of its own.

    So nothing of the shell (a production certificate, an AWS profile) is mixed in, and no HTTP
    proxy is used for this machine's own addresses.
    """
    kept = {name: value for name, value in inherited.items() if not name.startswith(STORES)}
    if sys.stdout.isatty():  # the processes write to a pipe, but a person reads it
        kept.setdefault("LOG_FORMAT", "text")
    direct = ",".join(filter(None, [kept.get("NO_PROXY"), "127.0.0.1", "localhost"]))
    return {**kept, **stores, "NO_PROXY": direct, "no_proxy": direct, "PYTHONUNBUFFERED": "1"}


def require_free(port: int) -> None:
    """Check that the API can listen there.

    Raises:
        StartError: It cannot.
    """
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        remedy = f"choose another: make run PORT={port + 1}, or python -m local --port {port + 1}"
        raise StartError(f"port {port} is in use; {remedy}") from error
