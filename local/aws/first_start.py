"""Create what the stand-in needs in an empty folder, and renew it at later starts.

A CA and a client certificate for the app, and in AWS all that the app's stack would create: secret,
role, trust anchor, profile.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.aws import certificates, mocked
from local.aws.clock import Clock
from local.aws.environment import BUCKET, AccountIdentity, write_bundle
from local.aws.folder import Folder, write
from local.aws.iam.credentials import Keys
from local.aws.rolesanywhere.setup import RolesAnywhere
from local.aws.state import State
from local.aws.wire.routes import Call

CLIENT_NAME = "heartbeat-local"
SECRET_NAME = "heartbeat/local"  # noqa: S105 a name
ROLE_NAME = "heartbeat-local"
RENEW_BEFORE = timedelta(days=30)


def ensure_files(folder: Folder) -> Keys:
    """Make the folder's keys and certificates, or renew those that expire within 30 days.

    Returns:
        The stand-in's secrets.
    """
    folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    now = datetime.now(UTC)
    if not folder.keys.exists():
        write(folder.keys, Keys.generate().to_json())
    if not folder.anchor.exists():
        write(folder.anchor, certificates.make_ca("Heartbeat local anchor", now).pem)
    if not _lasts(folder.client, now):
        anchor = certificates.load(folder.anchor.read_bytes())
        write(folder.client, certificates.issue_client(anchor, CLIENT_NAME, now).pem)
    if not _lasts(folder.server, now):
        # The CA's key is not kept: each new server certificate comes with a new CA.
        ca = certificates.make_ca("Heartbeat local server", now)
        write(folder.server_ca, ca.certificate_pem)
        write(folder.server, certificates.issue_server(ca, now).pem)
    write_bundle(folder)
    return Keys.model_validate_json(folder.keys.read_bytes())


def ensure_account(folder: Folder, state: State, clock: Clock) -> AccountIdentity:
    """Create what the app needs in AWS, and store its names in `state`, unless done before.

    Returns:
        The names.
    """
    if state.identity is None:
        state.identity = _create_account(folder, state, clock)
    _create_bucket(state.region)
    return state.identity


def _create_account(folder: Folder, state: State, clock: Clock) -> AccountIdentity:
    roles_anywhere = RolesAnywhere(state.region, mocked.ACCOUNT, state.registry, clock)
    anchor_arn = _create_anchor(folder, roles_anywhere)
    secret_arn = _create_secret(state.region)
    role_arn = _create_role(anchor_arn, secret_arn)
    profile = {"name": "heartbeat-local", "roleArns": [role_arn], "enabled": True}
    created = roles_anywhere.run(Call("CreateProfile", profile, 201))
    return AccountIdentity(
        region=state.region,
        trust_anchor_arn=anchor_arn,
        profile_arn=created["profile"]["profileArn"],
        role_arn=role_arn,
        secret_name=SECRET_NAME,
        secret_arn=secret_arn,
    )


def _lasts(path: Path, now: datetime) -> bool:
    if not path.exists():
        return False
    certificate = certificates.load(path.read_bytes()).certificate
    return certificate.not_valid_after_utc > now + RENEW_BEFORE


def _create_anchor(folder: Folder, roles_anywhere: RolesAnywhere) -> str:
    certificate = certificates.load(folder.anchor.read_bytes()).certificate_pem.decode()
    data = {"x509CertificateData": certificate}
    source = {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": data}
    anchor = {"name": "heartbeat-local", "source": source, "enabled": True}
    created = roles_anywhere.run(Call("CreateTrustAnchor", anchor, 201))
    return str(created["trustAnchor"]["trustAnchorArn"])


def _create_secret(region: str) -> str:
    value = json.dumps({"note": "made by the stand-in"})
    created = mocked.secrets(region).create_secret(
        SECRET_NAME, value, None, "", [], None, None, [], force_overwrite=False
    )
    return str(json.loads(created)["ARN"])


def _create_bucket(region: str) -> None:
    """Create the bucket that the role may use; objects are not kept between two runs."""
    mocked.create_bucket(region, BUCKET)
    objects = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"]}
    objects["Resource"] = f"arn:aws:s3:::{BUCKET}/*"
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"}
    mocked.roles().put_role_policy(ROLE_NAME, "heartbeat-bucket", _policy(objects, listing))


def _create_role(anchor_arn: str, secret_arn: str) -> str:
    """Create the role that only the app assumes, through this anchor, for this secret."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "rolesanywhere.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": anchor_arn},
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": CLIENT_NAME},
        },
    }
    permission = {
        "Effect": "Allow",
        "Action": [
            "secretsmanager:GetSecretValue",
            "secretsmanager:DescribeSecret",
            "secretsmanager:UpdateSecret",
        ],
        "Resource": secret_arn,
    }
    iam = mocked.roles()
    role = iam.create_role(ROLE_NAME, _policy(trust), "/", None, "The local app's", [], "3600")
    iam.put_role_policy(ROLE_NAME, "heartbeat-secret", _policy(permission))
    return str(role.arn)


def _policy(*statements: Mapping[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
