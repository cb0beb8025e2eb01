import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from local.aws.process import RunningAws
from tests.stack.cli import find
from tests.stack.engine import required
from tests.stack.engine.pulumi import Engine
from tests.stack.recorder import ROOT

STOP_S = 60.0  # a bound for a hang

NewEngine = Callable[..., Engine]


@pytest.fixture(scope="session")
def cli() -> str:
    """Return the path of the Pulumi CLI."""
    return required(find(), os.environ)


@pytest.fixture(scope="session")
def language() -> Iterator[int]:
    """Start the language host; yield its port."""
    with serving("tests.stack.engine.language") as port:
        yield port


@pytest.fixture(scope="module")
def new_engine(
    cli: str, language: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewEngine]:
    """Return a function that creates a stack with its own clouds, on a stand-in AWS if passed."""
    with ExitStack() as servers:

        def make(aws: RunningAws | None = None) -> Engine:
            folder = tmp_path_factory.mktemp("stack")
            (folder / "cloud").mkdir()
            command = ["tests.stack.engine.provider", str(folder / "cloud")]
            if aws:
                operator = folder / "operator.json"
                operator.write_text(json.dumps(aws.operator_environment()))
                command.append(str(operator))
            engine = Engine(cli, folder, language, servers.enter_context(serving(*command)))
            engine.start()
            return engine

        yield make


@contextmanager
def serving(module: str, *arguments: str) -> Iterator[int]:
    """Run a module as a process; yield the port that it prints in its first line."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(STOP_S)
