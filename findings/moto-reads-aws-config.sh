#!/usr/bin/env bash
# moto reads your ~/.aws/config at the first use of a backend, and fails if that file is not valid INI.
#
# Versions: moto 5.2.5, boto3 1.44.8. Seen: 2026-11-28.
# Most would expect: an in-memory stand-in for AWS depends on nothing outside its process, so not on
#   the credentials and configuration of the person who runs it.
# What is: the first use of a backend gets the list of regions from a boto3 session, for which botocore
#   parses the shared configuration. Set AWS_CONFIG_FILE to an empty file for a stand-in.
source "$(dirname "$0")/ground.sh"
install moto==5.2.5 boto3==1.44.8
mkdir -p "$ground/home/.aws"
printf 'a note without a section\n' >"$ground/home/.aws/config"
: >"$ground/empty"
program='
from moto.secretsmanager.models import secretsmanager_backends as backends
try:
    print(len(backends["123456789012"]["us-west-2"].secrets), "secrets")
except Exception as error:
    print(type(error).__name__)
'
unset AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_PROFILE
with_home=$(HOME=$ground/home "$ground/venv/bin/python" -c "$program")
with_empty=$(HOME=$ground/home AWS_CONFIG_FILE=$ground/empty "$ground/venv/bin/python" -c "$program")
echo "with that file:                  $with_home"
echo "with AWS_CONFIG_FILE elsewhere:  $with_empty"
[ "$with_home" = ConfigParseError ]
[ "$with_empty" = "0 secrets" ]
