"""Every error of the API in one shape, and none that tells more than it should."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schema.responses import Problem

log = structlog.get_logger()


def add_handlers(app: FastAPI) -> None:
    """Answer every error of this app as a `Problem`."""

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        word = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        if error.status_code == HTTPStatus.NOT_FOUND:
            message = "there is nothing at this address"
        else:
            message = f"{request.method} is not for this address: {error.detail}"
        return problem(error.status_code, word, message, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:  # noqa: ARG001
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:])
        return problem(422, "invalid", f"{where}: {first['msg']}")

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        log.error("request_failed", path=request.url.path, exc_info=error)
        return problem(500, "failed", "this should not have happened; the log has more")


def problem(
    status: int, error: str, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """One error response."""
    body = Problem(error=error, message=message).model_dump_json()
    return Response(body, status, headers, media_type="application/json")
