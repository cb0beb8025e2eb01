"""The real stores and the stand-in for AWS, in a folder of their own, with ways to disturb them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.aws.process import RunningAws, running
from local.home import temporary
from local.postgres import Postgres
from local.valkey import Valkey

STORES = ("postgres", "valkey", "aws")
AWS_RATE = 100_000.0  # calls a second: the bench calls faster than AWS allows


@dataclass(frozen=True)
class Stores:
    """All three, running.

    Attributes:
        folder: Where more files may be put.
        until: When the run should end, on `time.monotonic()`.
    """

    folder: Path
    postgres: Postgres
    valkey: Valkey
    aws: RunningAws
    until: float

    @property
    def environ(self) -> dict[str, str]:
        """The environment of a process that uses all of them."""
        stores: Mapping[str, str] = {**self.postgres.environment, **self.valkey.environment}
        return {**stores, **self.aws.environment(), "NO_PROXY": "127.0.0.1", "LOG_LEVEL": "INFO"}

    @contextmanager
    def hung(self, store: str) -> Iterator[None]:
        """Let a store accept connections and answer nothing."""
        if store == "aws":
            self.aws.control.hang()
            try:
                yield
            finally:
                self.aws.control.clear()
            return
        server = self.postgres if store == "postgres" else self.valkey
        server.pause()
        try:
            yield
        finally:
            server.resume()

    @contextmanager
    def slow_aws(self, seconds: float) -> Iterator[None]:
        """Delay every call to AWS."""
        self.aws.control.delay("*", seconds)
        try:
            yield
        finally:
            self.aws.control.clear()


@contextmanager
def stores(budget_s: float) -> Iterator[Stores]:
    """Start all three, and stop them by their ids.

    Args:
        budget_s: How long the run may take from now.
    """
    until = time.monotonic() + budget_s
    with ExitStack() as stack:
        folder = stack.enter_context(temporary())
        folder.chmod(0o711)  # PostgreSQL's own user passes through
        aws = stack.enter_context(running(folder / "aws"))
        aws.control.limit("UpdateSecret", AWS_RATE)
        yield Stores(
            folder=folder,
            postgres=stack.enter_context(Postgres(folder / "postgres")),
            valkey=stack.enter_context(Valkey(folder / "valkey")),
            aws=aws,
            until=until,
        )
