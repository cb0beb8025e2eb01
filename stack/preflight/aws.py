"""AWS: who we are, what we may do, and what must exist."""

from typing import Any, Protocol

from stack.preflight.finding import Finding, Findings, bad, good, unknown
from stack.settings import Settings

LOGIN_REMEDY = "log in: aws sso login, or export AWS_PROFILE or access keys"
ACTIONS = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:PassRole",
    "rolesanywhere:CreateTrustAnchor",
    "rolesanywhere:CreateProfile",
    "secretsmanager:CreateSecret",
    "secretsmanager:PutSecretValue",
)


class Cloud(Protocol):
    """The three clients that are asked."""

    def client(self, name: str) -> Any:
        """A boto3 client."""


def check(cloud: Cloud, errors: tuple[type[Exception], ...], settings: Settings | None) -> Findings:
    """What an `up` will ask of AWS; `errors` are what the clients raise."""
    try:
        arn = str(cloud.client("sts").get_caller_identity()["Arn"])
    except errors as error:
        yield bad("AWS", f"not logged in ({type(error).__name__})", LOGIN_REMEDY)
        return
    yield good("AWS", f"logged in as {arn.rsplit('/', 1)[-1]}")
    yield _permissions(cloud, errors, _principal(arn))
    if settings and settings.secret_arn:
        yield _secret(cloud, errors, settings.secret_arn)


def _permissions(cloud: Cloud, errors: tuple[type[Exception], ...], arn: str) -> Finding:
    try:
        results = cloud.client("iam").simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=list(ACTIONS)
        )["EvaluationResults"]
    except errors:
        return unknown("AWS", "may not ask what is allowed", f"be sure of {', '.join(ACTIONS)}")
    denied = [r["EvalActionName"] for r in results if r["EvalDecision"] != "allowed"]
    if denied:
        return bad("AWS", f"may not {', '.join(denied)}", "ask for a role that may")
    return good("AWS", "may make role, anchor, profile and secret")


def _secret(cloud: Cloud, errors: tuple[type[Exception], ...], arn: str) -> Finding:
    try:
        cloud.client("secretsmanager").describe_secret(SecretId=arn)
    except errors as error:
        return bad("secret", f"cannot see secretArn ({type(error).__name__})", "check its ARN")
    return good("secret", "secretArn exists")


def _principal(arn: str) -> str:
    """The role behind a session, which is what IAM simulates."""
    if ":assumed-role/" not in arn:
        return arn
    head, _, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"
