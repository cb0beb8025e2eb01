#!/usr/bin/env bash
# moto moves the label AWSCURRENT to another version, but GetSecretValue still returns the old one.
#
# Versions: moto 5.2.5, boto3 1.44.8. Seen: 2026-11-28.
# Most would expect: GetSecretValue without a version returns the version that has AWSCURRENT, as AWS
#   does; so a rollback by UpdateSecretVersionStage can be tested.
# What is: DescribeSecret shows the label moved, and GetSecretValue returns the version that was written
#   last. UpdateSecret with an empty description keeps the old description, which AWS would clear.
source "$(dirname "$0")/ground.sh"
install moto==5.2.5 boto3==1.44.8
python <<'PY'
import boto3
from moto import mock_aws

with mock_aws():
    client = boto3.client(
        "secretsmanager", "us-west-2", aws_access_key_id="x", aws_secret_access_key="x"
    )
    first = client.create_secret(Name="s", SecretString="first", Description="about")["VersionId"]
    second = client.put_secret_value(SecretId="s", SecretString="second")["VersionId"]
    client.update_secret_version_stage(
        SecretId="s", VersionStage="AWSCURRENT", MoveToVersionId=first, RemoveFromVersionId=second
    )
    stages = client.describe_secret(SecretId="s")["VersionIdsToStages"]
    value = client.get_secret_value(SecretId="s")["SecretString"]
    client.update_secret(SecretId="s", Description="")
    description = client.describe_secret(SecretId="s").get("Description")
print("AWSCURRENT is on the first version:", "AWSCURRENT" in stages[first])
print("GetSecretValue returns:            ", value)
print("description after clearing it:     ", repr(description))
assert "AWSCURRENT" in stages[first]
assert value == "second"
assert description == "about"
PY
