"""The services of the account behind one port: find and call the one that a request is for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from local.aws import mocked
from local.aws.clock import Clock
from local.aws.iam import signature
from local.aws.iam.authorization import Authorizer
from local.aws.iam.credentials import Principal
from local.aws.rolesanywhere.setup import RolesAnywhere
from local.aws.s3 import service as s3
from local.aws.secretsmanager.service import SecretsManager
from local.aws.state import State
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Protocol, Reply, Request, json_reply
from local.aws.wire.routes import Call

_PROTOCOLS: dict[str, Protocol] = {
    "secretsmanager": "json",
    "iam": "query",
    "sts": "query",
    "s3": "s3",
}
UNKNOWN = "Unknown"


@dataclass(frozen=True)
class ServiceOperation:
    """The operation of a request, before it is authorized.

    Attributes:
        service: The service's name in credential scopes, such as `secretsmanager`.
        name: The operation's name in AWS's API; `Unknown` if that is unclear.
        protocol: The protocol of answers.
    """

    service: str
    name: str
    protocol: Protocol


class Services:
    """Secrets Manager, S3, IAM, STS and Roles Anywhere's set-up, with their policies enforced."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._region = state.region
        self._authorizer = Authorizer(clock)
        self._secrets_manager = SecretsManager(state.region, clock)
        self._roles_anywhere = RolesAnywhere(state.region, mocked.ACCOUNT, state.registry, clock)

    def find(self, request: Request) -> ServiceOperation:
        """Find the service by the credential's scope; without one, by the form of the request."""
        if request.path == "/sessions":
            return ServiceOperation("rolesanywhere", "CreateSession", "rest")
        target = request.headers.get("x-amz-target", "")
        try:
            service = signature.parse(request).service
        except AwsError:
            service = "secretsmanager" if target else "sts"
        protocol = _PROTOCOLS.get(service, "rest")
        if protocol == "json":
            return ServiceOperation(service, target.rpartition(".")[2] or UNKNOWN, protocol)
        if protocol == "query":
            return ServiceOperation(service, request.form.get("Action", UNKNOWN), protocol)
        if protocol == "s3":
            return ServiceOperation(service, _of_s3(request), protocol)
        try:
            return ServiceOperation(service, self._route(request).operation, protocol)
        except AwsError:
            return ServiceOperation(service, UNKNOWN, protocol)

    def ask(self, operation: ServiceOperation, request: Request, principal: Principal) -> Reply:
        """Execute a request if `principal` is allowed to.

        Raises:
            AwsError: It is not allowed, or it failed.
        """
        services: dict[str, Callable[[str, Request, Principal], Reply]] = {
            "secretsmanager": self._ask_secrets_manager,
            "iam": self._ask_iam,
            "sts": self._ask_sts,
            "s3": self._ask_s3,
            "rolesanywhere": self._ask_roles_anywhere,
        }
        if operation.service not in services:
            message = f"This stand-in has no service '{operation.service}'"
            raise AwsError("UnknownOperationException", message, 404)
        return services[operation.service](operation.name, request, principal)

    def _ask_secrets_manager(self, operation: str, request: Request, principal: Principal) -> Reply:
        parameters = _json(request)
        named = parameters.get("SecretId", parameters.get("Name"))
        resource = self._secrets_manager.arn(str(named)) if named else "*"
        self._authorizer.check(principal, f"secretsmanager:{operation}", resource)
        for use in self._secrets_manager.key_uses(operation, parameters):
            self._authorizer.check_key(principal, use)
        return self._secrets_manager.run(operation, parameters, request)

    def _ask_iam(self, operation: str, request: Request, principal: Principal) -> Reply:
        role = request.form.get("RoleName")
        resource = f"arn:aws:iam::{mocked.ACCOUNT}:role/{role}" if role else "*"
        self._authorizer.check(principal, f"iam:{operation}", resource)
        for name in ("PolicyDocument", "AssumeRolePolicyDocument"):
            _check_document(request.form.get(name, "{}"))
        return mocked.dispatch("iam", self._region, request, request.body)

    def _ask_sts(self, operation: str, _request: Request, principal: Principal) -> Reply:
        if operation != "GetCallerIdentity":
            message = f"Could not find operation {operation} for version 2011-06-15"
            raise AwsError("InvalidAction", message, 400)
        return _caller_identity(principal)

    def _ask_s3(self, _operation: str, request: Request, principal: Principal) -> Reply:
        return s3.ask(self._region, request, principal, self._authorizer)

    def _ask_roles_anywhere(self, operation: str, request: Request, principal: Principal) -> Reply:
        call = self._route(request)
        resource = str(call.parameters.get("resourceArn", "*"))
        self._authorizer.check(principal, f"rolesanywhere:{operation}", resource)
        return json_reply(self._roles_anywhere.run(call), call.status)

    def _route(self, request: Request) -> Call:
        query, body = dict(request.query), _json(request)
        return self._roles_anywhere.routes.find(request.method, request.path, query, body)


def _of_s3(request: Request) -> str:
    try:
        return s3.call(request).operation
    except AwsError:
        return UNKNOWN


def _json(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The body is not a JSON object", 400)
    return document


def _check_document(text: str) -> None:
    """Refuse a policy that is not a JSON object; moto would accept it as a trust policy."""
    try:
        valid = isinstance(json.loads(text), dict)
    except ValueError:
        valid = False
    if not valid:
        message = "This policy contains invalid Json"
        raise AwsError("MalformedPolicyDocument", message, 400)


def _caller_identity(principal: Principal) -> Reply:
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult><Arn>{escape(principal.arn)}</Arn>"
        f"<UserId>{escape(principal.user_id)}</UserId><Account>{mocked.ACCOUNT}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata>"
        f"<RequestId>{uuid4()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    return Reply(200, {"Content-Type": "text/xml"}, body.encode())
