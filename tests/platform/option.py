"""A pytest plugin: the option that chooses what the stores run on."""

import pytest

from tests.platform import docker


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--platform",
        choices=("embedded", "docker"),
        default="embedded",
        help="what the stores run on: embedded servers (default) or compose.yaml's containers",
    )


def pytest_sessionstart(session: pytest.Session) -> None:
    is_a_worker = hasattr(session.config, "workerinput")  # of pytest-xdist: its controller checks
    if session.config.getoption("platform") == "docker" and not is_a_worker:
        docker.require()


def pytest_report_header(config: pytest.Config) -> str:
    return f"platform: {config.getoption('platform')}"
