from collections.abc import AsyncIterator
from typing import Annotated

import anyio
import httpx2
import pytest
from fastapi import FastAPI, HTTPException, Query
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import StreamingResponse
from structlog.testing import capture_logs

from service.api.described import invalid
from service.api.errors import refused
from service.api.metering import Meters
from service.api.middleware import add_middleware
from service.settings import load
from tests.service.serving import NOWHERE, served

pytestmark = pytest.mark.anyio


def app() -> FastAPI:
    app = FastAPI()
    add_middleware(app, load(NOWHERE), Meters())
    app.add_exception_handler(StarletteHTTPException, refused)
    app.add_exception_handler(RequestValidationError, invalid)

    @app.get("/defect")
    async def defect() -> None:
        raise RuntimeError("hunter2")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            yield "half"
            await anyio.lowlevel.checkpoint()
            raise RuntimeError("hunter2")

        return StreamingResponse(pieces())

    @app.get("/number")
    async def number(n: Annotated[int, Query(le=9)]) -> int:
        return n

    @app.get("/away")
    async def away() -> None:
        raise HTTPException(503, "PostgreSQL cannot be read", {"Retry-After": "1"})

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with (
        served(app()) as address,
        httpx2.AsyncClient(base_url=f"http://{address}") as client,
    ):
        yield client


async def test_a_defect_is_a_500_without_its_text_and_is_logged_once(
    client: httpx2.AsyncClient,
) -> None:
    with capture_logs() as logs:
        answer = await client.get("/defect")

    assert answer.status_code == 500
    assert answer.json()["error"] == "failed"
    assert "hunter2" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [(line["event"], line["path"]) for line in logs] == [("request_failed", "/defect")]


async def test_an_interrupted_response_does_not_look_complete(client: httpx2.AsyncClient) -> None:
    with capture_logs(), pytest.raises(httpx2.RemoteProtocolError):
        await client.get("/half")


@pytest.mark.parametrize(
    ("path", "status", "error", "message"),
    [
        ("/nothing", 404, "not_found", "there is nothing at this address"),
        ("/number", 422, "invalid", "n: Field required"),
        ("/number?n=x", 422, "invalid", "n: Input should be a valid integer"),
        ("/number?n=10", 422, "invalid", "n: Input should be less than or equal to 9"),
        ("/away", 503, "service_unavailable", "PostgreSQL cannot be read"),
    ],
)
async def test_every_error_has_the_common_form(
    client: httpx2.AsyncClient, path: str, status: int, error: str, message: str
) -> None:
    answer = await client.get(path)

    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}
    assert answer.json()["error"] == error
    assert answer.json()["message"].startswith(message)


async def test_headers_of_an_error_are_kept(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/away")

    assert answer.headers["retry-after"] == "1"
