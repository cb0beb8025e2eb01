"""IAM policy documents, pure: what may use the role, and what the role may do."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

SERVICE = "rolesanywhere.amazonaws.com"
VERSION = "2012-10-17"  # of IAM's policy language; older ones have no variables


def trust(anchor_arn: str, common_names: Sequence[str]) -> str:
    """Write who may assume the role: certificates of one trust anchor, with one of these names.

    Args:
        anchor_arn: The trust anchor that signed the certificate.
        common_names: Subjects' CN; two while the certificate rotates.

    Returns:
        The document as JSON [rolesanywhere/latest/userguide/trust-model.html].
    """
    statement = {
        "Sid": "HeartbeatCertificate",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": {
            "ArnEquals": {"aws:SourceArn": anchor_arn},
            "StringEquals": {"aws:PrincipalTag/x509Subject/CN": list(common_names)},
        },
    }
    return _document(statement)


def permissions(
    secret_arn: str, key_arn: str | None = None, revoked_before: datetime | None = None
) -> str:
    """Write what the role may do: read and update one secret, with the KMS key that it lies under.

    Args:
        secret_arn: The secret's whole ARN, with its random end.
        key_arn: The customer's key of the secret, None where it is AWS's own, which needs no right.
        revoked_before: Sessions issued before this time may do nothing; None revokes none
            [IAM userguide/id_roles_use_revoke-sessions.html].

    Returns:
        The document as JSON.
    """
    allow = {
        "Sid": "OneSecret",
        "Effect": "Allow",
        "Action": [
            "secretsmanager:DescribeSecret",
            "secretsmanager:GetSecretValue",
            "secretsmanager:UpdateSecret",
        ],
        "Resource": secret_arn,
    }
    statements: list[dict[str, Any]] = [allow]
    if key_arn is not None:
        statements.append(_key(key_arn, secret_arn))
    if revoked_before is None:
        return _document(*statements)
    deny = {
        "Sid": "RevokedSessions",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": _date(revoked_before)}},
    }
    return _document(*statements, deny)


def _key(key_arn: str, secret_arn: str) -> dict[str, Any]:
    """Allow the key to Secrets Manager alone, and for this secret alone.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    region = secret_arn.split(":")[3]
    return {
        "Sid": "KeyOfTheSecret",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": key_arn,
        "Condition": {
            "StringEquals": {
                "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
                "kms:EncryptionContext:SecretARN": secret_arn,
            }
        },
    }


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # IAM takes no other offset


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": VERSION, "Statement": list(statements)})
