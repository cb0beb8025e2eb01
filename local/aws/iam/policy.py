"""IAM policy documents evaluated as IAM does, as far as this stand-in's policies go.

moto 5.2.5's evaluator ignores every condition but StringEquals and treats a Deny whose condition
does not hold as a refusal, so it can't be used here. Not evaluated: policy variables. An unknown
operator disables an Allow and enables a Deny.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Decision = Literal["allowed", "implicitly denied", "explicitly denied"]
Context = Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One request to decide on.

    Attributes:
        service_principal: The service that assumes a role by its trust
            policy; None for permission policies.
        context: Condition keys in lower case and their values.
    """

    action: str
    resource: str
    service_principal: str | None = None
    context: Context = field(default_factory=dict)


def decide(documents: Iterable[str], question: Question) -> Decision:
    """Decide by all `documents` (JSON): a Deny anywhere wins, else one Allow is needed."""
    effects = {
        statement.get("Effect")
        for document in documents
        for statement in _list(json.loads(document).get("Statement", []))
        if _applies(statement, question)
    }
    if "Deny" in effects:
        return "explicitly denied"
    return "allowed" if "Allow" in effects else "implicitly denied"


def _applies(statement: dict[str, Any], question: Question) -> bool:
    return (
        _element(statement, "Action", question.action, _action_matches)
        and (question.service_principal is not None or _resource_applies(statement, question))
        and _principal_applies(statement, question.service_principal)
        and _conditions_hold(statement, question.context)
    )


def _resource_applies(statement: dict[str, Any], question: Question) -> bool:
    return _element(statement, "Resource", question.resource, like)


def _element(
    statement: dict[str, Any], name: str, value: str, matches: Callable[[str, str], bool]
) -> bool:
    if name in statement:
        return any(matches(pattern, value) for pattern in _list(statement[name]))
    if f"Not{name}" in statement:
        return not any(matches(pattern, value) for pattern in _list(statement[f"Not{name}"]))
    return False


def _action_matches(pattern: str, action: str) -> bool:
    return like(pattern.lower(), action.lower())


def _principal_applies(statement: dict[str, Any], service: str | None) -> bool:
    if service is None:
        return True
    principal = statement.get("Principal")
    return principal == "*" or (
        isinstance(principal, dict) and service in _list(principal.get("Service", []))
    )


def _conditions_hold(statement: dict[str, Any], context: Context) -> bool:
    unknown = statement.get("Effect") == "Deny"
    return all(
        _condition_holds(operator, _list(expected), context.get(key.lower()), unknown=unknown)
        for operator, tests in statement.get("Condition", {}).items()
        for key, expected in tests.items()
    )


def _condition_holds(
    operator: str, expected: list[Any], actual: str | None, *, unknown: bool
) -> bool:
    name = operator.removesuffix("IfExists")
    name = name.rpartition(":")[2]  # ForAnyValue and ForAllValues: every key here has one value
    if name == "Null":
        return str(expected[0]).lower() == str(actual is None).lower()
    negated = "Not" in name
    test = _OPERATORS.get(name.replace("Not", ""))
    if test is None:
        return unknown
    if actual is None:
        return negated or operator.endswith("IfExists")
    try:
        return any(test(str(each), actual) for each in expected) != negated
    except ValueError:
        return unknown


def like(pattern: str, value: str) -> bool:
    """Tell whether `value` matches `pattern`, in which * is any text and ? any one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _time(text: str) -> datetime:
    """Parse ISO 8601 or seconds since 1970; IAM accepts both."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _list(value: Any) -> list[Any]:  # JSON: one value stands for a list of one
    return value if isinstance(value, list) else [value]


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda expected, actual: expected == actual,
    "StringEqualsIgnoreCase": lambda expected, actual: expected.lower() == actual.lower(),
    "StringLike": like,
    "ArnEquals": like,
    "ArnLike": like,
    "Bool": lambda expected, actual: expected.lower() == actual.lower(),
    "DateEquals": lambda expected, actual: _time(actual) == _time(expected),
    "DateLessThan": lambda expected, actual: _time(actual) < _time(expected),
    "DateLessThanEquals": lambda expected, actual: _time(actual) <= _time(expected),
    "DateGreaterThan": lambda expected, actual: _time(actual) > _time(expected),
    "DateGreaterThanEquals": lambda expected, actual: _time(actual) >= _time(expected),
    "NumericEquals": lambda expected, actual: float(actual) == float(expected),
    "NumericLessThan": lambda expected, actual: float(actual) < float(expected),
    "NumericGreaterThan": lambda expected, actual: float(actual) > float(expected),
}
