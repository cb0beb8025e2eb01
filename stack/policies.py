"""IAM policy documents, as pure functions: who may assume the role, and what the role may do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SERVICE = "rolesanywhere.amazonaws.com"
VERSION = "2012-10-17"  # of IAM's policy language; older ones have no variables


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """One object in a bucket of S3.

    Attributes:
        bucket: The bucket's name.
        key: The object's.
        region: The bucket's region.
        key_arn: The customer's KMS key that encrypts it, None without such a key.
    """

    bucket: str
    key: str
    region: str
    key_arn: str | None = None


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
    secret_arn: str,
    key_arn: str | None = None,
    revoked_before: datetime | None = None,
    objects: Sequence[StoredObject] = (),
) -> str:
    """Write what the role may do: read and write one secret and some objects, with their KMS keys.

    Args:
        secret_arn: The secret's whole ARN, with its random end.
        key_arn: The customer's key of the secret, None for AWS's own, which needs no right.
        revoked_before: Sessions issued before this time may do nothing; None revokes none
            [IAM userguide/id_roles_use_revoke-sessions.html].
        objects: The objects in buckets of S3.

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
    statements += _objects(objects, partition=secret_arn.split(":")[1])
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
    """Allow the key only to Secrets Manager, and only for this secret.

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


def _objects(objects: Sequence[StoredObject], partition: str) -> Iterator[dict[str, Any]]:
    """Allow each object to be read and written, and its bucket to be listed.

    Without that S3 refuses an object that is not there yet as one that is forbidden
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html); a condition on the prefix
    would take that effect away. With a bucket key, S3 names the bucket to KMS and not the object
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html).
    """
    if not objects:
        return
    buckets = {each: f"arn:{partition}:s3:::{each.bucket}" for each in objects}
    arns = {each: f"{bucket}/{each.key}" for each, bucket in buckets.items()}
    yield {
        "Sid": "Objects",
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": list(arns.values()),
    }
    yield {
        "Sid": "BucketsOfTheObjects",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": sorted(set(buckets.values())),
    }
    for number, each in enumerate((each for each in objects if each.key_arn), start=1):
        yield {
            "Sid": f"KeyOfObject{number}",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": each.key_arn,
            "Condition": {
                "StringEquals": {
                    "kms:ViaService": f"s3.{each.region}.amazonaws.com",
                    "kms:EncryptionContext:aws:s3:arn": [arns[each], buckets[each]],
                }
            },
        }


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # IAM accepts no other offset


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": VERSION, "Statement": list(statements)})
