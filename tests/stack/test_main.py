"""The whole program: its resources, their order, and its secrets."""

import base64
from collections import Counter
from urllib.parse import quote

from schema import migrations
from stack.settings import SECRETS
from tests.stack import recorder
from tests.stack.conftest import GIVEN, VARIANTS, Program
from tests.stack.recording import Recording, strings

INVENTORY = {
    "Vpc": 1,
    "DatabaseCluster": 2,
    "DatabaseFirewall": 2,
    "PrivateKey": 2,
    "SelfSignedCert": 1,
    "CertRequest": 1,
    "LocallySignedCert": 1,
    "TrustAnchor": 1,
    "Role": 1,
    "RolePolicy": 1,
    "Profile": 1,
    "Secret": 1,
    "SecretVersion": 1,
    "App": 1,
}
ABSENT = {
    "public network": {"Vpc"},
    "existing secret": {"Secret", "SecretVersion"},
    "existing role": {"Role"},
    "existing clusters": {"Vpc", "DatabaseCluster", "DatabaseFirewall"},
    "existing clusters, public": {"Vpc", "DatabaseCluster", "DatabaseFirewall"},
    "more databases": {"Vpc"},
    "shared cluster": {"Vpc", "DatabaseCluster", "DatabaseFirewall"},
    "supplied certificate": {
        *("PrivateKey", "SelfSignedCert", "CertRequest", "LocallySignedCert", "TrustAnchor"),
    },
}
MORE = {
    "built here": ("Image",),
    "more databases": ("DatabaseCluster", "DatabaseFirewall"),
    "own domain": ("ProjectResources",),
    "buckets": ("SpacesBucket", "SpacesKey", "SpacesKey", "ProjectResources"),
}
EXPORTS = {
    "url",
    "appId",
    "roleArn",
    "profileArn",
    "trustAnchorArn",
    "secretArn",
    "trustPolicy",
    "certificateExpiry",
    "schemaHead",
    "monthlyCostUsd",
    "place",
    "alertEmails",
    "spaces",
}


def _plaintexts(recording: Recording) -> list[str]:
    """Return every secret of a run, in plain text and in base64."""
    plain = {*recording.secrets, recorder.PASSWORD, GIVEN.key}
    plain |= {value for v in VARIANTS.values() for key, value in v.items() if key in SECRETS}
    plain.discard("")
    encoded = (base64.b64encode(text.encode()).decode() for text in plain)
    return [*plain, *encoded, *(quote(text, safe="") for text in plain)]


def test_it_registers_the_inventory(program: Program, variant: str, preview: bool) -> None:
    recording = program(variant, preview=preview)

    found = Counter(
        r.type.rsplit(":", 1)[1]
        for r in recording.registrations
        if not r.type.startswith(("heartbeat:", "pulumi:"))
    )
    expected = {k: n for k, n in INVENTORY.items() if k not in ABSENT.get(variant, set())}
    for kind in MORE.get(variant, ()):
        expected[kind] = expected.get(kind, 0) + 1
    assert found == expected


def test_no_secret_is_registered_in_plain_text(
    program: Program, variant: str, preview: bool
) -> None:
    recording = program(variant, preview=preview)

    plaintexts = _plaintexts(recording)
    assert len(plaintexts) >= 6
    for registration in recording.registrations:
        for path, text in _leaves(registration.inputs):
            hidden = any(path == p or path.startswith(f"{p}.") for p in registration.secret_paths)
            leaked = [secret for secret in plaintexts if secret in text]
            assert hidden or not leaked, f"{registration.name}: {path}"


def test_no_export_contains_a_secret(program: Program, variant: str, preview: bool) -> None:
    recording = program(variant, preview=preview)

    plaintexts = _plaintexts(recording)
    assert set(recording.exports) == EXPORTS
    assert not recording.secret_exports
    assert not [t for t in strings(recording.exports) for secret in plaintexts if secret in t]


def test_the_same_configuration_gives_the_same_registrations(
    program: Program, variant: str
) -> None:
    first, second = program(variant), recorder.run(VARIANTS[variant])

    assert _by_urn(first) == _by_urn(second)
    assert first.exports == second.exports


def test_every_resource_belongs_to_a_component(program: Program, variant: str) -> None:
    recording = program(variant)

    orphans = [
        r.name
        for r in recording.registrations
        if not r.type.startswith(("heartbeat:", "pulumi:", "docker-build:"))
        and "heartbeat:stack:" not in r.request.parent
    ]
    assert not orphans


def test_the_app_is_created_after_everything_that_it_needs(program: Program) -> None:
    recording = program()

    app = recording.one("index/app:App")
    others = {
        r.urn
        for r in recording.registrations
        if not r.type.startswith(("heartbeat:", "pulumi:")) and r.urn != app.urn
    }
    assert recording.needs(app) >= others


def test_the_schema_head_is_exported(program: Program) -> None:
    assert program().exports["schemaHead"] == migrations.head()


def _by_urn(recording: Recording) -> list[tuple[object, ...]]:
    return sorted((r.comparable for r in recording.registrations), key=lambda c: str(c[0]))


def _leaves(value: object, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [x for k, v in value.items() for x in _leaves(v, f"{path}.{k}" if path else k)]
    if isinstance(value, list):
        return [x for i, v in enumerate(value) for x in _leaves(v, f"{path}[{i}]")]
    return [(path, str(value))]
