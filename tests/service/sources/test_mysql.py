"""MySQL's driver and statements against a real MariaDB."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import cache

import anyio
import pymysql
import pytest
from sqlalchemy.exc import OperationalError

from local.proxy import Mode, Proxy, serving
from schema.errors import Cause, ErrorWord
from schema.heartbeat import Heartbeat
from schema.timestamps import utc_now
from service.environment import Environment
from service.errors import SourceError
from service.instances import by_urls
from service.kind import Shared
from service.settings import ConfigurationError, load
from service.sources import mysql
from service.sources.mysql import settings as mysql_settings
from service.sources.mysql.errors import translate
from service.sources.mysql.store import MySql
from tests.conftest import _folder
from tests.reality import Fact, reality
from tests.service import tls_servers
from tests.service.mariadb import DATABASE, USER, MariaDb

SERVER = "MariaDB 10.11, by aiomysql 0.3"
pytestmark = pytest.mark.anyio

CA, OTHER_CA = (ca.certificate_pem.decode() for ca in (tls_servers.CA, tls_servers.OTHER_CA))
CERTIFICATES = {
    "right": tls_servers.certificate("127.0.0.1"),
    "other host": tls_servers.certificate("db.example.com"),
    "plain text": None,
}
TABLE = f"{DATABASE}.last_update"


@pytest.fixture
async def store(mariadb: MariaDb, author: str) -> AsyncIterator[MySql]:
    """The source, on a database without any table."""
    mariadb.execute(f"DROP TABLE IF EXISTS {TABLE}")
    source = connected(mariadb.url("DISABLED"), author)
    yield source
    await source.close()


def connected(url: str, author: str = "worker", ca: str | None = None) -> MySql:
    variables = {"HEARTBEAT_SOURCE_MYSQL": url}
    variables |= {"HEARTBEAT_SOURCE_MYSQL_CA_CERT": ca} if ca else {}
    environment = Environment(variables)
    [instance] = by_urls(environment, [mysql.KIND])
    assert environment.problems == []
    source = instance.connect(Shared(name=author))
    assert isinstance(source, MySql)
    return source


def beat(author: str, timestamp: datetime | None = None) -> Heartbeat:
    return Heartbeat(name=author, timestamp=timestamp or utc_now())


async def word_of(source: MySql, author: str = "worker") -> str:
    """Return the error word that a write and a read both give, or `ok`."""
    words = []
    try:
        for attempt in (source.write(beat(author)), source.read()):
            try:
                await attempt
                words.append("ok")
            except SourceError as error:
                words.append(str(error.word))
    finally:
        await source.close()
    assert words[0] == words[1]
    return words[0]


async def test_the_stamp_is_utc_in_any_time_zone_of_the_server(
    store: MySql, mariadb: MariaDb, author: str
) -> None:
    heartbeat = beat(author)

    await store.write(heartbeat)

    [[stamp]] = mariadb.execute(f"SELECT timestamp FROM {TABLE} WHERE source = %s", author)
    assert stamp.replace(tzinfo=UTC) == heartbeat.timestamp


async def test_a_stamp_from_the_future_is_replaced(
    store: MySql, mariadb: MariaDb, author: str
) -> None:
    await store.write(beat(author))
    mariadb.execute(f"UPDATE {TABLE} SET timestamp = '2999-01-01'")
    heartbeat = beat(author)

    await store.write(heartbeat)

    assert (await store.read()).stamp == heartbeat.timestamp


async def test_authors_that_differ_in_case_have_rows_of_their_own(
    store: MySql, mariadb: MariaDb
) -> None:
    await store.write(beat("worker"))
    await store.write(beat("Worker"))

    assert mariadb.execute(f"SELECT COUNT(*) FROM {TABLE}") == ((2,),)


async def test_a_clock_difference_is_reported_and_nothing_is_written(
    store: MySql, author: str
) -> None:
    store._now = lambda: utc_now() + timedelta(seconds=6)

    with pytest.raises(SourceError) as caught:
        await store.write(beat(author))

    assert caught.value.word is ErrorWord.CLOCK
    assert "-6.0 s" in caught.value.detail
    assert (await store.read()).stamp is None


@reality(SERVER, "`read_only` is on", "1290", ErrorWord.READ_ONLY)
async def test_a_read_only_server_is_read_and_not_written_and_heals(
    fact: Fact, store: MySql, mariadb: MariaDb, author: str
) -> None:
    heartbeat = beat(author)
    await store.write(heartbeat)
    mariadb.execute("SET GLOBAL read_only = 1")
    try:
        with pytest.raises(SourceError) as caught:
            await store.write(beat(author))
        found = await store.read()
    finally:
        mariadb.execute("SET GLOBAL read_only = 0")

    assert caught.value.word is fact.word
    assert fact.answer in caught.value.detail
    assert (found.stamp, found.error) == (heartbeat.timestamp, fact.word)
    await store.write(beat(author))
    assert (await store.read()).error is None


async def test_a_dropped_table_is_created_again(
    store: MySql, mariadb: MariaDb, author: str
) -> None:
    await store.write(beat(author))
    mariadb.execute(f"DROP TABLE {TABLE}")
    heartbeat = beat(author)

    await store.write(heartbeat)

    assert (await store.read()).stamp == heartbeat.timestamp


async def test_two_simultaneous_first_writes_both_succeed(mariadb: MariaDb, store: MySql) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.write, beat("one"))
        tasks.start_soon(store.write, beat("two"))

    assert mariadb.execute(f"SELECT COUNT(*) FROM {TABLE}") == ((2,),)


async def test_a_document_that_is_not_ours_does_not_hide_the_stamp(
    store: MySql, mariadb: MariaDb, author: str
) -> None:
    heartbeat = beat(author)
    await store.write(heartbeat)
    mariadb.execute(f"UPDATE {TABLE} SET metadata = '[1]'")

    found = await store.read()

    expected = (heartbeat.timestamp, None, ErrorWord.INVALID_DATA)
    assert (found.stamp, found.report, found.error) == expected


@reality(SERVER, "a stamp that is no date", "a row with 0000-00-00", ErrorWord.INVALID_DATA)
async def test_an_invalid_date_is_invalid_data(
    fact: Fact, store: MySql, mariadb: MariaDb, author: str
) -> None:
    await store.write(beat(author))
    mariadb.execute(f"UPDATE IGNORE {TABLE} SET timestamp = 'yesterday'")

    found = await store.read()

    assert (found.stamp, found.error) == (None, fact.word)


@reality(SERVER, "the connection was killed", "2013", ErrorWord.UNREACHABLE)
async def test_a_killed_connection_is_one_failure_and_then_healed(
    fact: Fact, store: MySql, mariadb: MariaDb, author: str
) -> None:
    await store.write(beat(author))
    for [number] in mariadb.execute(
        "SELECT id FROM information_schema.processlist WHERE user = %s", USER
    ):
        mariadb.execute(f"KILL {number}")

    with pytest.raises(SourceError) as caught:
        await store.write(beat(author))

    assert caught.value.word is fact.word
    assert fact.answer in caught.value.detail
    assert await store.write(beat(author)) is None


@reality(SERVER, "a wrong password", "1045", ErrorWord.AUTH)
async def test_a_wrong_password_is_auth_and_in_no_error(fact: Fact, mariadb: MariaDb) -> None:
    url = mariadb.url("DISABLED").replace(f"{USER}:", f"{USER}:hunter2")
    source = connected(url)

    with pytest.raises(SourceError) as caught:
        await source.read()

    assert caught.value.word is fact.word
    assert fact.answer in caught.value.detail
    assert "hunter2" not in f"{caught.value!r} {caught.value.__cause__!r}"
    await source.close()


async def test_a_password_of_any_letters_logs_in(mariadb: MariaDb) -> None:
    mariadb.execute("CREATE OR REPLACE USER 'snow'@localhost IDENTIFIED BY 'пароль ☃'")
    mariadb.execute(f"GRANT ALL ON {DATABASE}.* TO 'snow'@localhost")
    password = "%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C%20%E2%98%83"
    place = f"127.0.0.1:{mariadb.port}/{DATABASE}?ssl-mode=DISABLED"

    assert await word_of(connected(f"mysql://snow:{password}@{place}")) == "ok"


async def test_a_missing_or_forbidden_database_has_its_error_word(mariadb: MariaDb) -> None:
    assert await word_of(connected(mariadb.url("DISABLED", database="mysql"))) == "permission"
    mariadb.execute(f"GRANT ALL ON nothing.* TO {USER}@localhost")
    assert await word_of(connected(mariadb.url("DISABLED", database="nothing"))) == "not_found"


@reality(SERVER, "the table space is full", "1114", ErrorWord.FULL)
async def test_a_full_disk_is_full(fact: Fact, store: MySql, mariadb: MariaDb, author: str) -> None:
    """A table in memory that has reached its limit gives the error of a full table space."""
    mariadb.execute("SET GLOBAL max_heap_table_size = 16384")
    mariadb.execute(
        f"CREATE TABLE {TABLE} (source VARCHAR(50) PRIMARY KEY, timestamp DATETIME(6), "
        "metadata VARCHAR(4000)) ENGINE=MEMORY"
    )
    mariadb.execute("SET GLOBAL max_heap_table_size = DEFAULT")
    filled = f"INSERT INTO {TABLE} VALUES (%s, NOW(), REPEAT('x', 3000))"
    with suppress(pymysql.err.Error):
        for number in range(100):
            mariadb.execute(filled, number)

    with pytest.raises(SourceError) as caught:
        await store.write(beat(author))

    assert caught.value.word is fact.word
    assert fact.answer in caught.value.detail
    mariadb.execute(f"DROP TABLE {TABLE}")


@reality(SERVER, "the user has too many connections", "1226", ErrorWord.THROTTLED)
async def test_too_many_connections_are_throttled(fact: Fact, mariadb: MariaDb) -> None:
    mariadb.execute("CREATE OR REPLACE USER busy@localhost IDENTIFIED BY 'x'")
    mariadb.execute(f"GRANT ALL ON {DATABASE}.* TO busy@localhost WITH MAX_USER_CONNECTIONS 1")
    url = f"mysql://busy:x@127.0.0.1:{mariadb.port}/{DATABASE}?ssl-mode=DISABLED"
    holder = connected(url)
    await holder.write(beat("worker"))

    assert await word_of(connected(url)) == fact.word
    await holder.close()


@pytest.mark.parametrize(
    ("mode", "words"),
    [(Mode.REFUSE, {"unreachable"}), (Mode.HANG, {"timeout"}), (Mode.CUT, {"unreachable"})],
)
async def test_a_blocked_connection_has_its_error_word_and_recovers(
    mariadb: MariaDb, author: str, mode: Mode, words: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(mariadb.port)
    async with serving(proxy):
        url = mariadb.url("DISABLED").replace(str(mariadb.port), str(proxy.port))
        source = connected(url, author)
        await source.write(beat(author))
        await proxy.switch(mode)

        with monkeypatch.context() as patch:
            if mode is Mode.HANG:
                patch.setattr(source, "_answer_timeout_s", 0.5)
            with pytest.raises(SourceError) as caught:
                await source.write(beat(author))

        assert caught.value.word in words
        await proxy.switch(Mode.PASS)
        assert await source.write(beat(author)) is None
        await source.close()


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], MariaDb]]:
    """Return a function that starts the server of a certificate once."""
    with ExitStack() as stack:

        @cache
        def started(certificate: str) -> MariaDb:
            server = MariaDb(_folder(tmp_path_factory, "tls"), CERTIFICATES[certificate])
            return stack.enter_context(server)

        yield started


@pytest.mark.parametrize(
    ("certificate", "mode", "ca", "word"),
    [
        ("right", None, CA, "ok"),  # verified by default
        ("right", "VERIFY_CA", CA, "ok"),
        ("right", "REQUIRED", None, "ok"),
        ("right", "REQUIRED", OTHER_CA, "tls"),
        ("right", None, OTHER_CA, "tls"),
        ("right", None, None, "tls"),  # the system's CAs do not know it
        ("other host", None, CA, "tls"),
        ("other host", "verify_ca", CA, "ok"),
        ("plain text", None, CA, "tls"),
        ("plain text", "REQUIRED", None, "tls"),
    ],
)
async def test_tls(
    tls_server: Callable[[str], MariaDb],
    certificate: str,
    mode: str | None,
    ca: str | None,
    word: str,
) -> None:
    url = tls_server(certificate).url(mode)

    assert await word_of(connected(url, ca=ca)) == word


@pytest.mark.parametrize(
    ("certificate", "ca", "cause"),
    [
        ("other host", CA, Cause.WRONG_HOST),
        ("right", OTHER_CA, Cause.UNTRUSTED),
        ("plain text", CA, Cause.NO_TLS),
    ],
)
async def test_a_tls_error_has_its_cause_and_a_remedy_with_mysqls_modes(
    tls_server: Callable[[str], MariaDb], certificate: str, ca: str, cause: Cause
) -> None:
    url = tls_server(certificate).url()
    source = connected(url, ca=ca)

    with pytest.raises(SourceError) as caught:
        await source.read()

    await source.close()
    assert (caught.value.word, caught.value.cause) == (ErrorWord.TLS, cause)
    (store,) = load({"HEARTBEAT_SOURCE_A": url, "HEARTBEAT_SOURCE_A_CA_CERT": ca}).sources
    assert "HEARTBEAT_SOURCE_A" in store.remedies[cause]
    assert "verify-ca" not in store.remedies[cause]


@pytest.mark.parametrize("mode", ["PREFERRED", "prefer", "hunter2"])
def test_a_mode_that_may_leave_tls_out_is_refused(mode: str) -> None:
    with pytest.raises(ConfigurationError, match="ssl-mode takes DISABLED, REQUIRED") as caught:
        load({"HEARTBEAT_SOURCE_A": f"mysql://me:x@db/app?ssl-mode={mode}"})

    assert "ssl-mode=" not in str(caught.value)


def test_required_without_a_ca_warns_as_a_platforms_url_has_it() -> None:
    url = "mysql://doadmin:x@db-mysql.example.com:25060/defaultdb?ssl-mode=REQUIRED"

    [warning] = load({"HEARTBEAT_SOURCE_A": url}).warnings()

    assert "HEARTBEAT_SOURCE_A_CA_CERT" in warning
    assert "does not verify the server" in warning


def test_without_the_driver_the_start_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mysql_settings, "DRIVER", "no_such_driver")

    with pytest.raises(ConfigurationError, match=r"install heartbeat\[mysql\]"):
        load({"HEARTBEAT_SOURCE_A": "mysql://me:x@db/app"})


@pytest.mark.parametrize(
    ("code", "message", "word"),
    [
        (1290, "running with the --super-read-only option", "read_only"),
        (1290, "running with the --secure-file-priv option", "failed"),
        (1836, "Running in read-only mode", "read_only"),
        (1026, "Error writing file (Errcode: 28 - No space left on device)", "full"),
        (1026, "Error writing file (Errcode: 5 - Input/output error)", "failed"),
        (1021, "Disk full", "full"),
        (3118, "Access denied for user. Account is locked.", "auth"),
        (3024, "Query execution was interrupted, maximum execution time exceeded", "timeout"),
        (3159, "Connections using insecure transport are prohibited", "tls"),
        (4031, "The client was disconnected by the server because of inactivity", "unreachable"),
        (9999, "something new", "failed"),
    ],
)
def test_errors_of_mysql_alone_have_their_error_words(code: int, message: str, word: str) -> None:
    error = OperationalError("SELECT", {}, pymysql.err.OperationalError(code, message))

    assert translate(error).word == word
    assert message not in translate(error).detail


async def test_an_open_connection_waits_for_nothing_but_its_statements(
    mariadb: MariaDb, store: MySql, author: str
) -> None:
    def statement_counts() -> dict[str, int]:
        rows = mariadb.execute("SHOW GLOBAL STATUS LIKE 'Com%'")
        wanted = ("Com_select", "Com_insert", "Com_update", "Com_rollback", "Com_commit")
        return {name: int(count) for name, count in rows if name in wanted}

    await store.write(beat(author))
    before = statement_counts()

    await store.read()
    await store.write(beat(author))

    counts = {name: count - before[name] for name, count in statement_counts().items()}
    assert counts == {
        "Com_select": 2,  # the row, and the clock
        "Com_insert": 1,
        "Com_update": 1,  # the probe
        "Com_rollback": 0,
        "Com_commit": 0,
    }
