"""Secrets Manager: moto's, with the limits that AWS has and moto lacks.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html and the API
reference of UpdateSecret, PutSecretValue and DeleteSecret.
"""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.iam.authorization import KeyUse
from local.aws.secretsmanager.key import uses
from local.aws.wire import constraints
from local.aws.wire.errors import AwsError, invalid
from local.aws.wire.message import Reply, Request, json_reply

MAX_VERSIONS = 100
MAX_VALUE_BYTES = 65_536
UNREMOVABLE_FOR = timedelta(hours=24)  # "versions created less than 24 hours ago" are kept
_OF_LIVE_SECRETS = {
    "GetSecretValue", "UpdateSecret", "PutSecretValue", "UpdateSecretVersionStage",
    "RotateSecret", "TagResource", "UntagResource",
}  # fmt: skip
_MOVED_BY_AWS = {"AWSCURRENT", "AWSPREVIOUS"}
_WRITES = {"CreateSecret", "UpdateSecret", "PutSecretValue"}


class SecretsManager:
    """Secrets Manager in one region."""

    def __init__(self, region: str, clock: Clock) -> None:
        self._region = region
        self._clock = clock
        self._model = constraints.service_model("secretsmanager")

    def arn(self, secret_id: str) -> str:
        """Return the ARN of a secret that is named by name, ARN or ARN without suffix.

        Where there is none, the ARN that IAM compares policies with: unproved, and of no
        consequence unless a policy allows more than the secrets that exist.
        """
        secret = self._find(secret_id)
        if secret is not None:
            return str(secret.arn)
        if secret_id.startswith("arn:"):
            return secret_id
        return mocked.secret_arn(self._region, secret_id)

    def key_uses(self, operation: str, parameters: dict[str, Any]) -> list[KeyUse]:
        """List how `operation` uses a customer's KMS key in the caller's name."""
        return uses(operation, parameters, self._find(parameters.get("SecretId", "")), self._region)

    def run(self, operation: str, parameters: dict[str, Any], request: Request) -> Reply:
        """Execute `operation`.

        Raises:
            AwsError: A limit is broken, or the secret is not in a state for it.
        """
        if operation not in self._model.operation_names:
            raise AwsError("UnknownOperationException", f"There is no operation {operation}", 400)
        constraints.check(self._model, operation, parameters)
        secret = self._find(parameters.get("SecretId", parameters.get("Name", "")))
        if operation in _OF_LIVE_SECRETS and secret is not None and secret.is_deleted():
            raise AwsError(
                "InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for "
                "deletion.",
            )
        if operation == "ListSecretVersionIds" and secret is not None:
            return self._versions(secret, parameters)
        if operation in _WRITES:
            return self._write(operation, parameters, request)
        reply = self._ask(operation, parameters, request)
        if operation == "UpdateSecretVersionStage" and secret is not None:
            _follow_label(secret)
        return reply

    def _write(self, operation: str, parameters: dict[str, Any], request: Request) -> Reply:
        secret = self._find(parameters.get("SecretId", ""))
        has_value = "SecretString" in parameters or "SecretBinary" in parameters
        token = parameters.get("ClientRequestToken")
        if token is None or not has_value:  # without a value a token names no version
            parameters = {**parameters, "ClientRequestToken": str(uuid4())}
        _check_size(parameters.get("SecretString", ""))
        if secret is not None and has_value and token not in secret.versions:
            _make_room(secret.versions, self._clock.now())
        known = set(secret.versions) if secret is not None else set()
        labels = _labels(secret.versions) if secret is not None else {}
        reply = self._ask(operation, parameters, request)
        if secret is not None:
            _keep(labels, secret.versions)
            if parameters.get("Description") == "":
                secret.description = ""  # moto keeps the one before
        self._stamp(operation, json.loads(reply.body)["ARN"], known)
        return reply

    def _stamp(self, operation: str, arn: str, known: set[str]) -> None:
        """Put this AWS's time, to the millisecond, where moto put the machine's seconds."""
        now = round(self._clock.now().timestamp(), 3)
        secret = self._find(arn)
        assert secret is not None  # noqa: S101 it was written a moment ago
        secret.last_changed_date = now  # type: ignore[assignment] # moto has seconds
        if operation == "CreateSecret":
            secret.created_date = now  # type: ignore[assignment] # as above
        for name in set(secret.versions) - known:
            secret.versions[name]["createdate"] = now

    def _versions(self, secret: mocked.FakeSecret, parameters: dict[str, Any]) -> Reply:
        """List every version with its own date; moto gives them all the present."""
        shown = [
            {"VersionId": name, "VersionStages": version["version_stages"],
             "CreatedDate": version["createdate"]}
            for name, version in secret.versions.items()
            if version["version_stages"] or parameters.get("IncludeDeprecated")
        ]  # fmt: skip
        return json_reply({"ARN": secret.arn, "Name": secret.name, "Versions": shown})

    def _ask(self, operation: str, parameters: dict[str, Any], request: Request) -> Reply:
        body = json.dumps(parameters).encode()
        reply = mocked.dispatch("secretsmanager", self._region, request, body)
        if operation == "DeleteSecret":
            return self._delete(json.loads(reply.body), parameters)
        return reply

    def _delete(self, document: dict[str, Any], parameters: dict[str, Any]) -> Reply:
        days = parameters.get("RecoveryWindowInDays", 30)
        forced = parameters.get("ForceDeleteWithoutRecovery")
        at = self._clock.now() + timedelta(days=0 if forced else days)
        secret = self._find(document["ARN"])
        if secret is not None:
            secret.deleted_date = at.timestamp()
        return json_reply({**document, "DeletionDate": at.timestamp()})

    def _find(self, secret_id: str) -> mocked.FakeSecret | None:
        secret = mocked.secrets(self._region).secrets.get(secret_id)
        return secret if isinstance(secret, mocked.FakeSecret) else None  # a replica is none here


def _follow_label(secret: mocked.FakeSecret) -> None:
    """Let GetSecretValue answer with the version that AWSCURRENT was moved to; moto does not."""
    for name, version in secret.versions.items():
        if "AWSCURRENT" in version["version_stages"]:
            secret.set_default_version_id(name)


def _check_size(value: str) -> None:
    """Check the size in bytes, which the service model's limit in characters does not cover."""
    if len(value.encode()) > MAX_VALUE_BYTES:
        raise invalid(
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MAX_VALUE_BYTES}"
        )


def _labels(versions: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Map each label to its version, except those that AWS moves by itself."""
    return {
        label: name
        for name, version in versions.items()
        for label in version["version_stages"]
        if label not in _MOVED_BY_AWS
    }


def _keep(labels: dict[str, str], versions: dict[str, dict[str, Any]]) -> None:
    """Give labels back to their versions; moto takes all from the one that was current."""
    lost = labels.keys() - _labels(versions).keys()
    for label in lost:
        versions[labels[label]]["version_stages"].append(label)


def _make_room(versions: dict[str, dict[str, Any]], now: datetime) -> None:
    """Remove the oldest unlabelled versions until one more fits.

    Raises:
        AwsError: LimitExceededException, where nothing is old enough to go. The words are those of
            the service model; that enforcement comes exactly at the 101st version is unproved.
    """
    oldest_kept = (now - UNREMOVABLE_FOR).timestamp()
    removable = sorted(
        (version["createdate"], name)
        for name, version in versions.items()
        if not version["version_stages"] and version["createdate"] < oldest_kept
    )
    excess = len(versions) + 1 - MAX_VERSIONS
    if excess > len(removable):
        raise AwsError(
            "LimitExceededException",
            "The request failed because it would exceed one of the Secrets Manager quotas.",
        )
    for _, name in removable[: max(excess, 0)]:
        del versions[name]
