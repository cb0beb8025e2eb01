"""The real Docker engine, for the tests that need one."""

import pytest

from tests.platform.docker import NO_ENGINE


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> None:
    """Skip the test unless the run has `--platform docker`."""
    if request.config.getoption("platform") != "docker":
        pytest.skip(NO_ENGINE)
