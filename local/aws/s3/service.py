"""S3's operations: moto keeps the objects, and rights are checked as at AWS."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from local.aws import mocked
from local.aws.iam.authorization import Authorizer
from local.aws.iam.credentials import Principal
from local.aws.wire.errors import AwsError
from local.aws.wire.message import Reply, Request

# By method, whether there is a key, and subresource; other operations are not needed here.
_OPERATIONS = {
    ("PUT", True, ""): "PutObject",
    ("GET", True, ""): "GetObject",
    ("DELETE", True, ""): "DeleteObject",
    ("PUT", False, ""): "CreateBucket",
    ("PUT", False, "versioning"): "PutBucketVersioning",
    ("PUT", False, "object-lock"): "PutObjectLockConfiguration",
}
_MISSING = "NoSuchKey"


@dataclass(frozen=True)
class Call:
    """One request to S3.

    Attributes:
        key: Empty for a call on the bucket.
    """

    operation: str
    bucket: str
    key: str

    @property
    def resource(self) -> str:
        """The ARN of the object, or of the bucket."""
        return f"arn:aws:s3:::{self.bucket}" + (f"/{self.key}" if self.key else "")


def call(request: Request) -> Call:
    """Parse a request in path style.

    Raises:
        AwsError: The stand-in does not support it.
    """
    bucket, _, key = unquote(request.path).lstrip("/").partition("/")
    subresource = next((name for name, _ in request.query if name != "x-id"), "")
    operation = _OPERATIONS.get((request.method, bool(key), subresource))
    if operation is None:
        raise AwsError("NotImplemented", "This stand-in has no such operation of S3", 501)
    return Call(operation, bucket, key)


def ask(region: str, request: Request, principal: Principal, authorizer: Authorizer) -> Reply:
    """Execute a request, if `principal` may.

    Raises:
        AwsError: It may not, or S3 refuses it.
    """
    parsed = call(request)
    authorizer.check(principal, f"s3:{parsed.operation}", parsed.resource)
    kind: Literal["key", "bucket"] = "key" if parsed.key else "bucket"
    try:
        return mocked.dispatch_s3(kind, region, request)
    except AwsError as error:
        if error.code == _MISSING:
            # Without the right to list, a missing object is reported as forbidden:
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            authorizer.check(principal, "s3:ListBucket", f"arn:aws:s3:::{parsed.bucket}")
        raise
