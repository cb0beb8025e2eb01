"""The real Docker engine, for the tests that need one."""

import pytest

from tests.platform.docker import NO_ENGINE


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> None:
    """Nothing: the test runs with `--platform docker` alone."""
    if request.config.getoption("platform") != "docker":
        pytest.skip(NO_ENGINE)
