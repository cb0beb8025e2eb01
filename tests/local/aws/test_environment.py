"""The environment variables that connect a client to the stand-in."""

import base64
import ssl
from pathlib import Path

import certifi
import pytest
from cryptography import x509

from local.aws.certificates import make_ca
from local.aws.environment import environment, write_bundle
from local.aws.folder import Folder
from local.aws.process import RunningAws
from tests.local.aws.rolesanywhere.test_setup import NOW


def test_the_environment_has_exactly_the_variables_that_the_app_and_awss_clients_read(
    aws: RunningAws,
) -> None:
    found = aws.environment()

    assert set(found) == {
        "IAM_CLIENT_CERT", "IAM_CLIENT_KEY", "IAM_TRUST_ANCHOR_ARN", "IAM_PROFILE_ARN",
        "IAM_ROLE_ARN", "AWS_REGION", "AWS_DEFAULT_REGION", "SECRETS_MANAGER_SECRET_NAME",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_ROLESANYWHERE", "AWS_CA_BUNDLE",
    }  # fmt: skip
    assert base64.b64decode(found["IAM_CLIENT_CERT"]).startswith(b"-----BEGIN CERTIFICATE-----")
    assert base64.b64decode(found["IAM_CLIENT_KEY"]).startswith(b"-----BEGIN PRIVATE KEY-----")
    assert found["AWS_ENDPOINT_URL"] == f"https://127.0.0.1:{aws.port}"


def test_a_folder_without_a_first_start_has_no_environment(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        environment(tmp_path, 1)


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_bundle_includes_the_users_cas_and_does_not_change_their_file(
    tmp_path: Path, variable: str
) -> None:
    folder, theirs = Folder(tmp_path), tmp_path / "theirs.pem"
    ours_pem, their_pem = make_ca("ours", NOW).certificate_pem, make_ca("t", NOW).certificate_pem
    folder.server_ca.write_bytes(ours_pem)
    theirs.write_bytes(their_pem)

    write_bundle(folder, {variable: str(theirs)})

    names = {
        each.serial_number for each in x509.load_pem_x509_certificates(folder.bundle.read_bytes())
    }
    both = {x509.load_pem_x509_certificate(pem).serial_number for pem in (ours_pem, their_pem)}
    assert names == both
    assert theirs.read_bytes() == their_pem


def test_without_variables_the_bundle_includes_the_systems_or_certifis_cas(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.server_ca.write_bytes(make_ca("ours", NOW).certificate_pem)

    write_bundle(folder, {})

    system = ssl.get_default_verify_paths().cafile or certifi.where()
    assert Path(system).read_bytes() in folder.bundle.read_bytes()


def test_the_bundle_does_not_grow_by_repetition(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.server_ca.write_bytes(make_ca("ours", NOW).certificate_pem)
    write_bundle(folder, {})
    before = folder.bundle.read_bytes()

    write_bundle(folder, {"AWS_CA_BUNDLE": str(folder.bundle)})

    assert folder.bundle.read_bytes() == before
