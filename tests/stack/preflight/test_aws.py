from typing import Any

from stack import settings
from stack.preflight import aws
from tests.stack import recorder
from tests.stack.conftest import OLD_SECRET


class RefusedError(Exception):
    """What a client of the fake raises."""


class FakeAws:
    """Answers by operation; what is not there is refused."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[dict[str, Any]] = []

    def client(self, _name: str) -> Any:
        return self

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append(arguments)
            if operation not in self.answers:
                raise RefusedError
            return self.answers[operation]

        return call


SESSION = {"Arn": "arn:aws:sts::111122223333:assumed-role/admin/ada"}


def _decisions(decision: str) -> dict[str, Any]:
    return {
        "EvaluationResults": [
            {"EvalActionName": action, "EvalDecision": decision} for action in aws.ACTIONS
        ]
    }


def test_nobody_is_told_to_log_in() -> None:
    (finding,) = aws.check(FakeAws(), (RefusedError,), None)

    assert finding.verdict == "bad"
    assert "log in" in finding.remedy


def test_a_role_that_may_is_good() -> None:
    cloud = FakeAws(get_caller_identity=SESSION, simulate_principal_policy=_decisions("allowed"))

    found = list(aws.check(cloud, (RefusedError,), None))

    assert {f.verdict for f in found} == {"good"}
    assert cloud.calls[1]["PolicySourceArn"] == "arn:aws:iam::111122223333:role/admin"


def test_what_is_denied_is_named() -> None:
    denied = _decisions("implicitDeny")
    cloud = FakeAws(get_caller_identity=SESSION, simulate_principal_policy=denied)

    found = list(aws.check(cloud, (RefusedError,), None))

    assert found[-1].verdict == "bad"
    assert "iam:CreateRole" in found[-1].says


def test_who_may_not_ask_does_not_know() -> None:
    found = list(aws.check(FakeAws(get_caller_identity=SESSION), (RefusedError,), None))

    assert found[-1].verdict == "unknown"


def test_an_existing_secret_must_be_there() -> None:
    values = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    chosen = settings.parse(values | {"secretArn": OLD_SECRET})

    missing = list(aws.check(FakeAws(get_caller_identity=SESSION), (RefusedError,), chosen))
    cloud = FakeAws(get_caller_identity=SESSION, describe_secret={})
    there = list(aws.check(cloud, (RefusedError,), chosen))

    assert (missing[-1].subject, missing[-1].verdict) == ("secret", "bad")
    assert (there[-1].subject, there[-1].verdict) == ("secret", "good")
