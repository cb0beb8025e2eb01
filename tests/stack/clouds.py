"""Compute the providers' outputs for Pulumi's mocks, from names alone, so that runs are equal."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
from pulumi.runtime import rpc

from tests.stack import pem

ACCOUNT = "111122223333"
ZERO = "00000000-0000-4000-8000-000000000000"
DIGEST = "sha256:" + "d" * 64
SIGNATURE, SECRET = rpc._special_sig_key, rpc._special_secret_sig

Values = dict[str, Any]


class Clouds(pulumi.runtime.Mocks):
    """Compute outputs of DigitalOcean, AWS, tls and docker-build for the mock monitor.

    Args:
        before: The exports of the stack's last `up`.
    """

    def __init__(self, before: Mapping[str, Any] | None = None) -> None:
        self._before = dict(before or {})

    def new_resource(
        self, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str | None, dict[Any, Any]]:
        kind = args.typ.rsplit(":", 1)[1]
        compute = COMPUTED.get(kind)
        computed = compute(args.name, unwrapped(args.inputs, "", set())) if compute else {}
        return f"{args.name}-id", {**args.inputs, **computed}

    def call(
        self, args: pulumi.runtime.MockCallArgs
    ) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        if args.token.endswith(":readStackOutputs"):
            return {"name": args.args["name"], "outputs": self._before}, []
        if args.token.endswith(":getVpc"):
            return {"ipRange": "10.2.0.0/20"}, []
        assert args.token.endswith(":getDatabaseCluster")
        name = args.args["name"]
        return {"name": name, "privateHost": f"private-{name}.db.example"}, []


def unwrapped(value: Any, path: str, secret_paths: set[str]) -> Any:
    """Return a value without its secret markers; add their paths to `secret_paths`."""
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            secret_paths.add(path)
            return unwrapped(value["value"], path, secret_paths)
        return {
            k: unwrapped(v, f"{path}.{k}" if path else k, secret_paths) for k, v in value.items()
        }
    if isinstance(value, list):
        return [unwrapped(v, f"{path}[{i}]", secret_paths) for i, v in enumerate(value)]
    return value


def _cluster(name: str, _inputs: Values) -> Values:
    return {
        "host": f"{name}.db.example",
        "privateHost": f"private-{name}.db.example",
        "password": f"password-of-{name}",
        "clusterUrn": f"do:dbaas:{name}",
        "uri": f"postgresql://doadmin:password-of-{name}@host/defaultdb",
    }


def _space(name: str, inputs: Values) -> Values:
    full = inputs.get("name") or f"{name}-0a1b2c3"
    return {
        "name": full,
        "bucketUrn": f"do:space:{full}",
        "endpoint": f"{inputs['region']}.digitaloceanspaces.com",
    }


def _space_key(name: str, _inputs: Values) -> Values:
    return {"accessKey": f"DO00{name.upper()}", "secretKey": f"secret/of+{name}"}


def _secret(name: str, inputs: Values) -> Values:
    full = inputs.get("name") or f"{name}-0a1b2c3"
    arn = f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:{full}-AbCdEf"
    return {"name": full, "arn": arn}


def _role(name: str, inputs: Values) -> Values:
    full = inputs.get("name") or name
    return {"name": full, "arn": f"arn:aws:iam::{ACCOUNT}:role/{full}"}


def _anywhere(kind: str) -> Callable[[str, Values], Values]:
    arn = f"arn:aws:rolesanywhere:us-west-2:{ACCOUNT}:{kind}/{ZERO}"
    return lambda _name, _inputs: {"arn": arn}


@functools.cache
def _private_key(_name: str) -> str:
    return pem.private_key()


@functools.cache
def _authority(key: str, name: str, hours: int) -> str:
    return pem.self_signed(key, name, hours)


@functools.cache
def _request(key: str, name: str) -> str:
    return pem.request(key, name)


@functools.cache
def _client(request: str, ca: str, ca_key: str, hours: int) -> Values:
    certificate = pem.locally_signed(request, ca, ca_key, hours)
    return {"certPem": certificate, "validityEndTime": pem.expiry(certificate)}


COMPUTED: dict[str, Callable[[str, Values], Values]] = {
    "DatabaseCluster": _cluster,
    "Vpc": lambda _name, _inputs: {"ipRange": "10.1.0.0/20"},
    "App": lambda _name, _inputs: {
        "liveUrl": "https://heartbeat.example",
        "appUrn": f"do:app:{ZERO}",
    },
    "Image": lambda _name, _inputs: {"digest": DIGEST},
    "SpacesBucket": _space,
    "SpacesKey": _space_key,
    "Secret": _secret,
    "Role": _role,
    "TrustAnchor": _anywhere("trust-anchor"),
    "Profile": _anywhere("profile"),
    "PrivateKey": lambda name, _inputs: {"privateKeyPem": _private_key(name)},
    "SelfSignedCert": lambda _name, i: {
        "certPem": _authority(
            i["privateKeyPem"], i["subject"]["commonName"], int(i["validityPeriodHours"])
        )
    },
    "CertRequest": lambda _name, i: {
        "certRequestPem": _request(i["privateKeyPem"], i["subject"]["commonName"])
    },
    "LocallySignedCert": lambda _name, i: _client(
        i["certRequestPem"], i["caCertPem"], i["caPrivateKeyPem"], int(i["validityPeriodHours"])
    ),
}
