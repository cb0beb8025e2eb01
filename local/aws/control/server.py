"""The HTTP control that tests and benches hold; plain HTTP, and only if requested."""

import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from local.aws.account import Aws
from local.aws.control.faults import Fault
from local.aws.wire.loopback import LoopbackServer


class ClockMove(BaseModel):
    """Moves of the clock, in seconds; see `local.aws.clock`.

    Attributes:
        advance_s: Added to the time that has passed.
        skew_s: Replaces AWS's difference from its clients' clocks.
    """

    advance_s: float = 0
    skew_s: float | None = None


class Limit(BaseModel):
    """A rate for one operation, in calls a second."""

    operation: str
    per_second: float = Field(ge=0)


class Lifetime(BaseModel):
    """The lifetime of new sessions; None for AWS's rules."""

    lifetime_s: float | None


class ControlServer(LoopbackServer):
    """Serves the control of `aws`."""

    def __init__(self, address: tuple[str, int], aws: Aws) -> None:
        super().__init__(address, _Request)
        self._aws = aws

    def answer(self, path: str, document: Any) -> Any:  # Any: JSON
        """Execute a POST to `path`.

        Raises:
            ValidationError: The document is invalid for this path.
            KeyError: There is no such path.
        """
        aws = self._aws
        match path:
            case "/faults":
                aws.faults.add(Fault.model_validate(document))
            case "/faults/clear":
                aws.faults.clear()
            case "/limits":
                limit = Limit.model_validate(document)
                aws.limits.set(limit.operation, limit.per_second)
            case "/sessions":
                aws.sessions.lifetime_s = Lifetime.model_validate(document).lifetime_s
            case "/clock":
                self._move(ClockMove.model_validate(document))
            case "/counters/reset":
                aws.counters.reset()
            case "/reset":
                self._reset()
            case "/counters":
                return aws.counters.snapshot(aws.faults.hanging).model_dump()
            case _:
                raise KeyError(path)
        return {}

    def _move(self, move: ClockMove) -> None:
        self._aws.clock.advanced_s += move.advance_s
        if move.skew_s is not None:
            self._aws.clock.skew_s = move.skew_s

    def _reset(self) -> None:
        self._aws.faults.clear()
        self._aws.limits.reset()
        self._aws.clock.reset()
        self._aws.sessions.lifetime_s = None
        self._aws.counters.reset()


class _Request(BaseHTTPRequestHandler):
    server: ControlServer

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        try:
            document = json.loads(self.rfile.read(length) or b"{}")
            self._reply(200, self.server.answer(self.path, document))
        except (ValueError, ValidationError) as error:
            self._reply(400, {"error": str(error)})
        except KeyError:
            self._reply(404, {"error": f"no such control: {self.path}"})

    def _reply(self, status: int, document: Any) -> None:  # Any: JSON
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Log nothing."""
