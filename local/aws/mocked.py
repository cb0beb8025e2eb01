"""Calls into moto, which keeps Secrets Manager's secrets and IAM's roles.

Only moto's services and their state are used; what it lacks or gets wrong (signatures, policies,
quotas, statuses, times) is added by this package.
"""

import json
from typing import Any, Literal
from xml.etree import ElementTree as ET

from moto.core.request import Request as MotoRequest
from moto.iam.models import IAMBackend, ManagedPolicy, Role, iam_backends
from moto.iam.responses import IamResponse
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend, secretsmanager_backends
from moto.secretsmanager.responses import SecretsManagerResponse
from werkzeug.exceptions import HTTPException

from local.aws.wire.errors import AwsError
from local.aws.wire.message import Reply, Request

ACCOUNT = "123456789012"  # moto's own default
_FIRST_ERROR = 400
_HEADERS = {"authorization", "content-type", "x-amz-target"}
_SERVICES = {"secretsmanager": SecretsManagerResponse, "iam": IamResponse}

_OF_S3 = {
    "authorization",
    "content-encoding",
    "content-md5",
    "content-type",
    "if-match",
    "if-none-match",
    "x-amz-content-sha256",
    "x-amz-decoded-content-length",
    "x-amz-trailer",
}

__all__ = [
    "ACCOUNT",
    "FakeSecret",
    "Role",
    "create_bucket",
    "dispatch",
    "dispatch_s3",
    "document",
    "policies",
    "role",
    "roles",
    "secret_arn",
    "secrets",
]


def dispatch(service: str, region: str, request: Request, body: bytes) -> Reply:
    """Return the answer of moto's `service` to `request` with this `body`; block for milliseconds.

    Raises:
        AwsError: moto refused.
    """
    url = f"https://{service}.{region}.amazonaws.com/"
    # No others: moto takes orders from headers, such as which account to act in.
    headers = {name: value for name, value in request.headers.items() if name in _HEADERS}
    moto_request = MotoRequest.from_primitives(request.method, url, headers, body)
    try:
        status, reply_headers, content = _SERVICES[service].dispatch(moto_request, url, headers)
    except HTTPException as error:
        status, reply_headers, content = error.code, error.get_headers(), error.get_body()
    if status >= _FIRST_ERROR:
        raise _error(service, status, _bytes(content))
    return Reply(status, _plain(reply_headers), _bytes(content))


def dispatch_s3(kind: Literal["key", "bucket"], region: str, request: Request) -> Reply:
    """Return the answer of moto's S3 to a request in path style; block for milliseconds.

    Raises:
        AwsError: moto refused.
    """
    url = f"https://s3.{region}.amazonaws.com{request.target}"
    headers = {name: value for name, value in request.headers.items() if name in _OF_S3}
    moto_request = MotoRequest.from_primitives(request.method, url, headers, request.body)
    dispatch = S3Response.key_dispatch if kind == "key" else S3Response.ambiguous_dispatch
    status, reply_headers, content = dispatch(moto_request, url, headers)
    if status >= _FIRST_ERROR:
        raise _error("s3", status, _bytes(content))
    kept = {
        name: str(value)
        for name, value in reply_headers.items()
        if name.lower() in {"etag", "content-type", "last-modified"}
        or name.lower().startswith("x-amz-")
    }
    return Reply(status, kept, _bytes(content))


def create_bucket(region: str, name: str) -> None:
    """Create a bucket; moto keeps none between two runs."""
    s3_backends[ACCOUNT]["aws"].create_bucket(name, region)


def secrets(region: str) -> SecretsManagerBackend:
    """Return moto's secrets in `region`."""
    return secretsmanager_backends[ACCOUNT][region]


def secret_arn(region: str, name: str) -> str:
    """Return the ARN of a secret, without its random suffix."""
    return f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:{name}"


def roles() -> IAMBackend:
    """Return moto's IAM."""
    return iam_backends[ACCOUNT]["aws"]


def role(arn: str) -> Role | None:
    """Return the role with this ARN."""
    return next((each for each in roles().get_roles() if each.arn == arn), None)


def policies(role: Role) -> list[str]:
    """Return the documents of a role's policies, inline and attached."""
    return [*role.policies.values(), *map(document, role.managed_policies.values())]


def document(policy: ManagedPolicy) -> str:
    """Return the document of a managed policy's default version."""
    return next(str(version.document) for version in policy.versions if version.is_default)


def _error(service: str, status: int, content: bytes) -> AwsError:
    if service in {"iam", "s3"}:
        root = ET.fromstring(content)  # noqa: S314 moto wrote it
        names = {each.tag.rpartition("}")[2]: each.text or "" for each in root.iter()}
        return AwsError(names.get("Code", "Unknown"), names.get("Message", ""), status)
    answer = json.loads(content)
    # moto answers some with 404; awsJson1.1, which this service speaks, has 400 for all.
    return AwsError(answer["__type"], answer.get("message", answer.get("Message", "")), 400)


def _plain(headers: Any) -> dict[str, str]:  # Any: a dict or a list of pairs, by the path taken
    pairs = headers.items() if hasattr(headers, "items") else headers
    kept = {str(name).title(): str(value) for name, value in pairs}
    return {name: value for name, value in kept.items() if name == "Content-Type"}


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
