"""The buckets of Spaces and S3 that the app watches beside its clusters."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, Json, StringConstraints
from pydantic.alias_generators import to_camel

from stack.choices import Choices
from stack.choices.clusters import NAME
from stack.choices.identity import KEY_ARN

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
REGION = r"^[a-z]{2,3}[a-z0-9-]*\d$"
# Excludes characters with a meaning in URLs or in a policy's ARNs, such as * and ?.
PREFIX = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"


class Bucket(BaseModel):
    """A bucket to watch; a bucket of Spaces is created unless `existing` names it."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)

    kind: Literal["spaces", "s3"]
    name: str = Field(pattern=NAME, max_length=30)
    existing: Annotated[str, StringConstraints(pattern=BUCKET)] | None = None
    region: Annotated[str, StringConstraints(pattern=REGION)] | None = None
    prefix: str = Field(default="heartbeat", pattern=PREFIX, max_length=200)
    kms_key_arn: Annotated[str, StringConstraints(pattern=KEY_ARN)] | None = None

    def key(self, author: str) -> str:
        """Return the key of the object that holds the stamp of `HEARTBEAT_NAME`."""
        return f"{self.prefix}/{author}.json"


class Buckets(Choices):
    """The setting of the buckets."""

    buckets: Json[tuple[Bucket, ...]] = Field(
        description='use a list such as [{"kind": "spaces", "name": "photos"}]: kind is spaces or'
        " s3; name has small letters, digits and single hyphens, 30 at most; existing is a bucket's"
        " name, which s3 needs; region its own; prefix has letters, digits and _.-/ ; kmsKeyArn is"
        " the key's own ARN, no alias, of a bucket of s3"
    )

    @property
    def spaces(self) -> list[Bucket]:
        """The buckets at DigitalOcean, which have their own keys."""
        return [each for each in self.buckets if each.kind == "spaces"]

    @property
    def s3(self) -> list[Bucket]:
        """The buckets at AWS, which the role may use."""
        return [each for each in self.buckets if each.kind == "s3"]
