"""The environment variables with which a client reaches a stand-in.

Imports nothing heavy, because the supervisor uses it too.
"""

import base64
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import certifi
from pydantic import BaseModel

from local.aws.certificates import load
from local.aws.folder import Folder, write
from local.aws.iam.credentials import OPERATOR_KEY_ID, Keys

BUCKET = "heartbeat-local"


class AccountIdentity(BaseModel):
    """The names of the app's resources, created at the first start."""

    region: str
    trust_anchor_arn: str
    profile_arn: str
    role_arn: str
    secret_name: str
    secret_arn: str


def environment(data_dir: Path, port: int) -> dict[str, str]:
    """Return the variables with which Heartbeat uses the stand-in in `data_dir` on `port`.

    They are valid once the stand-in has started there for the first time. Holds the client's
    private key.

    Raises:
        FileNotFoundError: It has never started there.
    """
    folder = Folder(data_dir)
    identity = AccountIdentity.model_validate_json(folder.identity.read_bytes())
    client = load(folder.client.read_bytes())
    return {
        "IAM_CLIENT_CERT": base64.b64encode(client.certificate_pem).decode(),
        "IAM_CLIENT_KEY": base64.b64encode(client.key_pem).decode(),
        "IAM_TRUST_ANCHOR_ARN": identity.trust_anchor_arn,
        "IAM_PROFILE_ARN": identity.profile_arn,
        "IAM_ROLE_ARN": identity.role_arn,
        "SECRETS_MANAGER_SECRET_NAME": identity.secret_name,
        **_endpoint(folder, identity.region, port),
    }


def bucket_environment(port: int) -> dict[str, str]:
    """Return the variable of a source named `s3`: the bucket, used as the app's AWS identity."""
    return {"HEARTBEAT_SOURCE_S3": f"s3://{BUCKET}?endpoint=https://127.0.0.1:{port}"}


def operator_environment(data_dir: Path, port: int) -> dict[str, str]:
    """Return the variables with which an operator with all rights uses AWS's own tools.

    Raises:
        FileNotFoundError: The stand-in has never started there.
    """
    folder = Folder(data_dir)
    identity = AccountIdentity.model_validate_json(folder.identity.read_bytes())
    keys = Keys.model_validate_json(folder.keys.read_bytes())
    return {
        "AWS_ACCESS_KEY_ID": OPERATOR_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": keys.operator_secret.get_secret_value(),
        **_endpoint(folder, identity.region, port),
    }


def write_bundle(folder: Folder, environ: Mapping[str, str] = os.environ) -> None:
    """Write the CA bundle that joins the stand-in's CA with those that clients trust anyway.

    Those are the ones in AWS_CA_BUNDLE, else SSL_CERT_FILE, else the system's, else certifi's.
    The files named there are only read.
    """
    candidates = (
        environ.get("AWS_CA_BUNDLE"),
        environ.get("SSL_CERT_FILE"),
        ssl.get_default_verify_paths().cafile,
        certifi.where(),
    )
    files = [path for path in map(Path, filter(None, candidates)) if path.is_file()]
    trusted = next(path for path in files if path != folder.bundle)
    write(folder.bundle, folder.server_ca.read_bytes() + b"\n" + trusted.read_bytes())


def _endpoint(folder: Folder, region: str, port: int) -> dict[str, str]:
    url = f"https://127.0.0.1:{port}"
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,  # the one that AWS's command line, version 1, reads
        "AWS_ENDPOINT_URL": url,
        "AWS_ENDPOINT_URL_ROLESANYWHERE": url,
        "AWS_CA_BUNDLE": str(folder.bundle),
    }
