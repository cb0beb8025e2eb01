import pytest

from local.aws.process import RunningAws
from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat, SourceReport, WorkerReport
from schema.timestamps import utc_now
from service.aws.client import Aws
from service.errors import SourceError
from service.settings import load
from service.sources.iam.store import Caller, IdentitySource

pytestmark = pytest.mark.anyio


@pytest.fixture
def identity(aws: RunningAws) -> IdentitySource:
    settings = load(aws.environment()).aws
    assert settings is not None
    return IdentitySource(Aws(settings))


def beat() -> Heartbeat:
    return Heartbeat(name="worker", timestamp=utc_now())


async def test_a_cycle_proves_the_identity_by_one_call(identity: IdentitySource) -> None:
    assert identity.last_success is None
    before = utc_now()

    assert await identity.write(beat()) is None

    assert identity.aws.calls == {"CreateSession": 1, "GetCallerIdentity": 1}
    assert identity.last_success is not None
    assert identity.last_success >= before


async def test_reading_returns_the_identity_that_aws_reports(
    identity: IdentitySource, aws: RunningAws
) -> None:
    found = await identity.read()

    assert isinstance(found.details, Caller)
    role = aws.environment()["IAM_ROLE_ARN"].rsplit("/", 1)[-1]
    assert f"assumed-role/{role}/" in found.details.arn
    assert (found.details.account, found.stamp) == ("123456789012", identity.last_success)


async def test_a_refusal_keeps_the_last_success_as_its_stamp(
    identity: IdentitySource, aws: RunningAws
) -> None:
    await identity.write(beat())
    proved = identity.last_success
    aws.control.fail("GetCallerIdentity", "AccessDenied", status=403)

    with pytest.raises(SourceError) as error:
        await identity.write(beat())
    found = await identity.read()

    assert error.value.word is ErrorWord.PERMISSION
    assert (found.reachable, found.error, found.stamp) == (False, ErrorWord.PERMISSION, proved)


def test_only_the_roles_name_is_shown(identity: IdentitySource) -> None:
    endpoint = identity.aws.settings.endpoint

    assert "/" not in endpoint
    assert "123456789012" not in endpoint


async def test_the_report_has_the_identity_in_its_own_place(identity: IdentitySource) -> None:
    await identity.write(beat())
    outcomes = {"iam": SourceReport(last_result="ok", attempts=1), "postgres": SourceReport()}
    report = WorkerReport(
        id="here-1",
        version="1",
        started_at=utc_now(),
        interval_seconds=60,
        next_due=utc_now(),
        sources=outcomes,
    )

    reported = identity.add_to(report)

    assert set(reported.sources) == {"postgres"}
    assert reported.iam is not None
    assert (reported.iam.last_result, reported.iam.attempts) == ("ok", 1)
    assert reported.iam.credentials_expiry == identity.aws.credentials.expiry
    assert reported.aws_calls == 2
