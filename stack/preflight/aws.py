"""Check AWS: the login, its permissions, and the resources that must exist."""

from typing import Any, Protocol

from stack.choices.buckets import Bucket
from stack.preflight.finding import Finding, Findings, bad, good, unknown, warning
from stack.settings import Settings

LOGIN_REMEDY = "log in: aws sso login, or export AWS_PROFILE or access keys"
AWS_OWN_KEY = "alias/aws/secretsmanager"
AWS_S3_KEY = "alias/aws/s3"
ACTIONS = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:PassRole",
    "rolesanywhere:CreateTrustAnchor",
    "rolesanywhere:CreateProfile",
    "secretsmanager:CreateSecret",
    "secretsmanager:PutSecretValue",
)


class Cloud(Protocol):
    """The clients of AWS."""

    def client(self, name: str) -> Any:
        """Return a boto3 client."""


def check(cloud: Cloud, errors: tuple[type[Exception], ...], settings: Settings | None) -> Findings:
    """Check what an `up` needs of AWS.

    Args:
        cloud: The clients.
        errors: The exceptions that the clients raise.
        settings: The stack's settings, None if they are invalid.
    """
    try:
        arn = str(cloud.client("sts").get_caller_identity()["Arn"])
    except errors as error:
        yield bad("AWS", f"not logged in ({type(error).__name__})", LOGIN_REMEDY)
        return
    yield good("AWS", f"logged in as {arn.rsplit('/', 1)[-1]}")
    yield _permissions(cloud, errors, _principal(arn))
    if settings and settings.secret_arn:
        yield from _secret(cloud, errors, settings.secret_arn, settings.secret_kms_key_arn)
    elif settings and settings.secret_kms_key_arn:
        yield _key(cloud, errors, settings.secret_kms_key_arn)
    if settings:
        for bucket in settings.s3:
            yield from _bucket(cloud, errors, bucket, bucket.region or settings.aws_region)


def _permissions(cloud: Cloud, errors: tuple[type[Exception], ...], arn: str) -> Finding:
    try:
        results = cloud.client("iam").simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=list(ACTIONS)
        )["EvaluationResults"]
    except errors:
        return unknown("AWS", "may not ask what is allowed", f"be sure of {', '.join(ACTIONS)}")
    denied = [r["EvalActionName"] for r in results if r["EvalDecision"] != "allowed"]
    if denied:
        return bad("AWS", f"may not {', '.join(denied)}", "ask for a role that may")
    return good("AWS", "may make role, anchor, profile and secret")


def _secret(
    cloud: Cloud, errors: tuple[type[Exception], ...], arn: str, key_arn: str | None
) -> Findings:
    """Check that an existing secret exists and uses the configured key."""
    try:
        secret = cloud.client("secretsmanager").describe_secret(SecretId=arn)
    except errors as error:
        yield bad("secret", f"cannot see secretArn ({type(error).__name__})", "check its ARN")
        return
    yield good("secret", "secretArn exists")
    if secret.get("KmsKeyId", "").endswith(AWS_OWN_KEY):
        secret = {}
    found = secret.get("KmsKeyId")
    remedy = "`pulumi config set --plaintext secretKmsKeyArn ARN-OF-ITS-KEY`"
    if found and key_arn is None:
        yield warning("key", f"secretArn is under {found}, which the role may not use", remedy)
    elif key_arn and not found:
        remedy = "`pulumi config rm secretKmsKeyArn`"
        yield warning("key", "secretArn is under AWS's own key, not secretKmsKeyArn", remedy)
    elif key_arn and found and "alias/" not in found and not key_arn.endswith(found):
        yield warning("key", f"secretArn is under {found}, not secretKmsKeyArn", remedy)


def _key(cloud: Cloud, errors: tuple[type[Exception], ...], arn: str) -> Finding:
    """Check that the key of a new secret can be used; creating the secret uses it."""
    try:
        key = cloud.client("kms").describe_key(KeyId=arn)["KeyMetadata"]
    except errors as error:
        says = f"cannot see secretKmsKeyArn ({type(error).__name__})"
        return unknown("key", says, "be sure that it exists, and of kms:GenerateDataKey")
    if key["KeyState"] != "Enabled":
        remedy = "enable it, or cancel its deletion"
        return bad("key", f"secretKmsKeyArn is in state {key['KeyState']}", remedy)
    if key.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return bad("key", "secretKmsKeyArn is not symmetric", "choose a key for encryption")
    return good("key", "secretKmsKeyArn is enabled")


def _bucket(
    cloud: Cloud, errors: tuple[type[Exception], ...], bucket: Bucket, region: str
) -> Findings:
    """Check that a bucket exists in its region and uses the configured key."""
    s3, name = cloud.client("s3"), bucket.existing
    try:
        found = s3.head_bucket(Bucket=name).get("BucketRegion", region)
    except errors as error:
        says = f"cannot see {name} ({type(error).__name__})"
        yield unknown("bucket", says, "be sure of its name, and that its policy admits the role")
        return
    if found != region:
        yield bad("bucket", f"{name} is in {found}", f"set region to {found} in buckets")
        return
    yield good("bucket", f"{name} exists")
    try:
        encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
    except errors:
        return
    rule = encryption["Rules"][0].get("ApplyServerSideEncryptionByDefault", {})
    key = rule.get("KMSMasterKeyID", AWS_S3_KEY)  # absent for AWS's own key
    if not key.endswith(AWS_S3_KEY) and bucket.kms_key_arn is None:
        remedy = "set kmsKeyArn in buckets to that key's own ARN"
        yield warning("key", f"{name} is under {key}, which the role may not use", remedy)


def _principal(arn: str) -> str:
    """Return the role behind a session, which IAM can simulate."""
    if ":assumed-role/" not in arn:
        return arn
    head, _, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"
