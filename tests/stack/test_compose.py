"""compose.yaml is valid, and gives the service the environment that it needs."""

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from service import settings
from tests.stack import recorder
from tests.stack.recorder import ROOT

TEXT = (ROOT / "compose.yaml").read_text()
START_S = 120.0  # a bound for a hang; the stand-in imports moto


def _validate(text: str) -> None:
    """Validate compose.yaml against the specification, after Compose's own substitutions."""
    resolved = yaml.safe_load(re.sub(r"\$\{\w+:-(\w+)\}", r"\1", text))
    compose_spec.PyOptions().from_yaml(json.dumps(resolved)).validate()


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TEXT)["services"]
    return found


@pytest.fixture(scope="module")
def data(services: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The volume of the stand-in, which was started as compose.yaml starts it."""
    folder = tmp_path_factory.mktemp("data")
    command = [part.replace("/data", str(folder)) for part in services["aws"]["command"]]
    command[command.index("--port") + 1] = "0"
    process = subprocess.Popen(
        [sys.executable, "-m", "local.aws", *command], cwd=ROOT, stdout=subprocess.PIPE
    )
    try:
        deadline = time.monotonic() + START_S
        while not (folder / "client.env").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield folder
    finally:
        process.terminate()
        process.communicate()


def test_it_follows_the_compose_specification() -> None:
    _validate(TEXT)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("stop_grace_period", "stop_grace"), ("service_healthy", "service_well")],
)
def test_the_validation_finds_a_mistake(right: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        _validate(TEXT.replace(right, wrong))


@pytest.mark.parametrize("name", ["worker", "api"])
def test_the_service_accepts_its_environment(
    services: dict[str, Any], data: Path, name: str
) -> None:
    environ = _sourced(services[name], data)

    loaded = settings.load(environ)

    assert [source.name for source in loaded.sources] == [
        "postgres",
        "valkey",
        "secrets_manager",
        "iam",
    ]
    assert not loaded.off
    assert loaded.process.health_port == 8081


def test_the_migration_needs_postgresql_alone(services: dict[str, Any]) -> None:
    loaded = settings.load(_plain(services["migrate"]["environment"]))

    assert "postgres" in [source.name for source in loaded.sources]


def test_a_service_starts_after_the_services_that_it_needs(services: dict[str, Any]) -> None:
    for service in services.values():
        for name, needed in service.get("depends_on", {}).items():
            condition = needed["condition"]
            one_shot = condition == "service_completed_successfully"
            assert one_shot or "healthcheck" in services[name]
    assert set(services["worker"]["depends_on"]) == {"aws", "valkey", "migrate"}
    assert services["api"]["network_mode"] == services["worker"]["network_mode"] == "service:aws"


def test_the_stores_are_those_of_the_cloud(services: dict[str, Any]) -> None:
    cloud = recorder.example()

    assert services["postgres"]["image"] == f"postgres:{cloud['heartbeat:postgresVersion']}"
    assert services["valkey"]["image"] == f"valkey/valkey:{cloud['heartbeat:valkeyVersion']}"


@pytest.mark.parametrize("name", ["aws", "migrate", "api", "worker"])
def test_our_own_containers_run_confined(services: dict[str, Any], name: str) -> None:
    service = services[name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def _sourced(service: dict[str, Any], data: Path) -> dict[str, str]:
    """Return the environment in which the service's entry point starts Python."""
    shell, flag, script = service["entrypoint"]
    script = script.replace("/data", shlex.quote(str(data))).replace("$$", "$")
    script = script.replace(
        "exec python -m service", f"exec {shlex.quote(sys.executable)} -c {PRINT}"
    )
    done = subprocess.run(
        [shell, flag, script, *service["command"]],
        env=_plain(service["environment"]),
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split("=", 1) for line in done.stdout.splitlines())


PRINT = shlex.quote("import os; [print(f'{k}={v}') for k, v in os.environ.items()]")


def _plain(environment: dict[str, str]) -> dict[str, str]:
    """Resolve Compose's `${NAME:-default}` with nothing set."""
    return {
        key: value.split(":-")[1].rstrip("}") if value.startswith("${") else value
        for key, value in environment.items()
    }
