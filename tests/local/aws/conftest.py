"""A stand-in AWS for all tests of this folder, and clients of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.process import RunningAws
from tests.local.aws.clients import Clients
from tests.platform.standin import standin


@pytest.fixture(scope="session")
def aws_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAws]:
    data_dir: Path = tmp_path_factory.mktemp("aws")
    with standin(data_dir) as aws:
        yield aws


@pytest.fixture
def aws(aws_process: RunningAws) -> RunningAws:
    """The stand-in without faults and without a rate limit for sessions."""
    aws_process.control.reset()
    aws_process.control.limit("CreateSession", 10_000)
    aws_process.control.limit("UpdateSecret", 10_000)
    return aws_process


@pytest.fixture(scope="session")
def _clients(aws_process: RunningAws) -> Clients:
    return Clients(aws_process)


@pytest.fixture
def clients(aws: RunningAws, _clients: Clients) -> Clients:  # noqa: ARG001 resets first
    return _clients
