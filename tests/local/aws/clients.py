"""Real clients of the stand-in: the session library, boto3, and bare requests for tampering."""

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from iam_rolesanywhere_session import IAMRolesAnywhereSession, IAMRolesAnywhereSigner

from local.aws.certificates import CertifiedKey, load
from local.aws.folder import Folder
from local.aws.process import RunningAws

REGION = "us-west-2"
NO_RETRIES = Config(retries={"total_max_attempts": 1}, read_timeout=60, connect_timeout=60)


@dataclass(frozen=True)
class Wire:
    """The bytes of a request, for tampering."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def changed(self, **headers: str) -> "Wire":
        return replace(self, headers={**self.headers, **headers})


@dataclass(frozen=True)
class Answer:
    status: int
    document: dict[str, Any]


@dataclass(frozen=True)
class Clients:
    """Create clients of one stand-in, with its own identity or a different one."""

    aws: RunningAws
    _operators: dict[str, Any] = field(default_factory=dict)

    @property
    def client_identity(self) -> CertifiedKey:
        return load(Folder(self.aws.data_dir).client.read_bytes())

    @property
    def anchor(self) -> CertifiedKey:
        return load(Folder(self.aws.data_dir).anchor.read_bytes())

    def session(
        self,
        identity: CertifiedKey | None = None,
        *,
        chain: bytes | None = None,
        duration_s: int = 3600,
        name: str | None = None,
        arns: Mapping[str, str] | None = None,
    ) -> Any:
        """Return a boto3 session whose credentials come from CreateSession at first use.

        `arns` replaces some or all of the app's own.
        """
        identity = identity or self.client_identity
        environment = self.aws.environment()
        own = {
            "profile_arn": environment["IAM_PROFILE_ARN"],
            "role_arn": environment["IAM_ROLE_ARN"],
            "trust_anchor_arn": environment["IAM_TRUST_ANCHOR_ARN"],
            **(arns or {}),
        }
        return IAMRolesAnywhereSession(
            own["profile_arn"],
            own["role_arn"],
            own["trust_anchor_arn"],
            certificate=identity.certificate_pem,
            private_key=identity.key_pem,
            certificate_chain=chain,
            session_duration=duration_s,
            region=REGION,
            endpoint=f"127.0.0.1:{self.aws.port}",
            verify=self._ca,
            role_session_name=name,
        ).get_session()

    def client(self, service: str, session: Any = None) -> Any:
        """Return a boto3 client without retries, by default with the app's session."""
        return (session or self.session()).client(
            service, endpoint_url=self._url, verify=self._ca, config=NO_RETRIES
        )

    def operator(self, service: str) -> Any:
        """Return a cached boto3 client with all rights."""
        if service not in self._operators:
            self._operators[service] = self._operator(service)
        return self._operators[service]

    def _operator(self, service: str) -> Any:
        environment = self.aws.operator_environment()
        session = boto3.Session(
            environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], None, REGION
        )
        return self.client(service, session)

    def secret(self, value: str = "{}") -> str:
        """Create a secret, and return its ARN."""
        created = self.operator("secretsmanager").create_secret(
            Name=f"test/{uuid4()}", SecretString=value
        )
        return str(created["ARN"])

    def session_request(self, identity: CertifiedKey | None = None, **parameters: Any) -> Wire:
        """Return a correctly signed CreateSession request."""
        identity = identity or self.client_identity
        environment = self.aws.environment()
        body = {
            "durationSeconds": 3600,
            "profileArn": environment["IAM_PROFILE_ARN"],
            "roleArn": environment["IAM_ROLE_ARN"],
            "trustAnchorArn": environment["IAM_TRUST_ANCHOR_ARN"],
            **parameters,
        }
        signer = IAMRolesAnywhereSigner(
            identity.certificate_pem, identity.key_pem, None, None, REGION
        )
        request = AWSRequest("POST", f"{self._url}/sessions", data=json.dumps(body))
        signer.add_auth(request)
        return _wire(request, "/sessions")

    def signed_request(
        self,
        operation: str,
        parameters: dict[str, Any],
        credentials: Credentials | None = None,
        region: str = REGION,
    ) -> Wire:
        """Return a correctly signed request to Secrets Manager, by default of the operator."""
        environment = self.aws.operator_environment()
        credentials = credentials or Credentials(
            environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        )
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"secretsmanager.{operation}",
        }
        data = json.dumps(parameters)
        request = AWSRequest("POST", f"{self._url}/", headers=headers, data=data)
        SigV4Auth(credentials, "secretsmanager", region).add_auth(request)
        return _wire(request, "/")

    def connect(self) -> http.client.HTTPSConnection:
        """Open a connection that trusts the stand-in; the caller closes it."""
        context = ssl.create_default_context(cafile=self._ca)
        return http.client.HTTPSConnection("127.0.0.1", self.aws.port, context=context, timeout=60)

    def send(self, wire: Wire) -> Answer:
        connection = self.connect()
        try:
            return send(connection, wire)
        finally:
            connection.close()

    @property
    def _url(self) -> str:
        return f"https://127.0.0.1:{self.aws.port}"

    @property
    def _ca(self) -> str:
        """Return only the stand-in's CA: each client takes 50 ms to read the whole bundle."""
        return str(Folder(self.aws.data_dir).server_ca)


def send(connection: http.client.HTTPSConnection, wire: Wire) -> Answer:
    connection.request(wire.method, wire.target, wire.body, wire.headers)
    response = connection.getresponse()
    return Answer(response.status, json.loads(response.read()))


def pem_chain(*identities: CertifiedKey) -> bytes:
    return b"".join(identity.certificate_pem for identity in identities)


def _wire(request: AWSRequest, target: str) -> Wire:
    prepared = request.prepare()
    headers = {
        name: value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    body = prepared.body if isinstance(prepared.body, bytes) else str(prepared.body).encode()
    headers.setdefault("Host", prepared.url.split("/")[2])
    return Wire(prepared.method, target, headers, body)
