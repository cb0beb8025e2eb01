"""The uses of a customer's KMS key by Secrets Manager, always with the caller's own rights.

No key exists here and nothing is encrypted: this lists only the rights that an operation needs.
BatchGetSecretValue is left out.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from collections.abc import Mapping
from typing import Any

from local.aws import mocked
from local.aws.iam.authorization import KeyUse

DECRYPT, GENERATE = "kms:Decrypt", "kms:GenerateDataKey"
# The version in the encryption context when a key is given to a secret: AWS only tries the rights.
_VALIDATION = "RequestToValidateKeyAccess"
_AWS_OWN = "alias/aws/secretsmanager"  # anybody in the account may use it
_VALUES = ("SecretString", "SecretBinary")


def uses(
    operation: str, parameters: Mapping[str, Any], secret: mocked.FakeSecret | None, region: str
) -> list[KeyUse]:
    """List the uses of a customer's key that an operation needs; none of AWS's own key.

    Args:
        operation: Of Secrets Manager.
        parameters: As the client sent them.
        secret: The secret that they name, None where there is none yet.
        region: Where the secret is.
    """
    if secret is not None and secret.is_deleted():
        return []
    new = parameters.get("KmsKeyId")
    key = _arn(new or (secret.kms_key_id if secret else None), region)
    if key is None:
        return []
    arn = secret.arn if secret else mocked.secret_arn(region, str(parameters.get("Name", "")))
    version = str(parameters.get("ClientRequestToken", ""))
    wanted = [(action, _VALIDATION) for action in (GENERATE, DECRYPT) if new]
    if operation == "GetSecretValue" and secret is not None and secret.versions:
        wanted.append((DECRYPT, str(parameters.get("VersionId", secret.default_version_id))))
    elif any(name in parameters for name in _VALUES):
        wanted.append((GENERATE, version))
    return [
        KeyUse(
            action,
            key,
            {
                "kms:viaservice": f"secretsmanager.{region}.amazonaws.com",
                "kms:encryptioncontext:secretarn": arn,
                "kms:encryptioncontext:secretversionid": context_version,
            },
        )
        for action, context_version in wanted
    ]


def _arn(key: str | None, region: str) -> str | None:
    """Complete a key's id or alias to its ARN; None for AWS's own key."""
    if key is None or key.endswith(_AWS_OWN):
        return None
    if key.startswith("arn:"):
        return key
    resource = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:aws:kms:{region}:{mocked.ACCOUNT}:{resource}"
