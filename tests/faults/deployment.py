"""Worker and API as processes on real servers, each store behind a proxy."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx2
import redis
from anyio.from_thread import BlockingPortal, start_blocking_portal

from local.aws.environment import environment
from local.aws.process import RunningAws
from local.proxy import Mode, Proxy, serving
from local.valkey import Valkey
from tests.faults.more_stores import MoreStores
from tests.platform import admin
from tests.platform.replica import Primary, Standby, streaming
from tests.platform.standin import standin
from tests.service.processes import Running, running
from tests.service.upgraded import migrate

TITLES = {"postgres": "PostgreSQL", "valkey": "Valkey", "secrets_manager": "AWS Secrets"}
KEPT = "SELECT source, stamp FROM heartbeat_beats"
INTERVAL_S = 2.5
ALL_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
SYNCHRONOUS = (  # so that a failover loses no confirmed write
    "ALTER SYSTEM SET synchronous_standby_names = '*'",
    "SELECT pg_reload_conf()",
)
MOST_S = 60.0  # a bound for a hang


@dataclass
class Deployment:
    """The processes and servers that a fault can disturb.

    Attributes:
        portal: The event loop of the proxies.
        proxies: The proxies by store; worker and API know only their addresses.
        primary: The PostgreSQL that is the first primary.
        standby: Its replica.
        valkey: The Valkey.
        aws: The stand-in AWS.
        worker: The worker's process.
        api: The API's process.
        database: The PostgreSQL that currently accepts writes.
        more: The further stores, None without any.
    """

    portal: BlockingPortal
    proxies: Mapping[str, Proxy]
    primary: Primary
    standby: Standby
    valkey: Valkey
    aws: RunningAws
    worker: Running
    api: Running
    database: Primary
    more: MoreStores | None = None

    @property
    def titles(self) -> dict[str, str]:
        """Each store's title in sentences, by slug."""
        return TITLES | (self.more.titles if self.more else {})

    def switch(self, store: str, mode: Mode) -> None:
        """Make a store's proxy pass, hang, refuse or cut connections."""
        self.portal.call(self.proxies[store].switch, mode)

    def lead_to(self, port: int) -> None:
        """Redirect PostgreSQL's address to another port, and end the current sessions."""
        self.proxies["postgres"].target_port = port
        self.end_sessions()

    def end_sessions(self) -> None:
        """End all sessions of the PostgreSQL that accepts writes."""
        self.sql(ALL_SESSIONS)

    def sql(self, *statements: str) -> list[Any]:  # Any: the rows of the last one
        """Run statements as the superuser on the server that accepts writes."""

        async def run() -> list[Any]:
            environ = self.database.environment
            connection = await admin.postgres(environ)
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return list(await connection.fetch(statements[-1]))
            finally:
                await connection.close()

        return anyio.run(run)

    def keys(self) -> redis.Redis:
        """Return a client of Valkey that bypasses the proxy."""
        environ = self.valkey.environment
        return redis.Redis(port=int(environ["VALKEY_PORT"]), password=environ["VALKEY_PASSWORD"])

    def operator(self) -> Any:  # Any: boto3's clients are made at run time
        """Return a client of Secrets Manager with all rights."""
        return admin.operator(self.aws, "secretsmanager")

    def cycles(self) -> list[dict[str, Any]]:
        """Return the worker's log lines of its cycles so far."""
        lines = (json.loads(line) for line in self.worker.log.read_text().splitlines())
        return [line for line in lines if line["event"] == "cycle"]

    def lost(self, stamps: set[str]) -> set[tuple[str, str]]:
        """Return store and stamp of these cycles' outcomes that the database lacks."""
        kept = {(row["source"], row["stamp"].isoformat()) for row in self.sql(KEPT)}
        return {(name, stamp) for name in self.titles for stamp in stamps} - kept

    def health(self) -> tuple[int, str]:
        """Request `/worker/health`; return the status and the sentence."""
        response = httpx2.get(f"{self.api.url}/worker/health", timeout=20)
        return response.status_code, response.json()["diagnosis"]["message"]


@contextmanager
def deployment(folder: Path, more: MoreStores | None = None) -> Iterator[Deployment]:
    """Start a deployment; yield it after its first cycles.

    Args:
        folder: Receives the servers' data; PostgreSQL's own user must be able to enter it.
        more: Further running stores to watch.
    """
    with ExitStack() as stack:
        primary, standby = stack.enter_context(streaming(folder))
        valkey = stack.enter_context(Valkey(folder / "valkey"))
        aws = stack.enter_context(standin(folder / "aws"))
        portal = stack.enter_context(start_blocking_portal())
        ports = {"postgres": primary.port, "valkey": valkey.port, "secrets_manager": aws.port}
        ports |= more.ports if more else {}
        proxies = {name: portal.call(Proxy, port) for name, port in ports.items()}
        stack.enter_context(portal.wrap_async_context_manager(serving(*proxies.values())))
        environ = {
            **primary.environment,
            **valkey.environment,
            **environment(aws.data_dir, proxies["secrets_manager"].port),
            "PGPORT": str(proxies["postgres"].port),
            "VALKEY_PORT": str(proxies["valkey"].port),
            "HEARTBEAT_INTERVAL_SECONDS": str(INTERVAL_S),
            "LOG_FORMAT": "json",
        }
        if more:
            addresses = {name: proxy.port for name, proxy in proxies.items()}
            environ |= more.environment(addresses, Path(environ["AWS_CA_BUNDLE"]), folder)
        migrate(primary.environment)
        worker = stack.enter_context(running("worker", "HEALTH_PORT", environ, folder))
        api = stack.enter_context(running("api", "PORT", environ, folder))
        made = Deployment(
            portal, proxies, primary, standby, valkey, aws, worker, api, primary, more
        )
        made.sql(*SYNCHRONOUS)
        give_up = time.monotonic() + MOST_S
        while made.health()[0] != 200 or len(made.cycles()) < 2:
            assert time.monotonic() < give_up, made.health()
            time.sleep(0.2)
        yield made
