"""Clients with all rights: PostgreSQL's superuser, and AWS's operator."""

from collections.abc import Mapping
from typing import Any

import asyncpg
import boto3

from local.aws.process import RunningAws


async def postgres(environ: Mapping[str, str], database: str | None = None) -> asyncpg.Connection:
    """Connect to the server of libpq's variables.

    Args:
        environ: The variables.
        database: A database to use instead of PGDATABASE.
    """
    return await asyncpg.connect(
        host=environ["PGHOST"],
        port=int(environ["PGPORT"]),
        user=environ["PGUSER"],
        password=environ["PGPASSWORD"],
        database=database or environ["PGDATABASE"],
    )


def operator(aws: RunningAws, service: str) -> Any:  # Any: boto3's clients are made at run time
    """Create a client of one of AWS's services, such as `iam`."""
    environ = aws.operator_environment()
    return boto3.client(
        service,
        region_name=environ["AWS_REGION"],
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        verify=environ["AWS_CA_BUNDLE"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )
