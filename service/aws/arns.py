"""ARNs of the AWS identity and its secret: their parts, and contradictions between them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from service.accounts import mask

REGION_VARIABLE = "AWS_REGION"
ARN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):[a-z-]+:(?P<region>[a-z0-9-]*):(?P<account>\d{12}):"
)
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
ZONE = re.compile(r"([a-z]{2,}(-[a-z]+)+-\d+)[a-z]")
# botocore's endpoints.json lists them; all others are of the partition `aws`.
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Partition, region and account in one variable; None where it has none."""

    variable: str
    partition: str | None
    region: str | None
    account: str | None


def contradictions(values: Mapping[str, str]) -> list[str]:
    """Return one sentence for each pair of variables that contradict each other.

    Args:
        values: ARNs by variable, and the region under AWS_REGION; invalid ones are ignored here,
            because each variable has its own check.
    """
    places = [place for name, value in values.items() if (place := _place(name, value))]
    found: list[str] = []
    for part in ("partition", "region", "account"):
        stated = [
            (place.variable, getattr(place, part)) for place in places if getattr(place, part)
        ]
        # Only the first pair: with three variables, it shows which one is wrong.
        pairs = (f"{_pair(part, a, b)}" for a, b in combinations(stated, 2) if a[1] != b[1])
        found += [sentence for sentence in [next(pairs, None)] if sentence]
    return found


def region(value: str) -> str:
    """Check a region's name.

    Raises:
        ValueError: It is invalid.
    """
    if REGION.fullmatch(value):
        return value
    zone = ZONE.fullmatch(value)
    if zone:
        msg = f"it is an availability zone: the region is {zone[1]}"
        raise ValueError(msg)
    msg = "it is not the name of a region, such as us-west-2"
    raise ValueError(msg)


def partition_of(region_name: str) -> str:
    """Return the partition that a region belongs to."""
    return next((name for prefix, name in PARTITIONS if region_name.startswith(prefix)), "aws")


def _place(variable: str, value: str) -> _Place | None:
    if variable == REGION_VARIABLE and REGION.fullmatch(value):
        return _Place(variable, partition_of(value), value, None)
    arn = ARN.match(value)
    if arn is None:
        return None
    return _Place(variable, arn["partition"], arn["region"] or None, arn["account"])


def _pair(part: str, one: tuple[str, str], other: tuple[str, str]) -> str:
    (name, value), (other_name, other_value) = one, other
    if part == "account" and mask(value) != mask(other_value):
        value, other_value = str(mask(value)), str(mask(other_value))
    elif part == "account":  # the digits that may be shown are equal
        return f"{name} and {other_name} name different accounts: take all of one account"
    return (
        f"{name} is of {part} {value}, but {other_name} is of {other_value}: take all of one {part}"
    )
