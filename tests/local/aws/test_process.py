"""The stand-in as a process: its data, its shutdown, its errors."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.aws.__main__ import main
from local.aws.certificates import issue_client, load
from local.aws.environment import environment
from local.aws.first_start import CLIENT_NAME, ensure_files
from local.aws.folder import Folder
from local.aws.process import RunningAws, running
from local.aws.state import load as load_state
from tests.local.aws.clients import Clients
from tests.local.aws.rolesanywhere.test_sessions import CLIENT, register

SHELLS_OWN = {"PWD", "SHLVL", "_", "LC_CTYPE"}


def test_resources_and_credentials_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as aws:
        before = Clients(aws)
        arns = register(before, before.anchor, CLIENT)
        app = before.client("secretsmanager")
        arn = app.update_secret(SecretId="heartbeat/local", SecretString="kept")["ARN"]
        app.update_secret(SecretId="heartbeat/local", Description="described")
        environment, port = aws.environment(), aws.port
        held = app.describe_secret(SecretId=arn)
        deleted = before.secret()
        before.operator("secretsmanager").delete_secret(SecretId=deleted)
    Folder(tmp_path).identity.unlink()  # as if the first start had been killed before noting it

    with running(tmp_path, port=port) as aws:
        after = Clients(aws)
        kept = app.describe_secret(SecretId=arn)

        assert aws.environment() == environment
        assert (kept["ARN"], kept["Description"]) == (arn, "described")
        assert kept["VersionIdsToStages"] == held["VersionIdsToStages"]
        assert kept["LastChangedDate"] == held["LastChangedDate"]
        assert app.get_secret_value(SecretId=arn)["SecretString"] == "kept"
        gone = after.operator("secretsmanager").describe_secret(SecretId=deleted)
        assert gone["DeletedDate"] > datetime.now(UTC)
        assert after.session(arns=arns).get_credentials().access_key


def test_sigterm_ends_it_with_exit_code_0_and_its_files_are_private(tmp_path: Path) -> None:
    folder, file = tmp_path / "new" / "folder", tmp_path / "aws.env"
    command = [sys.executable, "-m", "local.aws", "--data-dir", str(folder)]
    with subprocess.Popen(
        [*command, "--env-file", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.terminate()
        rest, complaints = process.communicate(timeout=5)

    assert set(ready) == {"event", "port"}  # without --control-port there is no control
    assert (process.returncode, rest, complaints) == (0, b"", b"")
    assert {path.stat().st_mode & 0o777 for path in (file, *folder.iterdir())} == {0o600}
    assert sourced(file) == environment(folder, ready["port"])


def test_a_port_in_use_is_reported_in_one_line(
    aws: RunningAws, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--data-dir", str(tmp_path), "--port", str(aws.port)])

    assert status == 1
    assert capsys.readouterr().err.endswith("Address already in use\n")


def test_it_listens_on_the_given_address(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local.aws", "--data-dir", str(tmp_path)]
    nobodys = "192.0.2.1"  # RFC 5737
    done = subprocess.run([*command, "--host", nobodys], capture_output=True, check=False)

    assert done.returncode == 1
    assert b"assign requested address" in done.stderr


def sourced(file: Path) -> dict[str, str]:
    """Return the variables of a shell that has sourced a file."""
    program = "import json, os; print(json.dumps({**os.environ}))"
    script = f"set -a; . {file}; {sys.executable} -c '{program}'"
    shell = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, check=True)
    return {
        name: value for name, value in json.loads(shell.stdout).items() if name not in SHELLS_OWN
    }


def test_another_region_than_the_folders_is_refused(aws: RunningAws) -> None:
    with pytest.raises(ValueError, match="holds region us-west-2, not eu-west-1"):
        load_state(Folder(aws.data_dir), "eu-west-1")


def test_an_invalid_state_is_refused_without_revealing_its_secrets(
    tmp_path: Path,
) -> None:
    state = {"region": "us-west-2", "secrets": {"a": "hush"}}
    Folder(tmp_path).state.write_text(json.dumps(state))

    with pytest.raises(ValueError, match=r"secrets\.a") as caught:
        load_state(Folder(tmp_path), "us-west-2")

    assert "hush" not in str(caught.value)


def test_a_client_certificate_is_renewed_in_its_last_thirty_days(tmp_path: Path) -> None:
    folder, now = Folder(tmp_path), datetime.now(UTC)
    ensure_files(folder)
    fresh = folder.client.read_bytes()
    ensure_files(folder)
    unchanged = folder.client.read_bytes()
    anchor = load(folder.anchor.read_bytes())
    old = issue_client(anchor, CLIENT_NAME, now - timedelta(days=340), days=365)
    folder.client.write_bytes(old.pem)

    ensure_files(folder)

    renewed = load(folder.client.read_bytes()).certificate
    assert unchanged == fresh
    assert renewed.not_valid_after_utc > now + timedelta(days=360)
    assert renewed.subject == old.certificate.subject
    renewed.verify_directly_issued_by(anchor.certificate)


def test_it_ignores_the_users_aws_profile_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("not even INI = [")
    (tmp_path / ".aws" / "credentials").write_text("nor this = [")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "nosuch")

    with running(tmp_path / "aws") as aws:
        clients = Clients(aws)

        assert clients.send(clients.session_request()).status == 201
