"""Valid and invalid variables and URLs of a PostgreSQL replica."""

import pytest

from service.settings import ConfigurationError, load
from service.sources import postgres

POSTGRES = {"PGHOST": "db", "PGDATABASE": "app", "PGUSER": "me", "PGPASSWORD": "hunter2"}
URL = "postgresql://me:hunter2@db:6432/app"


def replica(environ: dict[str, str]) -> tuple[str | None, int | None]:
    first = load(environ).first(postgres.KIND)
    settings = first.settings if first else load(environ).sources[0].settings
    return settings.replica_host, settings.replica_port


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        (POSTGRES, (None, None)),
        (POSTGRES | {"PGREADHOST": "standby"}, ("standby", None)),
        (POSTGRES | {"PGREADHOST": "db", "PGREADPORT": "5433"}, ("db", 5433)),
        ({"DATABASE_URL": f"{URL}?replica=standby:5433"}, ("standby", 5433)),
        ({"DATABASE_URL": f"{URL}?replica=standby"}, ("standby", None)),
        ({"DATABASE_URL": f"{URL}?replica=[fd00::2]:5433"}, ("fd00::2", 5433)),
        ({"DATABASE_URL": URL, "PGREADHOST": "standby"}, ("standby", None)),
        ({"HEARTBEAT_SOURCE_ORDERS": f"{URL}?replica=standby"}, ("standby", None)),
    ],
)
def test_a_replica_is_named_by_variables_or_in_the_url(
    environ: dict[str, str], found: tuple[str | None, int | None]
) -> None:
    assert replica(environ) == found
    assert load(environ).warnings() == []


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        (POSTGRES | {"PGREADPORT": "5433"}, "PGREADPORT is set without PGREADHOST"),
        (POSTGRES | {"PGREADHOST": "db"}, "PGREADHOST is the primary itself"),
        (POSTGRES | {"PGREADHOST": "standby:5433"}, "PGREADHOST"),
        (POSTGRES | {"PGREADHOST": "standby", "PGREADPORT": "0"}, "PGREADPORT"),
        ({"PGREADHOST": "standby"}, "PGHOST"),
        ({"DATABASE_URL": f"{URL}?replica=db:6432"}, "DATABASE_URL (replica) is the primary"),
        ({"DATABASE_URL": f"{URL}?replica=a:5433:1"}, "DATABASE_URL (replica)"),
    ],
)
def test_an_invalid_replica_is_refused_by_its_variable(
    environ: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigurationError, match=problem.replace("(", r"\(").replace(")", r"\)")):
        load(environ)
