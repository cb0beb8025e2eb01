"""AWS's own clients work with the stand-in: the credential helper, and the command line."""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local.aws.certificates import CertifiedKey, issue_client, make_ca
from local.aws.folder import Folder
from local.aws.process import RunningAws
from tests.local.aws import tools
from tests.local.aws.clients import Clients

TIMEOUT_S = 60.0  # a bound for a hang


@pytest.fixture(scope="module", autouse=True)
def present() -> None:
    if not (tools.helper().exists() and tools.cli().exists()):
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse(tools.MISSING)


def _run(command: list[object], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environ},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def _helper(
    aws: RunningAws, folder: Path, identity: CertifiedKey, **changes: str
) -> subprocess.CompletedProcess[str]:
    environ = {**aws.environment(), **changes}
    for name, pem in (("cert.pem", identity.certificate_pem), ("key.pem", identity.key_pem)):
        (folder / name).write_bytes(pem)
    arguments = {
        "endpoint": environ["AWS_ENDPOINT_URL_ROLESANYWHERE"],
        "region": environ["AWS_REGION"],
        "certificate": folder / "cert.pem",
        "private-key": folder / "key.pem",
        "trust-anchor-arn": environ["IAM_TRUST_ANCHOR_ARN"],
        "profile-arn": environ["IAM_PROFILE_ARN"],
        "role-arn": environ["IAM_ROLE_ARN"],
    }
    options = [part for name, value in arguments.items() for part in (f"--{name}", value)]
    command = [tools.helper(), "credential-process", *options]
    return _run(command, {"SSL_CERT_FILE": environ["AWS_CA_BUNDLE"]})  # Go reads this one


def _cli(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run([tools.cli(), "--output", "json", *arguments], environ)


def test_the_helper_gets_credentials_of_the_role_for_the_command_line(
    aws: RunningAws, clients: Clients, tmp_path: Path
) -> None:
    made = _helper(aws, tmp_path, clients.client_identity)
    credentials = json.loads(made.stdout)

    session = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    environ = {**aws.environment(), **session}
    secret = environ["SECRETS_MANAGER_SECRET_NAME"]
    caller = json.loads(_cli(environ, "sts", "get-caller-identity").stdout)
    found = _cli(environ, "secretsmanager", "describe-secret", "--secret-id", secret)
    denied = _cli(environ, "secretsmanager", "delete-secret", "--secret-id", secret)

    assert made.returncode == 0, made.stderr
    assert ":assumed-role/heartbeat-local/" in caller["Arn"]
    assert json.loads(found.stdout)["Name"] == secret
    assert denied.returncode
    assert "(AccessDeniedException) when calling the DeleteSecret operation" in denied.stderr
    assert "is not authorized to perform: secretsmanager:DeleteSecret" in denied.stderr


def test_the_helper_gets_awss_refusals(aws: RunningAws, clients: Clients, tmp_path: Path) -> None:
    anchor = aws.environment()["IAM_TRUST_ANCHOR_ARN"]
    now = datetime.now(UTC)
    stranger = issue_client(make_ca("Heartbeat local anchor", now), "heartbeat-local", now)

    untrusted = _helper(aws, tmp_path, stranger)
    nowhere = _helper(
        aws, tmp_path, clients.client_identity, IAM_TRUST_ANCHOR_ARN=anchor[:-12] + "0" * 12
    )

    assert [each.returncode for each in (untrusted, nowhere)] == [1, 1]
    assert "Untrusted signing certificate" in untrusted.stderr + untrusted.stdout
    assert "ResourceNotFoundException" in nowhere.stderr + nowhere.stdout


def test_the_command_line_works_with_an_operators_environment(aws: RunningAws) -> None:
    """Version 1 of the AWS CLI reads only AWS_DEFAULT_REGION."""
    environ = aws.operator_environment()
    value = json.dumps({"held": "a" * 40_000})  # more than one read of a socket

    name = "from-the-command-line"
    made = _cli(
        environ, "secretsmanager", "create-secret", "--name", name, "--secret-string", value
    )
    got = _cli(environ, "secretsmanager", "get-secret-value", "--secret-id", name)
    missing = _cli(environ, "secretsmanager", "get-secret-value", "--secret-id", "none")

    assert made.returncode == 0, made.stderr
    assert json.loads(got.stdout)["SecretString"] == value
    assert "ResourceNotFoundException" in missing.stderr
    assert "Secrets Manager can't find the specified secret." in missing.stderr


def test_the_apps_environment_names_the_region_for_every_client(aws: RunningAws) -> None:
    environ = aws.environment()

    assert environ["AWS_DEFAULT_REGION"] == environ["AWS_REGION"]
    assert Folder(aws.data_dir).bundle.exists()
