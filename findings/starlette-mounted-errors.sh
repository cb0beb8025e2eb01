#!/usr/bin/env bash
# An app that is mounted in another one answers its own errors; the outer app's answer is thrown away.
#
# Versions: Starlette 1.10.0. Seen: 2026-11-28.
# Most would expect: exception_handlers of the outer app form the answers of everything below it, as
#   exceptions of a mounted app pass through the Mount, so that all errors have one shape.
# What is: every app has middleware of its own that answers errors. For a defect below the mount, the inner
#   app sends its plain text; the outer handler of Exception is called as well, and what it returns is
#   never sent. For an unknown path below the mount, the outer handler of HTTPException is not called.
source "$(dirname "$0")/ground.sh"
install starlette==1.10.0 httpx2==2.16.2
python <<'PY'
import asyncio
import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

called = []

async def defect(request):
    raise ValueError("a defect")

async def handle(request, error):
    called.append(type(error).__name__)
    return JSONResponse({"error": type(error).__name__}, getattr(error, "status_code", 500))

inner = Starlette(routes=[Route("/defect", defect)])
outer = Starlette(
    routes=[Route("/defect", defect), Mount("/inner", inner)],
    exception_handlers={Exception: handle, HTTPException: handle})

async def main():
    seen = {}
    transport = httpx2.ASGITransport(app=outer, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
        for path in ("/defect", "/nothing", "/inner/defect", "/inner/nothing"):
            before = len(called)
            answer = await client.get(path)
            print(path, answer.status_code, answer.headers["content-type"], answer.text, called[before:])
            seen[path] = (answer.headers["content-type"].split(";")[0], called[before:])
    assert seen == {
        "/defect": ("application/json", ["ValueError"]),
        "/nothing": ("application/json", ["HTTPException"]),
        "/inner/defect": ("text/plain", ["ValueError"]),
        "/inner/nothing": ("text/plain", []),
    }, seen

asyncio.run(main())
PY
