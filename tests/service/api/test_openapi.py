import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest

from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.api.described import described
from service.api.examples import examples
from service.api.password import OPEN
from service.connections import close, connect
from service.settings import load
from tests.service.processes import ROOT, running

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return described().openapi()


def test_the_openapi_document_is_printed_without_an_environment_and_is_stable(
    document: dict[str, Any],
) -> None:
    command = [sys.executable, "-m", "service", "openapi"]
    done = subprocess.run(command, cwd=ROOT, env={}, check=True, capture_output=True)

    assert done.stdout.decode() == json.dumps(document, indent=2) + "\n"
    assert done.stderr == b""


def test_every_endpoint_has_a_summary_and_a_description(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]


def test_every_response_has_a_valid_example(document: dict[str, Any]) -> None:
    shown = 0
    for path, operations in document["paths"].items():
        content = operations["get"]["responses"]["200"]["content"]
        if path == "/metrics" or path in NO_DOCUMENT:
            continue
        answer = content["application/json"]
        schema = {**answer["schema"], "components": document["components"]}
        jsonschema.validate(answer["example"], schema, jsonschema.Draft202012Validator)
        shown += 1

    assert shown >= len(examples())


def test_every_closed_endpoint_names_the_password_and_its_refusals(
    document: dict[str, Any],
) -> None:
    for path, operations in document["paths"].items():
        operation = operations["get"]
        closed = path not in OPEN

        assert bool(operation["security"]) is closed
        assert ({"401", "429"} <= set(operation["responses"])) is closed
        assert {"password", "session"} == set(document["components"]["securitySchemes"])


def test_every_documented_error_has_the_common_form(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for status, response in operations["get"]["responses"].items():
            if status[0] in "4d":
                schema = response["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}


NO_DOCUMENT = {"/history.csv", "/history.ndjson"}  # many lines, whose tests read them as records


EXAMPLES_MAX = 10  # of each endpoint; the whole run takes about ten seconds
# A window beyond what is kept is refused, which JSON Schema cannot say.
CONFIGURATION = """
[[operations]]
include-path-regex = "^/(history|history.csv|history.ndjson|incidents)$"
checks.positive_data_acceptance.enabled = false
"""


async def test_generated_requests_conform_to_the_openapi_document(
    environ: dict[str, str], tmp_path: Path
) -> None:
    await stamp_all_stores(environ)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION)
    options = f"--mode all --seed 1 --max-examples {EXAMPLES_MAX} --no-color"
    program = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)]
    with running("api", "PORT", environ, tmp_path) as api_process:
        command = [*program, "run", f"{api_process.url}/openapi.json", *options.split()]
        done = await anyio.run_process(command, cwd=tmp_path, check=False)
        log = api_process.log.read_text()

    assert done.returncode == 0, done.stdout.decode()
    assert "request_failed" not in log


async def stamp_all_stores(environ: dict[str, str]) -> None:
    """Write one heartbeat to every store, as the worker does."""
    sources = connect(load(environ))
    heartbeat = Heartbeat(name="worker", timestamp=utc_now())
    for source in sources.values():
        await source.write(heartbeat)
    await close(sources)
