"""Credentials: how long they are used, when they are renewed, and what is logged."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from iam_rolesanywhere_session import CredentialsRetrievalError
from structlog.testing import capture_logs

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.aws.notices import IdentityWarnings
from service.errors import SourceError
from service.remedies import REFUSALS
from service.settings import load

pytestmark = pytest.mark.anyio

HOUR_S = 3600.0


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def identity(aws: RunningAws, clock: Clock) -> Aws:
    settings = load(aws.environment()).aws
    assert settings is not None
    return Aws(settings, clock)


async def prove(identity: Aws) -> dict[str, Any]:
    return await identity.call("sts", "get_caller_identity")


async def refused(identity: Aws) -> SourceError:
    with pytest.raises(SourceError) as error:
        await prove(identity)
    return error.value


def refuse(aws: RunningAws, message: str = "Untrusted certificate", status: int = 403) -> None:
    aws.control.fail("CreateSession", "AccessDeniedException", status=status, message=message)


def let_botocore_see(identity: Aws, time: Callable[[], datetime]) -> None:
    """Set the clock by which botocore decides when to renew."""
    identity.credentials._refreshable._time_fetcher = time


async def test_one_session_serves_all_calls(identity: Aws, aws: RunningAws) -> None:
    for _ in range(5):
        await prove(identity)

    assert identity.calls == {"CreateSession": 1, "GetCallerIdentity": 5}
    assert aws.control.counts().total("CreateSession") == 1
    assert identity.credentials.expiry is not None
    assert identity.credentials.expiry - utc_now() > timedelta(minutes=55)


async def test_credentials_are_renewed_in_their_last_quarter_of_an_hour(identity: Aws) -> None:
    await prove(identity)
    let_botocore_see(identity, lambda: datetime.now(UTC) + timedelta(minutes=46))

    await prove(identity)

    assert identity.calls["CreateSession"] == 2


async def test_while_renewal_is_refused_the_last_credentials_are_used_until_they_expire(
    identity: Aws, aws: RunningAws, clock: Clock
) -> None:
    await prove(identity)
    notices, moment = IdentityWarnings(identity.credentials), [timedelta(minutes=46)]
    let_botocore_see(identity, lambda: datetime.now(UTC) + moment[0])
    refuse(aws)

    with capture_logs() as lines:
        for minutes in (46, 50, 55, 59):
            moment[0] = timedelta(minutes=minutes)
            clock.seconds += 60
            assert await prove(identity)
            notices.look(utc_now())

    assert identity.credentials.refusal is Refusal.UNTRUSTED_CA
    [line] = lines
    assert (line["event"], line["log_level"]) == ("credentials_not_renewed", "warning")
    assert (line["error"], line["refusal"]) == (ErrorWord.AUTH, Refusal.UNTRUSTED_CA)
    assert REFUSALS[Refusal.UNTRUSTED_CA] in line["detail"]

    moment[0] = timedelta(minutes=61)
    clock.seconds += 60
    error = await refused(identity)
    assert error.word is ErrorWord.AUTH
    assert REFUSALS[Refusal.UNTRUSTED_CA] in error.detail

    aws.control.clear()
    clock.seconds += 60
    moment[0] = timedelta()
    identity.credentials.forget()
    with capture_logs() as lines:
        assert await prove(identity)
        notices.look(utc_now())
    assert identity.credentials.refusal is None
    assert [line["event"] for line in lines] == ["credentials_renewed"]


async def test_a_failed_session_is_requested_again_after_a_growing_pause(
    identity: Aws, aws: RunningAws, clock: Clock
) -> None:
    refuse(aws)

    for _ in range(10):
        await refused(identity)
    assert identity.calls == {"CreateSession": 1}

    sessions = []
    for second in range(300):
        clock.seconds = float(second)
        await refused(identity)
        sessions.append(identity.calls["CreateSession"])
    assert sessions[:4] != [1, 1, 1, 1]
    assert 300 / 30 <= sessions[-1] <= 5 + 300 / 15
    assert aws.control.counts().total("CreateSession") == sessions[-1]


async def test_a_pause_never_grows_beyond_half_a_minute_in_a_month_of_refusals(
    identity: Aws, aws: RunningAws, clock: Clock
) -> None:
    refuse(aws)
    await refused(identity)
    identity.credentials._failures = 100_000
    clock.seconds += 30
    await refused(identity)
    clock.seconds += 30

    assert (await refused(identity)).word is ErrorWord.AUTH
    assert identity.calls["CreateSession"] == 3


@pytest.mark.parametrize(
    ("code", "status", "word"),
    [
        ("ThrottlingException", 429, ErrorWord.THROTTLED),
        ("InternalServerException", 500, ErrorWord.UNREACHABLE),
        ("ServiceUnavailable", 503, ErrorWord.UNREACHABLE),
    ],
)
async def test_an_error_unrelated_to_the_identity_is_not_a_refusal(
    identity: Aws, aws: RunningAws, code: str, status: int, word: ErrorWord
) -> None:
    aws.control.fail("CreateSession", code, status=status)

    error = await refused(identity)

    assert (error.word, identity.credentials.refusal) == (word, None)
    assert identity.credentials.error is not None
    assert identity.credentials.error.word is word
    assert identity.throttles == ({"CreateSession": 1} if word is ErrorWord.THROTTLED else {})


def test_an_incomplete_answer_gives_no_credentials(identity: Aws) -> None:
    answer = {"access_key": "a", "secret_key": "b", "token": "", "expiry_time": "2026-11-24"}

    identity.credentials._fetch = lambda: answer

    with pytest.raises(CredentialsRetrievalError, match="no complete credentials"):
        identity.credentials._create_session()

    assert identity.credentials.expiry is None
    assert identity.credentials.error is not None
    assert identity.credentials.refusal is None


@pytest.mark.parametrize("headers", [{}, {"date": "soon"}])
def test_an_answer_without_a_time_proves_nothing_about_the_clocks(
    identity: Aws, headers: dict[str, str]
) -> None:
    identity._compare_clocks({"ResponseMetadata": {"HTTPHeaders": headers}}, utc_now())

    assert identity.skew_s is None
    assert not identity.clock_differs


async def test_a_revoked_session_is_replaced_within_the_call(
    identity: Aws, aws: RunningAws
) -> None:
    await prove(identity)
    aws.control.advance(HOUR_S + 1)  # AWS's clock says that it has expired, and ours does not

    assert await prove(identity)

    assert identity.calls["CreateSession"] == 2


async def test_aws_out_of_reach_is_unreachable(
    identity: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "https://127.0.0.1:1"
    monkeypatch.setenv("AWS_ENDPOINT_URL", nowhere)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROLESANYWHERE", nowhere)

    error = await refused(identity)

    assert (error.word, error.retryable) == (ErrorWord.UNREACHABLE, True)
    assert identity.credentials.refusal is None


async def test_a_clock_ten_minutes_off_is_clock_for_sessions_and_for_calls(
    identity: Aws, aws: RunningAws
) -> None:
    await prove(identity)
    aws.control.skew(600)

    called = await refused(identity)
    identity.credentials.forget()
    renewed = await refused(identity)

    assert (called.word, renewed.word) == (ErrorWord.CLOCK, ErrorWord.CLOCK)
    assert identity.credentials.refusal is Refusal.CLOCK_SKEW


def expiring(days: float) -> Any:
    class Certified:
        certificate_expiry = NOON + timedelta(days=days)
        error = None
        expiry = None
        refusal = None

    return Certified()


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "level"), [(31, None), (29, "warning"), (8, "warning"), (6, "error"), (-1, "error")]
)
def test_a_certificates_expiry_is_logged_in_time(days: float, level: str | None) -> None:
    with capture_logs() as lines:
        IdentityWarnings(expiring(days)).look(NOON)

    assert [line["log_level"] for line in lines] == ([level] if level else [])


def test_a_certificates_expiry_is_logged_once_a_day_and_when_it_becomes_urgent() -> None:
    notices = IdentityWarnings(expiring(9.0))

    with capture_logs() as lines:
        for minute in range(4 * 24 * 60):
            notices.look(NOON + timedelta(minutes=minute))

    logged = [(line["log_level"], line["days_left"]) for line in lines]
    assert logged == [("warning", 9), ("warning", 8), ("error", 7), ("error", 6)]
