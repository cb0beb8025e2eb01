"""compose.yaml with what `--platform docker` changes in it."""

import json
from typing import Any

import compose_spec
import pytest

from tests.platform import docker, files

PASSWORD = "of the session"
CHOSEN = {f"HEARTBEAT_TEST_{name}_PORT": "20000" for name in docker.PORTS} | {
    "HEARTBEAT_TEST_PASSWORD": PASSWORD
}


@pytest.fixture
def both() -> dict[str, Any]:
    return files.merged(*(files.read(file, CHOSEN) for file in docker.FILES))


def test_both_together_follow_the_compose_specification(both: dict[str, Any]) -> None:
    _validate(both)


def test_a_slip_would_be_found(both: dict[str, Any]) -> None:
    both["services"]["aws"]["restarts"] = "no"

    with pytest.raises(ValueError, match="restarts"):
        _validate(both)


def test_every_store_is_published_on_this_machine_alone(both: dict[str, Any]) -> None:
    stores = [both["services"][name] for name in ("postgres", "valkey", "aws")]

    ports = [port for store in stores for port in store["ports"]]
    assert len(ports) == len(docker.PORTS)
    assert all(port.startswith("127.0.0.1:20000:") for port in ports)


def test_every_store_has_a_health_to_wait_for_and_no_life_of_its_own(both: dict[str, Any]) -> None:
    for name in ("postgres", "valkey", "aws"):
        assert both["services"][name]["healthcheck"]["test"]
        assert both["services"][name]["restart"] == "no"


def test_the_password_is_the_sessions_everywhere(both: dict[str, Any]) -> None:
    postgres, valkey = both["services"]["postgres"], both["services"]["valkey"]

    assert postgres["environment"]["POSTGRES_PASSWORD"] == PASSWORD
    assert valkey["command"][-1] == PASSWORD
    assert PASSWORD in valkey["healthcheck"]["test"]


def _validate(both: dict[str, Any]) -> None:
    compose_spec.PyOptions().from_yaml(json.dumps(both)).validate()
