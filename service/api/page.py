"""The page's files."""

from pathlib import Path

from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

WEB = Path(__file__).parents[2] / "web"


class Page(StaticFiles):
    """The files of `web/`, always whole: a part of a small file serves nobody.

    Starlette would refuse a bad range in a shape of its own.
    """

    def __init__(self) -> None:
        super().__init__(directory=WEB, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, as if no range were asked for."""
        headers = [header for header in scope["headers"] if header[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)
