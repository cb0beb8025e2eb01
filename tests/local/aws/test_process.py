"""The stand-in as a process: what it keeps, what it leaves, how it ends."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.aws.certificates import issue_client, load
from local.aws.environment import environment
from local.aws.first_start import CLIENT_NAME, ensure_files
from local.aws.folder import Folder
from local.aws.process import running
from tests.local.aws.clients import Clients
from tests.local.aws.test_sessions import CLIENT, register


def test_what_was_made_survives_a_restart_and_so_do_credentials(tmp_path: Path) -> None:
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


def test_sigterm_ends_it_with_exit_0_and_only_the_owner_can_read_its_keys(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    command = [sys.executable, "-m", "local.aws", "--data-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        process.terminate()
        rest, complaints = process.communicate(timeout=5)

    assert set(ready) == {"event", "port"}  # no control unless asked for
    assert (process.returncode, rest, complaints) == (0, b"", b"")
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "keys.json" in modes


def test_the_environment_can_be_written_to_a_file_that_a_shell_reads(tmp_path: Path) -> None:
    folder, file = tmp_path / "aws", tmp_path / "aws.env"
    command = [sys.executable, "-m", "local.aws", "--data-dir", str(folder)]
    with subprocess.Popen([*command, "--env-file", str(file)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        while not file.exists():
            assert process.poll() is None
        process.terminate()
    names = " ".join(f"${name}" for name in environment(folder, port))

    shell = subprocess.run(
        ["/bin/sh", "-c", f". {file}; echo {names}"], capture_output=True, text=True, check=True
    )

    assert shell.stdout.split() == list(environment(folder, port).values())
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_region_than_the_folders_is_refused(tmp_path: Path) -> None:
    with running(tmp_path):
        pass

    with pytest.raises(RuntimeError, match="did not start"), running(tmp_path, region="eu-west-1"):
        pass


def test_a_start_that_was_killed_before_it_had_noted_the_names_is_made_good(
    tmp_path: Path,
) -> None:
    with running(tmp_path) as aws:
        before = aws.environment()
    Folder(tmp_path).identity.unlink()

    with running(tmp_path) as aws:
        after = aws.environment()

    assert after["IAM_ROLE_ARN"] == before["IAM_ROLE_ARN"]
    assert after["IAM_PROFILE_ARN"] == before["IAM_PROFILE_ARN"]


def test_a_folder_that_can_not_be_read_ends_it_without_telling_its_secrets(
    tmp_path: Path,
) -> None:
    with running(tmp_path):
        pass
    state = Folder(tmp_path).state
    state.write_text(state.read_text().replace('"secrets":{', '"secrets":{"hush":"hush",', 1))

    command = [sys.executable, "-m", "local.aws", "--data-dir", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)

    assert ended.returncode == 1
    assert "secrets.hush" in ended.stderr
    assert "input_value" not in ended.stderr


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
