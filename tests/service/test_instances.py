"""Stores that a URL defines, and the choice of the store for history."""

import pytest

from schema.errors import ErrorWord
from service.settings import ConfigurationError, Settings, load
from service.sources import postgres, valkey
from service.tls import TlsMode
from tests.service.tls_servers import CA

URL = "postgresql://me:hunter2@db.example.com:25060/app"
ORDERS = {"HEARTBEAT_SOURCE_ORDERS_DB": URL}
GROUP = {"PGHOST": "db.example.com", "PGPORT": "25060", "PGDATABASE": "app", "PGUSER": "me"}
GROUP |= {"PGPASSWORD": "hunter2"}


def problems(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as error:
        load(environ)
    assert "hunter2" not in str(error.value)
    return str(error.value)


def names(settings: Settings) -> list[tuple[str, str, str]]:
    return [(each.name, each.title, each.kind.name) for each in settings.sources]


def test_one_variable_configures_one_store_with_a_title() -> None:
    settings = load(ORDERS)

    assert names(settings) == [("orders_db", "Orders db", "postgres")]
    assert [kind.name for kind in settings.off] == ["valkey", "secrets_manager", "iam"]


def test_a_title_in_the_url_is_used() -> None:
    assert load({"HEARTBEAT_SOURCE_A": f"{URL}?title=Orders+%26+more"}).sources[0].title == (
        "Orders & more"
    )
    settings = load({"DATABASE_URL": f"{URL}?title=Main", "REDIS_URL": "redis://cache"})
    assert [each.title for each in settings.sources] == ["Main", "Valkey"]


def test_stores_of_urls_follow_those_of_variables_in_the_order_of_their_names() -> None:
    more = {"HEARTBEAT_SOURCE_B": "redis://b", "HEARTBEAT_SOURCE_A": "valkey://a"}

    settings = load(GROUP | {"VALKEY_HOST": "cache"} | more | ORDERS)

    assert [each.name for each in settings.sources] == ["postgres", "valkey", "a", "b", "orders_db"]
    first = settings.first(valkey.KIND)
    assert first is not None
    assert first.name == "valkey"


@pytest.mark.parametrize(
    ("query", "mode"),
    [
        ("", TlsMode.VERIFY_FULL),
        ("?sslmode=disable", TlsMode.DISABLE),
        ("?sslmode=require", TlsMode.REQUIRE),
        ("?sslmode=verify-ca", TlsMode.VERIFY_CA),
    ],
)
def test_the_sslmode_of_a_url_is_applied_to_postgresql(query: str, mode: TlsMode) -> None:
    settings = load({"DATABASE_URL": URL + query}).first(postgres.KIND)

    assert settings is not None
    assert settings.settings.tls is mode


@pytest.mark.parametrize(
    ("url", "mode", "verified"),
    [
        ("redis://h", TlsMode.DISABLE, True),
        ("valkey://h?ssl_cert_reqs=none", TlsMode.DISABLE, False),
        ("rediss://h", TlsMode.VERIFY_FULL, True),
        ("valkeys://h?ssl_cert_reqs=required", TlsMode.VERIFY_FULL, True),
        ("rediss://h?ssl_cert_reqs=optional", TlsMode.VERIFY_FULL, True),
        ("rediss://h?ssl_check_hostname=false", TlsMode.VERIFY_CA, True),
        ("rediss://h?ssl_cert_reqs=none", TlsMode.VERIFY_FULL, False),
    ],
)
def test_the_sslmode_of_a_url_is_applied_to_valkey(
    url: str, mode: TlsMode, *, verified: bool
) -> None:
    found = load({"HEARTBEAT_SOURCE_CACHE": url}).first(valkey.KIND)

    assert found is not None
    assert (found.settings.tls, found.settings.verified) == (mode, verified)


@pytest.mark.parametrize(
    ("url", "database"),
    [("redis://h", 0), ("redis://h/", 0), ("redis://h/3", 3), ("redis://h/3?db=4", 4)],
)
def test_the_database_number_is_taken_from_the_path_of_the_url(url: str, database: int) -> None:
    found = load({"HEARTBEAT_SOURCE_CACHE": url}).first(valkey.KIND)

    assert found is not None
    assert found.settings.database == database


def test_a_url_has_its_ca_in_a_second_variable() -> None:
    pem = CA.certificate_pem.decode()

    [source] = load(ORDERS | {"HEARTBEAT_SOURCE_ORDERS_DB_CA_CERT": pem}).sources

    assert source.settings.ca == pem


def test_a_remedy_names_the_variables_of_its_store() -> None:
    one, two = load(GROUP | ORDERS).sources

    assert "PG_CA_CERT" in one.remedies[ErrorWord.TLS]
    assert "HEARTBEAT_SOURCE_ORDERS_DB_CA_CERT" in two.remedies[ErrorWord.TLS]
    assert "HEARTBEAT_SOURCE_ORDERS_DB" in two.remedies[ErrorWord.AUTH]


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (
            "mongodb://me:hunter2@db/app",
            "mongodb:// is unknown: begin it with one of postgresql://",
        ),
        ("hunter2", "this is not a URL"),
        ("postgresql://me@db/app", "(password) is missing in the URL"),
        ("postgresql://me:hunter2@db", "(database) is missing in the URL"),
        ("postgresql://me:hunter2@/app", "names no host"),
        ("postgresql://me:hun@ter2@db/app", "percent-encode"),
        ("postgresql://me:hunter2@db:0/app", "(port): must be greater than"),
        ("postgresql://me:hunter2@db/app?sslmode=prefer", "(sslmode): must be 'disable'"),
        ("postgresql://me:hunter2@db/app?title=", "(title)"),
        ("redis://h/hunter2", "(db): must be a whole number"),
        ("rediss://h?ssl_cert_reqs=hunter2", "ssl_cert_reqs takes required, optional, none"),
    ],
)
def test_an_error_in_a_url_names_its_variable_and_does_not_repeat_it(
    url: str, problem: str
) -> None:
    text = problems({"HEARTBEAT_SOURCE_A": url})

    assert "HEARTBEAT_SOURCE_A" in text
    assert problem in text


def test_a_login_in_the_query_is_refused_and_a_part_of_it_is_never_named() -> None:
    text = problems({"REDIS_URL": "rediss://cache?Password=hun&ter2"})
    note = "REDIS_URL: Heartbeat does not use ssl, a parameter without a value in the URL"

    assert "write them before it, as rediss://USER:PASSWORD@HOST" in text
    assert "ter2" not in text
    assert load({"REDIS_URL": "rediss://cache?ssl=hun&ter2"}).notes == ()
    assert load({"REDIS_URL": "rediss://cache?ssl=hun&ter2"}).warnings() == [note]


@pytest.mark.parametrize(
    "name",
    [
        *("", "a", "A-B", "1A", "A__B", "_A", "A" * 51),
        *("CYCLE", "TIMESTAMP", "IAM", "VALKEY", "WORKER"),
    ],
)
def test_an_invalid_or_duplicate_name_is_refused(name: str) -> None:
    assert f"HEARTBEAT_SOURCE_{name}: " in problems({f"HEARTBEAT_SOURCE_{name}": URL})


def test_two_stores_of_one_name_are_refused_with_both_variables() -> None:
    text = problems(GROUP | {"HEARTBEAT_SOURCE_POSTGRES": URL})

    assert "two stores are named postgres: PGHOST and HEARTBEAT_SOURCE_POSTGRES" in text


def test_a_ca_without_its_store_is_refused() -> None:
    text = problems(GROUP | {"HEARTBEAT_SOURCE_A_CA_CERT": CA.certificate_pem.decode()})

    assert "HEARTBEAT_SOURCE_A_CA_CERT is set without HEARTBEAT_SOURCE_A" in text


def test_every_problem_is_named_at_once() -> None:
    text = problems(
        {
            "DATABASE_URL": "hunter2",
            "VALKEY_URL": "rediss://cache:port",
            "HEARTBEAT_SOURCE_A": "mongodb://me:hunter2@db",
            "HEARTBEAT_SOURCE_B-C": URL,
            "HISTORY_SOURCE": "d",
        }
    )

    for name in ("DATABASE_URL", "VALKEY_URL", "HEARTBEAT_SOURCE_A", "_B-C", "HISTORY_SOURCE='d'"):
        assert name in text


def test_an_invalid_url_hides_no_other_problem() -> None:
    text = problems(
        {
            "DATABASE_URL": "postgresql://me:hun@ter2@db/app",
            "PGPORT": "port",
            "HEARTBEAT_SOURCE_POSTGRES": "postgresql://db",
            "SECRETS_MANAGER_SECRET_NAME": "app",
        }
    )

    assert "DATABASE_URL: the URL is not percent-encoded" in text
    assert "PGPORT='port': must be a whole number" in text
    assert "two stores are named postgres: DATABASE_URL and HEARTBEAT_SOURCE_POSTGRES" in text
    assert "HEARTBEAT_SOURCE_POSTGRES (password) is missing in the URL" in text
    assert "AWS Secrets Manager needs the AWS identity: set AWS_REGION, IAM_CLIENT_CERT" in text
    assert "PGHOST is not set" not in text
    assert text.count("\n") == 7  # the second URL lacks three parts


def test_a_platforms_url_replaces_the_single_variables() -> None:
    settings = load({"DATABASE_URL": URL, "REDIS_URL": "rediss://default:x@cache:25061"})

    assert names(settings) == [
        ("postgres", "PostgreSQL", "postgres"),
        ("valkey", "Valkey", "valkey"),
    ]
    found = settings.first(postgres.KIND)
    by_group = load(GROUP).first(postgres.KIND)
    assert found is not None
    assert by_group is not None
    assert found.settings == by_group.settings


def test_single_variables_may_repeat_and_complete_a_url() -> None:
    pem = CA.certificate_pem.decode()
    more = {"PGSSLMODE": "verify-ca", "PG_CA_CERT": pem}

    found = load(GROUP | {"DATABASE_URL": URL} | more).first(postgres.KIND)

    assert found is not None
    assert (found.settings.tls, found.settings.ca) == (TlsMode.VERIFY_CA, pem)


@pytest.mark.parametrize(
    ("environ", "one", "other"),
    [
        ({"DATABASE_URL": URL, "PGHOST": "elsewhere"}, "DATABASE_URL", "PGHOST"),
        ({"DATABASE_URL": URL, "PGPASSWORD": "Hunter2"}, "DATABASE_URL", "PGPASSWORD"),
        (
            {"DATABASE_URL": f"{URL}?sslmode=require", "PGSSLMODE": "verify-full"},
            "sslmode",
            "PGSSL",
        ),
        ({"VALKEY_URL": "redis://a", "REDIS_URL": "redis://b"}, "REDIS_URL", "VALKEY_URL"),
        ({"REDIS_URL": "redis://a", "VALKEY_SSLMODE": "verify-ca"}, "REDIS_URL", "VALKEY_SSLMODE"),
    ],
)
def test_two_contradictory_variables_are_refused_with_both_names(
    environ: dict[str, str], one: str, other: str
) -> None:
    text = problems(environ)

    assert "contradict each other" in text
    assert one in text
    assert other in text
    assert "Hunter2" not in text


def test_a_parameter_cannot_disable_the_tls_of_a_scheme() -> None:
    text = problems({"REDIS_URL": "rediss://cache", "VALKEY_SSLMODE": "disable"})

    assert "REDIS_URL (scheme): requires TLS, which VALKEY_SSLMODE=disable turns off" in text


def test_history_is_kept_in_the_first_postgresql_or_in_the_one_that_is_named() -> None:
    both = GROUP | ORDERS | {"HEARTBEAT_SOURCE_A": "redis://a"}

    for environ, where in (
        (both, "postgres"),
        (both | {"HISTORY_SOURCE": "orders_db"}, "orders_db"),
        (ORDERS, "orders_db"),
    ):
        history = load(environ).history
        assert history is not None
        assert history.name == where
    assert load({"HEARTBEAT_SOURCE_A": "redis://a"}).history is None


@pytest.mark.parametrize("name", ["a", "nowhere", "iam"])
def test_history_cannot_be_kept_where_there_is_no_postgresql(name: str) -> None:
    text = problems(ORDERS | {"HEARTBEAT_SOURCE_A": "redis://a", "HISTORY_SOURCE": name})

    assert f"HISTORY_SOURCE={name!r}" in text
    assert "orders_db" in text


@pytest.mark.parametrize(
    "environ",
    [
        {"HEARTBEAT_SOURCE_A": "postgresql://me@db/app", "HISTORY_SOURCE": "a"},
        {"DATABASE_URL": "postgresql://me@db/app", "HISTORY_SOURCE": "postgres"},
        {"PGHOST": "db", "HISTORY_SOURCE": "postgres"},
    ],
)
def test_a_store_with_a_problem_of_its_own_has_no_second_one_as_keeper_of_history(
    environ: dict[str, str],
) -> None:
    assert "HISTORY_SOURCE" not in problems(environ)


def test_unknown_parameters_and_unverified_servers_are_warnings() -> None:
    environ = {
        "DATABASE_URL": f"{URL}?sslmode=require&connect_timeout=3",
        "HEARTBEAT_SOURCE_A": "rediss://a?ssl_cert_reqs=none",
    }

    unknown, unverified, none = load(environ).warnings()

    assert "connect_timeout" in unknown
    assert "DATABASE_URL (sslmode)=require without PG_CA_CERT" in unverified
    assert "HEARTBEAT_SOURCE_A (ssl_cert_reqs)=none" in none


def test_settings_do_not_print_passwords() -> None:
    settings = load(ORDERS | {"REDIS_URL": "redis://me:hunter2@cache"})

    assert "hunter2" not in repr(settings)
