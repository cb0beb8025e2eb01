"""The ledger of several test modules."""

import pytest

from service.history.ledger import Ledger
from service.sources.postgres.store import Postgres


@pytest.fixture
def ledger(source: Postgres) -> Ledger:
    return Ledger(source, "worker")
