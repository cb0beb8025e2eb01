"""`python -m local.faults`: proxies in front of the stores, with an HTTP control for faults."""

import argparse
from collections.abc import Mapping, Sequence
from http import HTTPStatus

import anyio
import uvicorn
from pydantic import BaseModel, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.proxy import DEFAULT_LATENCY_S, HOST, Mode, Proxy, serving


class Setting(BaseModel):
    """A proxy's mode; `latency_s` is used only in mode `slow`."""

    mode: Mode
    latency_s: float = Field(default=DEFAULT_LATENCY_S, gt=0, le=60)


def control(proxies: Mapping[str, Proxy]) -> Starlette:
    """Make an HTTP application that controls named proxies.

    `GET /` returns all settings; `POST /NAME` with a `Setting` as JSON changes one.
    """

    def tell(_request: Request) -> Response:
        return JSONResponse({name: setting(proxy) for name, proxy in proxies.items()})

    async def change(request: Request) -> Response:
        proxy = proxies.get(request.path_params["name"])
        if proxy is None:
            error = f"there is only {', '.join(proxies)}"
            return JSONResponse({"error": error}, HTTPStatus.NOT_FOUND)
        try:
            wanted = Setting.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        await proxy.switch(wanted.mode, wanted.latency_s)
        return JSONResponse(setting(proxy))

    def setting(proxy: Proxy) -> dict[str, object]:
        return Setting(mode=proxy.mode, latency_s=proxy.latency_s).model_dump(mode="json")

    return Starlette(routes=[Route("/", tell), Route("/{name}", change, methods=["POST"])])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM: `--control PORT --proxy NAME=PORT:TARGET …`."""
    parser = argparse.ArgumentParser(prog="python -m local.faults", description=__doc__)
    parser.add_argument("--control", type=int, required=True, help="port of the control")
    parser.add_argument("--proxy", action="append", required=True, metavar="NAME=PORT:TARGET")
    options = parser.parse_args(arguments)
    anyio.run(serve, options.control, options.proxy)


def parsed(text: str) -> tuple[str, Proxy]:
    """Parse `NAME=PORT:TARGET` into a name and a proxy."""
    name, _, ports = text.partition("=")
    port, _, target = ports.partition(":")
    return name, Proxy(int(target), port=int(port))


async def serve(port: int, descriptions: Sequence[str]) -> None:
    """Serve the proxies described, and their control on a port of 127.0.0.1."""
    proxies = dict(map(parsed, descriptions))
    config = uvicorn.Config(control(proxies), host=HOST, port=port, log_level="warning")
    async with serving(*proxies.values()):
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    main()
