import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.app import App
from local.server import free_port
from local.supervisor import Supervisor


@pytest.fixture
def target() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def ports(target: socket.socket, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The proxy's port and the control's, of `python -m local.faults` as a process."""
    port, control = free_port(), free_port()
    proxy = f"valkey={port}:{target.getsockname()[1]}"
    command = ["-m", "local.faults", "--control", str(control), "--proxy", proxy]
    address = f"http://127.0.0.1:{control}/"
    app = App("faults", command, tmp_path, environment=os.environ, say=print, health=address)
    supervisor = Supervisor(print)
    try:
        supervisor.launch([app])
        supervisor.wait_for([app])
        yield port, control
    finally:
        supervisor.stop()


def test_the_control_shows_and_changes_a_proxys_mode(ports: tuple[int, int]) -> None:
    port, control = ports
    socket.create_connection(("127.0.0.1", port)).close()

    changed = ask(control, "valkey", {"mode": "refuse"})

    assert changed == (200, {"mode": "refuse", "latency_s": 1.0})
    assert ask(control, "") == (200, {"valkey": {"mode": "refuse", "latency_s": 1.0}})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


@pytest.mark.parametrize(
    ("name", "wanted", "status", "error"),
    [
        ("postgres", {"mode": "hang"}, 404, "there is only valkey"),
        ("valkey", {"mode": "explode"}, 400, "mode"),
        ("valkey", {"mode": "slow", "latency_s": -1}, 400, "latency_s"),
    ],
)
def test_invalid_changes_are_refused_with_a_reason(
    ports: tuple[int, int], name: str, wanted: dict[str, Any], status: int, error: str
) -> None:
    answer = ask(ports[1], name, wanted)

    assert answer[0] == status
    assert error in answer[1]["error"]


def ask(control: int, name: str, wanted: dict[str, Any] | None = None) -> tuple[int, Any]:
    body = None if wanted is None else json.dumps(wanted).encode()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{control}/{name}", body, 10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)
