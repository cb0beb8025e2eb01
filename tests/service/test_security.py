"""No secret is exposed, in health or in any failure: these tests search all output."""

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from local.aws.process import RunningAws
from local.postgres import Postgres
from local.valkey import Valkey
from service.api.described import described
from service.settings import Settings
from tests.service.processes import running
from tests.service.serving import asking

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("migrated")]

PASSWORD = "canary-of-the-dashboard"
CANARY = "canary-in-the-secret's-value"
REFUSING_ACCOUNT = "210987654321"
# Texts of drivers may appear in logs, which help to find a cause, but in no answer.
TEXTS = re.compile(
    r"Errno|Connect call failed|Connection refused|authentication failed|"
    r"connecting to 127|Could not connect|requested by the control"
)
NOWHERE_TEXTS = re.compile(r"Traceback|SELECT |INSERT |BEGIN PRIVATE|BEGIN EC PRIVATE")
FILES = ("/", "/client.js", "/openapi.json", "/nothing", "/%00")
# In answers not even those; and AWS's reason for refusing a session is for the log alone.
INNER = re.compile(r"\b[A-Z]\w+(?:Error|Exception)\b|is not authorized to")
PATHS = (
    *described().openapi()["paths"],
    "/",
    "/client.js",
    "/nothing",
    "/%00",
    "/openapi.json",
)


@dataclass
class Output:
    """Everything that the processes returned and logged.

    Attributes:
        answers: The answers by address, with headers.
        logs: The lines of the logs.
    """

    secrets: list[str]
    answers: dict[str, str] = field(default_factory=dict)
    logs: str = ""

    async def collect(self, client: httpx2.AsyncClient, when: str) -> None:
        """Request every endpoint, with the password and without."""
        for path in (*described().openapi()["paths"], *FILES):
            for who, auth in (("known", ("x", PASSWORD)), ("unknown", None)):
                client.cookies.clear()
                answer = await client.get(path, auth=auth)
                self.answers[f"{when}: {path} ({who})"] = f"{answer.headers}\n{answer.text}"

    def check(self) -> None:
        """Search the output for secrets."""
        everything = {**self.answers, "logs": self.logs}
        for where, text in everything.items():
            for secret in self.secrets:
                assert secret not in text, f"{where} holds a secret or an account id"
            found = NOWHERE_TEXTS.search(text)
            assert not found, f"{where} holds {found}"
        for where, text in self.answers.items():
            found = TEXTS.search(text)
            assert not found, f"{where} holds {found}"
            if "/client.js" not in where:
                found = INNER.search(text)
                assert not found, f"{where} holds {found}"


def secrets_of(environ: dict[str, str]) -> list[str]:
    """Return every secret of an environment, in each form in which it could appear."""
    key = environ["IAM_CLIENT_KEY"]
    pem_lines = base64.b64decode(key).decode().splitlines()[1:-1]
    named = [text for name, text in environ.items() if name.endswith("PASSWORD")]
    return [*named, key, *pem_lines, CANARY]


def accounts_of(environ: dict[str, str]) -> list[str]:
    """Return the account ids that Heartbeat or AWS could expose."""
    return [environ["IAM_ROLE_ARN"].split(":")[4], REFUSING_ACCOUNT]


@pytest.fixture
def guarded(environ: dict[str, str], operator: Any) -> Iterator[dict[str, str]]:
    """An environment with all stores, a password, a canary in the secret, and a short interval."""
    name = environ["SECRETS_MANAGER_SECRET_NAME"]
    before = operator.get_secret_value(SecretId=name)["SecretString"]
    operator.update_secret(SecretId=name, SecretString=json.dumps({"api_key": CANARY}))
    yield environ | {
        "DASHBOARD_PASSWORD": PASSWORD,
        "HEARTBEAT_INTERVAL_SECONDS": "1",
        "SECRET_VALUE_INTERVAL_SECONDS": "86400",
        "LOG_LEVEL": "DEBUG",
    }
    operator.update_secret(SecretId=name, SecretString=before)


async def test_no_secret_is_exposed_in_health_and_in_every_failure(
    guarded: dict[str, str],
    postgres: Postgres,
    valkey: Valkey,
    aws: RunningAws,
    tmp_path: Path,
) -> None:
    output = Output(secrets_of(guarded) + accounts_of(guarded))
    failures: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "postgres stopped": (postgres.stop, postgres.start),
        "postgres paused": (postgres.pause, postgres.resume),
        "valkey stopped": (valkey.stop, valkey.start),
        "valkey paused": (valkey.pause, valkey.resume),
        "secrets_manager refusing": (lambda: refuse(aws), aws.control.clear),
        "secrets_manager hanging": (aws.control.hang, aws.control.clear),
    }
    with (
        running("worker", "HEALTH_PORT", guarded, tmp_path) as worker,
        running("api", "PORT", guarded, tmp_path) as served,
    ):
        async with (
            httpx2.AsyncClient(base_url=served.url, timeout=60) as client,
            httpx2.AsyncClient(base_url=worker.url, timeout=60) as beside,
        ):
            await until_row(client, "postgres", "ok")
            await until_row(client, "secrets_manager", "ok")
            await output.collect(client, "healthy")
            for when, (begin, end) in failures.items():
                with undone(begin, end):
                    await until_row(client, when.split()[0], "error")
                    await output.collect(client, when)
                    output.answers[f"{when}: live"] = await seen_live(served.url)
                    output.answers[f"{when}: worker"] = (await beside.get("/metrics")).text
    output.logs = worker.log.read_text() + served.log.read_text()

    assert output.logs.count('"cycle"') > 3
    assert '"source_failing"' in output.logs
    output.check()


async def test_no_secret_is_exposed_when_stores_refuse_the_credentials(
    guarded: dict[str, str], aws: RunningAws
) -> None:
    output = Output(secrets_of(guarded) + accounts_of(guarded))
    wrong = guarded | {"PGPASSWORD": "canary-of-pg", "VALKEY_PASSWORD": "canary-of-vk"}
    output.secrets += secrets_of(wrong)
    with capture_logs() as logs, undone(lambda: refuse(aws), aws.control.clear):
        async with asking(wrong) as client:
            for name in ("postgres", "valkey", "secrets_manager", "iam"):
                await until_row(client, name, "error")
            await output.collect(client, "refused")
    output.logs = "\n".join(json.dumps(line, default=str) for line in logs)

    assert {line["error"] for line in logs if line["event"] == "reading_failed"} >= {"auth"}
    output.check()


def test_settings_do_not_print_secrets(settings: Settings, environ: dict[str, str]) -> None:
    output = f"{settings!r} {settings.sources!r} {settings.aws!r}"

    for secret in secrets_of(environ | {"DASHBOARD_PASSWORD": PASSWORD}):
        assert secret not in output


@asynccontextmanager
async def patience() -> AsyncIterator[None]:
    with anyio.fail_after(60):
        yield


async def until_row(client: httpx2.AsyncClient, name: str, status: str) -> None:
    """Wait until a row has this status."""
    async with patience():
        while True:
            document = (await client.get("/worker/status", auth=("x", PASSWORD))).json()
            row = document["iam"] if name == "iam" else document["timestamps"][name]
            if row["status"] == status and row["observed_at"] is not None:
                return
            await anyio.sleep(0.1)


async def seen_live(url: str) -> str:
    """Return the document that a page gets on its WebSocket."""
    token = base64.b64encode(f"x:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {token}"}
    async with connect(url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
        return str(await socket.recv())


def refuse(aws: RunningAws) -> None:
    """Make AWS refuse everything, with an error message that contains an account id."""
    message = f"User: arn:aws:iam::{REFUSING_ACCOUNT}:role/heartbeat is not authorized to do this"
    aws.control.fail("*", "AccessDeniedException", status=403, message=message)


@contextmanager
def undone(begin: Callable[[], object], end: Callable[[], object]) -> Iterator[None]:
    begin()
    try:
        yield
    finally:
        end()
