"""Validate each resource's inputs by the SDKs' types, so that stand-ins refuse invalid ones."""

import inspect
import typing
import warnings
from typing import Any

from pulumi._types import input_type_py_to_pulumi_names, input_type_types, is_input_type

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # from the SDK's deprecated names
    import pulumi_digitalocean as digitalocean
import pulumi_tls as tls
from pulumi_aws import iam, rolesanywhere, secretsmanager

ARGS: dict[str, type] = {
    "digitalocean:index/vpc:Vpc": digitalocean.VpcArgs,
    "digitalocean:index/databaseCluster:DatabaseCluster": digitalocean.DatabaseClusterArgs,
    "digitalocean:index/databaseFirewall:DatabaseFirewall": digitalocean.DatabaseFirewallArgs,
    "digitalocean:index/spacesBucket:SpacesBucket": digitalocean.SpacesBucketArgs,
    "digitalocean:index/spacesKey:SpacesKey": digitalocean.SpacesKeyArgs,
    "digitalocean:index/projectResources:ProjectResources": digitalocean.ProjectResourcesArgs,
    "digitalocean:index/app:App": digitalocean.AppArgs,
    "aws:iam/role:Role": iam.RoleArgs,
    "aws:iam/rolePolicy:RolePolicy": iam.RolePolicyArgs,
    "aws:rolesanywhere/trustAnchor:TrustAnchor": rolesanywhere.TrustAnchorArgs,
    "aws:rolesanywhere/profile:Profile": rolesanywhere.ProfileArgs,
    "aws:secretsmanager/secret:Secret": secretsmanager.SecretArgs,
    "aws:secretsmanager/secretVersion:SecretVersion": secretsmanager.SecretVersionArgs,
    "tls:index/privateKey:PrivateKey": tls.PrivateKeyArgs,
    "tls:index/selfSignedCert:SelfSignedCert": tls.SelfSignedCertArgs,
    "tls:index/certRequest:CertRequest": tls.CertRequestArgs,
    "tls:index/locallySignedCert:LocallySignedCert": tls.LocallySignedCertArgs,
}
# Inputs that the clouds require although the SDKs declare them optional.
NEEDED = {
    "digitalocean:index/app:App": {"spec"},
    "aws:secretsmanager/secretVersion:SecretVersion": {"secretString"},
    "tls:index/certRequest:CertRequest": {"privateKeyPem", "subject"},
    "tls:index/selfSignedCert:SelfSignedCert": {"privateKeyPem", "subject"},
    "tls:index/locallySignedCert:LocallySignedCert": {"caPrivateKeyPem"},
}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's mark for "not before the update"


def takes(type_: str) -> set[str]:
    """Return the names of a resource's inputs."""
    return set(input_type_py_to_pulumi_names(ARGS[type_]).values())


def failures(type_: str, inputs: dict[str, Any]) -> list[tuple[str, str]]:
    """Return path and reason of each invalid input; secrets must be unwrapped."""
    if type_ not in ARGS:
        return [("", f"there is no resource {type_}")]
    missing = NEEDED.get(type_, set()) - set(inputs)
    return [(name, "is missing") for name in sorted(missing)] + _wrong(ARGS[type_], inputs, "")


def _wrong(cls: type, value: Any, path: str) -> list[tuple[str, str]]:
    if value == UNKNOWN:
        return []
    if not isinstance(value, dict):
        return [(path, f"should be an object, is {type(value).__name__}")]
    names = input_type_py_to_pulumi_names(cls)
    types = input_type_types(cls)
    found = [(f"{path}{key}", "is unknown") for key in value if key not in names.values()]
    for parameter in list(inspect.signature(cls.__init__).parameters.values())[1:]:  # type: ignore[misc]
        name = names[parameter.name]
        if name in value:
            found += _nested(types[name], value[name], f"{path}{name}")
        elif parameter.default is inspect.Parameter.empty:
            found.append((f"{path}{name}", "is missing"))
    return found


def _nested(type_: Any, value: Any, path: str) -> list[tuple[str, str]]:
    cls = next(iter(_input_types(type_)), None)
    as_text = isinstance(value, str) and str in typing.get_args(type_)  # a policy in JSON
    if cls is None or as_text or value == UNKNOWN:
        return []
    if isinstance(value, list):
        return [x for i, v in enumerate(value) for x in _wrong(cls, v, f"{path}[{i}].")]
    return _wrong(cls, value, f"{path}.")


def _input_types(type_: Any) -> list[type]:
    """Return the input classes in an annotation such as `Sequence[Input[SomeArgs]]`."""
    if isinstance(type_, type) and is_input_type(type_):
        return [type_]
    return [found for part in typing.get_args(type_) for found in _input_types(part)]
