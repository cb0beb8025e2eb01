"""Heartbeat in one folder: the servers, and the service that uses them."""

import base64
import os
import secrets
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from local.app import INBOX_SECRET, App, app_environment, beats
from local.cloud import Cloud
from local.keeper import Say
from local.mariadb import MariaDb
from local.postgres import Postgres
from local.server import free_port
from local.supervisor import Supervisor
from local.valkey import Valkey

MYSQL, S3 = MORE = ("mysql", "s3")  # what `--with` may name
FIRST_BEAT_S = 30.0  # by then, the page explains better what is wrong


@dataclass(frozen=True)
class Options:
    """Options of the command line.

    Attributes:
        port: The dashboard's port.
        interval_s: Seconds between two heartbeats.
        services_only: Whether only the stores run, without the service.
        faults: Whether outages can be staged.
        env_file: The file for the stores' variables; None for no file.
        more: Further stores, of `MORE`.
    """

    port: int
    interval_s: float
    services_only: bool
    faults: bool
    env_file: Path | None
    more: tuple[str, ...] = ()


class Machine:
    """Starts everything in the order of its dependencies, as early as possible."""

    def __init__(self, home: Path, options: Options, supervisor: Supervisor, say: Say) -> None:
        self._home = home
        self._options = options
        self._supervisor = supervisor
        self._say = say
        self._cloud_control = free_port() if options.faults else None
        self._cloud = Cloud(home / "aws", control_port=self._cloud_control)
        self._valkey = Valkey(home / "valkey")
        self._postgres = Postgres(home / "postgres")
        self._more = [MariaDb(home / "mariadb")] if MYSQL in options.more else []

    def start(self) -> None:
        """Start everything; return when it is ready, or when a signal asks to stop.

        Raises:
            StartError: Something did not start.
        """
        servers = [self._cloud, self._valkey, self._postgres, *self._more]
        for server in servers:
            verb = "starting" if server.folder.exists() else "creating its data, and starting"
            self._say(server.name, f"{verb} on port {server.port}")
        self._supervisor.launch(servers)
        if not self._options.services_only:
            self._migrate()  # while the stand-in for AWS starts
        self._supervisor.wait_for(servers)
        if self._supervisor.stopping:
            return
        stores = {name: value for each in servers for name, value in each.environment.items()}
        if S3 in self._options.more:
            stores |= self._cloud.bucket
        if self._options.faults:
            stores |= self._start_proxies(stores)
        if self._options.env_file:
            self._write(stores, self._options.env_file)
        if self._options.services_only:
            self._say("local", "the stores are running (Ctrl-C stops them)")
        else:
            self._start_service(app_environment(os.environ, stores))

    def _migrate(self) -> None:
        self._supervisor.wait_for([self._postgres])
        environment = app_environment(os.environ, self._postgres.environment)
        self._supervisor.complete(self._app("migrate", ["service", "migrate"], environment))

    def _start_proxies(self, stores: Mapping[str, str]) -> dict[str, str]:
        """Start proxies for PostgreSQL and Valkey, and return their ports."""
        ports = {"PGPORT": free_port(), "VALKEY_PORT": free_port()}
        control = free_port()
        address = f"http://127.0.0.1:{control}/"
        arguments = ["local.faults", "--control", str(control)]
        for name, variable in (("postgres", "PGPORT"), ("valkey", "VALKEY_PORT")):
            arguments += ["--proxy", f"{name}={ports[variable]}:{stores[variable]}"]
        proxies = self._app("faults", arguments, os.environ, health=address)
        self._supervisor.launch([proxies])
        self._supervisor.wait_for([proxies])
        cloud = f"http://127.0.0.1:{self._cloud_control}/faults"
        for what, body, url in (
            ("PostgreSQL hangs (or refuse, slow, cut; valkey)", '{"mode": "hang"}', "postgres"),
            ("PostgreSQL works again", '{"mode": "pass"}', "postgres"),
            ("AWS hangs", '{"operation": "*", "hang": true}', cloud),
            ("AWS works again", "{}", f"{cloud}/clear"),
        ):
            self._say("faults", f"{what}: curl -d '{body}' {urljoin(address, url)}")
        return {name: str(port) for name, port in ports.items()}

    def _start_service(self, environment: Mapping[str, str]) -> None:
        port = str(self._options.port)
        address = f"http://127.0.0.1:{port}/"
        environment = {
            **environment,
            "HEARTBEAT_INTERVAL_SECONDS": f"{self._options.interval_s:g}",
            "HEALTH_PORT": str(free_port()),
            "HOST": "127.0.0.1",
        }
        worker = self._app("worker", ["service", "worker"], environment)
        with_inbox, inbox = self._inbox(environment, address)
        listen = ["--host", "127.0.0.1", "--port", port]
        api = self._app("api", ["service", "api", *listen], with_inbox, f"{address}healthz")
        for app in (worker, inbox, api):
            self._say(app.name, "starting")
        self._supervisor.launch([worker, inbox, api])
        self._supervisor.watch(until=api.ready)
        self._say("local", "waiting for the first heartbeat")
        give_up = time.monotonic() + FIRST_BEAT_S
        self._supervisor.watch(until=lambda: beats(address) or time.monotonic() > give_up)
        if not self._supervisor.stopping:
            self._say("local", f"everything runs; Ctrl-C stops it. The page: {address}")

    def _inbox(self, environment: Mapping[str, str], page: str) -> tuple[dict[str, str], App]:
        """Make a receiver of alerts, and the API's environment with it as an additional target."""
        port = free_port()
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        address = f"http://127.0.0.1:{port}/inbox"
        target = f"webhook+http://127.0.0.1:{port}/?secret={secret}"
        targets = " ".join(filter(None, [environment.get("ALERT_TARGETS"), target]))
        with_inbox = {"PUBLIC_URL": page, **environment, "ALERT_TARGETS": targets}
        inbox = {**environment, INBOX_SECRET: secret}
        self._say("inbox", f"alerts arrive at {address}")
        return with_inbox, self._app("inbox", ["local.inbox", "--port", str(port)], inbox, address)

    def _app(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        health: str | None = None,
    ) -> App:
        folder = self._home / name
        command = ["-m", *arguments]
        return App(name, command, folder, environment=environment, say=self._say, health=health)

    def _write(self, stores: Mapping[str, str], file: Path) -> None:
        """Write variables as lines that a shell can source, readable only by their owner."""
        file.unlink(missing_ok=True)  # an existing file may be readable by others
        file.touch(mode=0o600)
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(stores.items())]
        file.write_text("".join(lines))
        path = shlex.quote(str(file.resolve()))  # sh searches PATH for a name without a slash
        source = f"set -a; . {path}; set +a"
        self._say("local", f"to reach the stores from a shell: {source}")
