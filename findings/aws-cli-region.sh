#!/usr/bin/env bash
# The AWS CLI 1 and boto3 do not read AWS_REGION; they read AWS_DEFAULT_REGION.
#
# Versions: awscli 1.46.3 and the botocore and boto3 that it brings. Seen: 2026-11-28.
# Most would expect: AWS_REGION, which the other SDKs, the CLI 2 and AWS's own runtimes use, is enough.
# What is: botocore reads only AWS_DEFAULT_REGION, so the CLI 1 fails with "You must specify a region".
source "$(dirname "$0")/ground.sh"
install awscli==1.46.3 boto3
export HOME=$ground AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b AWS_EC2_METADATA_DISABLED=true
unset AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE
region() { "$ground/venv/bin/python" -c 'import boto3; print(boto3.Session().region_name)'; }
ask() { "$ground/venv/bin/aws" secretsmanager list-secrets --endpoint-url http://127.0.0.1:1 2>&1 | tr -d '\n' || true; }
with_region=$(AWS_REGION=us-west-2 region)
with_default=$(AWS_DEFAULT_REGION=us-west-2 region)
echo "boto3 with AWS_REGION: $with_region; with AWS_DEFAULT_REGION: $with_default"
said=$(AWS_REGION=us-west-2 ask)
echo "aws with AWS_REGION: $said"
other=$(AWS_DEFAULT_REGION=us-west-2 ask)
echo "aws with AWS_DEFAULT_REGION: $other"
[ "$with_region" = None ] && [ "$with_default" = us-west-2 ]
case $said in *"must specify a region"*) ;; *) exit 1 ;; esac
case $other in *"must specify a region"*) exit 1 ;; esac
