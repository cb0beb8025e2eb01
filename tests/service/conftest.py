"""A server that several folders of these tests share."""

from collections.abc import Iterator

import pytest

from tests.conftest import _folder
from tests.service.mariadb import MariaDb


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDb]:
    """A MariaDB, whose tables stay: each test is an author of its own."""
    with MariaDb(_folder(tmp_path_factory, "mariadb")) as server:
        yield server
