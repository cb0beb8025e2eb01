"""What several modules of these tests write history with."""

import pytest

from service.history.ledger import Ledger
from service.sources.postgres.store import Postgres


@pytest.fixture
def ledger(source: Postgres) -> Ledger:
    return Ledger(source, "worker")
