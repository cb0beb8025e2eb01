"""Consistent ARNs and regions are accepted, contradictions are named."""

import pytest

from service.aws.arns import contradictions, partition_of, region

GOOD = {
    "IAM_TRUST_ANCHOR_ARN": "arn:aws:rolesanywhere:us-west-2:123456789012:trust-anchor/1",
    "IAM_PROFILE_ARN": "arn:aws:rolesanywhere:us-west-2:123456789012:profile/1",
    "IAM_ROLE_ARN": "arn:aws:iam::123456789012:role/heartbeat",
    "AWS_REGION": "us-west-2",
    "SECRETS_MANAGER_SECRET_NAME": "arn:aws:secretsmanager:us-west-2:123456789012:secret:a-AbCdEf",
}


def test_consistent_settings_are_accepted() -> None:
    assert contradictions(GOOD) == []
    assert contradictions(GOOD | {"SECRETS_MANAGER_SECRET_NAME": "a/name"}) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("AWS_REGION", "us-west-2", "eu-west-1", "IAM_TRUST_ANCHOR_ARN is of region us-west-2, "
         "but AWS_REGION is of eu-west-1"),
        ("IAM_PROFILE_ARN", "us-west-2", "us-east-1", "IAM_PROFILE_ARN is of us-east-1"),
        ("SECRETS_MANAGER_SECRET_NAME", "us-west-2", "us-east-1", "SECRETS_MANAGER_SECRET_NAME"),
        ("IAM_ROLE_ARN", "123456789012", "123456780000", "account ********9012, but IAM_ROLE_ARN "
         "is of ********0000"),
        ("IAM_ROLE_ARN", "123456789012", "999999999012", "name different accounts"),
        ("IAM_ROLE_ARN", "arn:aws:", "arn:aws-cn:", "partition aws, but IAM_ROLE_ARN is of aws-cn"),
        ("SECRETS_MANAGER_SECRET_NAME", "123456789012", "123456780001", "********0001"),
    ],
)  # fmt: skip
def test_both_of_two_contradicting_settings_are_named(
    name: str, old: str, new: str, sentence: str
) -> None:
    [problem] = contradictions(GOOD | {name: GOOD[name].replace(old, new)})

    assert sentence in problem
    assert name in problem
    assert "123456789012" not in problem


def test_a_region_of_another_partition_is_reported_with_the_region() -> None:
    problems = contradictions(GOOD | {"AWS_REGION": "cn-north-1"})

    assert [each.partition(" is of ")[2].split()[0] for each in problems] == ["partition", "region"]


@pytest.mark.parametrize(
    ("name", "partition"),
    [("us-west-2", "aws"), ("us-gov-east-1", "aws-us-gov"), ("cn-north-1", "aws-cn")],
)
def test_a_region_determines_its_partition(name: str, partition: str) -> None:
    assert (region(name), partition_of(name)) == (name, partition)


def test_an_availability_zone_is_named_with_its_region() -> None:
    with pytest.raises(ValueError, match="an availability zone: the region is us-west-2"):
        region("us-west-2a")


def test_partitions_are_those_that_botocore_knows() -> None:
    from botocore.loaders import Loader

    known = Loader().load_data("endpoints")["partitions"]

    wrong = {
        name: each["partition"]
        for each in known
        for name in each["regions"]
        if partition_of(name) != each["partition"]
    }
    assert wrong == {}
