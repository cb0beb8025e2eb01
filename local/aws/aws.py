"""One AWS account in one region: what a request means, and what becomes of it."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from local.aws import mocked, signature
from local.aws.authentication import Authenticator
from local.aws.authorization import Authorizer
from local.aws.clock import Clock
from local.aws.counters import Counters
from local.aws.credentials import Keys, Principal, Vault
from local.aws.errors import AwsError
from local.aws.faults import Cut, Faults
from local.aws.limits import Limits
from local.aws.message import Protocol, Reply, Request, json_reply
from local.aws.rolesanywhere import RolesAnywhere
from local.aws.routes import Call
from local.aws.secretsmanager import SecretsManager
from local.aws.sessions import Sessions
from local.aws.state import State

_PROTOCOLS: dict[str, Protocol] = {"secretsmanager": "json", "iam": "query", "sts": "query"}
_READS = ("Get", "List", "Describe", "BatchGet")


@dataclass(frozen=True)
class _Meaning:
    """What a request asks for, before anybody knows whether it may."""

    service: str
    operation: str
    protocol: Protocol


class Aws:
    """The account.

    Args:
        state: Changed in place by calls.
        keys: The operator's secret and the seal of session tokens.
        save: Called after each call that may have changed something.
    """

    def __init__(self, state: State, keys: Keys, save: Callable[[], None]) -> None:
        self.clock = Clock()
        self.counters = Counters()
        self.faults = Faults()
        self.limits = Limits()
        vault = Vault(mocked.ACCOUNT, keys)
        registry = state.registry
        self.sessions = Sessions(state.region, registry, vault, self.clock)
        self._region = state.region
        self._save = save
        self._lock = threading.Lock()
        self._authenticator = Authenticator(state.region, vault, self.clock)
        self._authorizer = Authorizer(self.clock)
        self._secrets_manager = SecretsManager(state.region, self.clock)
        self._roles_anywhere = RolesAnywhere(state.region, mocked.ACCOUNT, registry, self.clock)

    def handle(self, request: Request) -> Reply:
        """The reply to `request`; blocks as long as a fault says.

        Raises:
            Cut: The connection is to be closed instead.
        """
        meaning = self._meaning(request)
        result = "cut"
        try:
            fault = self.faults.before(meaning.operation)
            with self._lock:
                reply = self._run(meaning, request)
            if fault is not None and fault.cut == "after":
                raise Cut
            result = "ok"
        except AwsError as error:
            result = error.code
            reply = error.reply(meaning.protocol)
        finally:
            self.counters.call(meaning.operation, result)
        return reply

    def _meaning(self, request: Request) -> _Meaning:
        """By the credential's scope; an unsigned request still deserves an answer it can read."""
        if request.path == "/sessions":
            return _Meaning("rolesanywhere", "CreateSession", "rest")
        target = request.headers.get("x-amz-target", "")
        try:
            service = signature.parse(request).service
        except AwsError:
            service = "secretsmanager" if target else "sts"
        protocol = _PROTOCOLS.get(service, "rest")
        if protocol == "json":
            return _Meaning(service, target.rpartition(".")[2] or "Unknown", protocol)
        if protocol == "query":
            return _Meaning(service, request.form.get("Action", "Unknown"), protocol)
        try:
            return _Meaning(service, self._route(request).operation, protocol)
        except AwsError:
            return _Meaning(service, "Unknown", protocol)

    def _run(self, meaning: _Meaning, request: Request) -> Reply:
        if meaning.operation == "CreateSession":
            reply = self.sessions.create(request)
            self.limits.check(meaning.operation, self.clock.now())
        else:
            principal = self._authenticator.principal(request)
            self.limits.check(meaning.operation, self.clock.now())
            reply = self._dispatch(meaning, request, principal)
        if not meaning.operation.startswith(_READS):
            self._save()
        return reply

    def _dispatch(self, meaning: _Meaning, request: Request, principal: Principal) -> Reply:
        services: dict[str, Callable[[_Meaning, Request, Principal], Reply]] = {
            "secretsmanager": self._ask_secrets_manager,
            "iam": self._ask_iam,
            "sts": self._ask_sts,
            "rolesanywhere": self._ask_roles_anywhere,
        }
        if meaning.service not in services:
            message = f"This stand-in has no service '{meaning.service}'"
            raise AwsError("UnknownOperationException", message, 404)
        return services[meaning.service](meaning, request, principal)

    def _ask_secrets_manager(
        self, meaning: _Meaning, request: Request, principal: Principal
    ) -> Reply:
        parameters = _json(request)
        named = parameters.get("SecretId", parameters.get("Name"))
        resource = self._secrets_manager.arn(str(named)) if named else "*"
        self._authorizer.check(principal, f"secretsmanager:{meaning.operation}", resource)
        return self._secrets_manager.run(meaning.operation, parameters, request)

    def _ask_iam(self, meaning: _Meaning, request: Request, principal: Principal) -> Reply:
        role = request.form.get("RoleName")
        resource = f"arn:aws:iam::{mocked.ACCOUNT}:role/{role}" if role else "*"
        self._authorizer.check(principal, f"iam:{meaning.operation}", resource)
        return mocked.dispatch("iam", self._region, request, request.body)

    def _ask_sts(self, meaning: _Meaning, _request: Request, principal: Principal) -> Reply:
        if meaning.operation != "GetCallerIdentity":
            message = f"Could not find operation {meaning.operation} for version 2011-06-15"
            raise AwsError("InvalidAction", message, 400)
        return _caller_identity(principal)

    def _ask_roles_anywhere(
        self, meaning: _Meaning, request: Request, principal: Principal
    ) -> Reply:
        call = self._route(request)
        resource = str(call.parameters.get("resourceArn", "*"))
        self._authorizer.check(principal, f"rolesanywhere:{meaning.operation}", resource)
        return json_reply(self._roles_anywhere.run(call), call.status)

    def _route(self, request: Request) -> Call:
        query, body = dict(request.query), _json(request)
        return self._roles_anywhere.routes.find(request.method, request.path, query, body)


def _json(request: Request) -> dict[str, Any]:
    try:
        document = json.loads(request.body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The body is not a JSON object", 400)
    return document


def _caller_identity(principal: Principal) -> Reply:
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
        f"<GetCallerIdentityResult><Arn>{escape(principal.arn)}</Arn>"
        f"<UserId>{escape(principal.user_id)}</UserId><Account>{mocked.ACCOUNT}</Account>"
        "</GetCallerIdentityResult><ResponseMetadata>"
        f"<RequestId>{uuid4()}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )
    return Reply(200, {"Content-Type": "text/xml"}, body.encode())
