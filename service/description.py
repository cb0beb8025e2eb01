"""The API's description: what FastAPI cannot know by itself is added here."""

from typing import Any

from fastapi import FastAPI


def complete(app: FastAPI) -> None:
    """Make the app describe itself completely; the description is made when it is asked for."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:  # Any: the description is JSON
        return plain()

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
