#!/usr/bin/env bash
# moto accepts any number of secret versions; Secrets Manager refuses more than about a hundred.
#
# Versions: moto 5.2.5, boto3 1.44.8. Seen: 2026-11-28.
# Most would expect: a stand-in refuses what the service's documented quota refuses.
# What is: 150 values make 151 versions. A loop that writes a value each minute passes every test
#   against it. At AWS, by its documentation, it gets LimitExceededException within two hours, because AWS
#   keeps all versions of the last 24 hours
#   (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html).
#   An update of only the description makes no version, in moto as at AWS.
source "$(dirname "$0")/ground.sh"
install 'moto[secretsmanager]==5.2.5' boto3==1.44.8
python <<'PY'
import os
os.environ.update(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b", AWS_DEFAULT_REGION="us-west-2")
import boto3
from moto import mock_aws

def versions(client):
    listed = client.list_secret_version_ids(SecretId="x", IncludeDeprecated=True, MaxResults=100)
    count = len(listed["Versions"])
    while token := listed.get("NextToken"):
        listed = client.list_secret_version_ids(SecretId="x", IncludeDeprecated=True, MaxResults=100, NextToken=token)
        count += len(listed["Versions"])
    return count

with mock_aws():
    client = boto3.client("secretsmanager")
    client.create_secret(Name="x", SecretString="0")
    for number in range(150):
        client.update_secret(SecretId="x", SecretString=str(number))
    values = versions(client)
    told = client.update_secret(SecretId="x", Description="stamp")
    after = versions(client)
print(f"versions after 150 values: {values}; after a description: {after}; its answer: {sorted(told)}")
assert values == after == 151 and "VersionId" not in told
PY
