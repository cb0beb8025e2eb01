import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from service.api.app import create
from service.api.described import described
from service.api.direct import Shortcut
from service.settings import load
from tests.service.serving import NOWHERE, served

pytestmark = pytest.mark.anyio


async def test_an_endpoint_without_parameters_is_answered_without_the_router() -> None:
    app = create(load(NOWHERE))
    operations = described().openapi()["paths"].items()
    plain = [path for path, each in operations if "parameters" not in each["get"]]
    assert {"/livez", "/worker/status", "/metrics"} <= set(plain)
    passed: list[str] = []
    router = app.router

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            passed.append(scope["path"])
        await router(scope, receive, send)

    app.router = watched  # type: ignore[assignment] # the app wants to call it, and no more

    async with served(app) as address, httpx2.AsyncClient(timeout=60) as client:
        for path in (*plain, "/history"):
            await client.get(f"http://{address}{path}")

    assert passed == ["/history"]


async def test_other_requests_pass_through_the_router() -> None:
    taken: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI's
        taken.append(scope["path"])

    async def nothing(*_: object) -> None: ...

    await Shortcut(app, ())({"type": "http", "path": "/livez"}, nothing, nothing)  # type: ignore[arg-type] # never called

    assert taken == ["/livez"]
