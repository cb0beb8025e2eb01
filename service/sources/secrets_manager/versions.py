"""Versions of the secret, as AWS's answers describe them, and the tokens that name new ones."""

import uuid
from datetime import UTC, datetime
from typing import Any

from schema.errors import ErrorWord
from schema.heartbeat import Heartbeat
from schema.secret import merged_value
from service.errors import SourceError

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"  # stages of a version


def made_at(response: dict[str, Any]) -> datetime | None:
    """Return when the version was created, from GetSecretValue's answer; None without a value."""
    created: datetime | None = response.get("CreatedDate")
    return created.astimezone(UTC) if created else None


def token(arn: str, slot: int, *after: str) -> str:
    """Return the token of a slot's write, or of the write that merges a version in between."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join([arn, str(slot), *after])))


def staged(response: dict[str, Any], stage: str) -> str | None:
    """Return the version with a stage, from DescribeSecret's answer."""
    stages_of: dict[str, list[str]] = response.get("VersionIdsToStages", {})
    return next((version for version, stages in stages_of.items() if stage in stages), None)


def merged(response: dict[str, Any], heartbeat: Heartbeat) -> str:
    """Return the value with the stamp added.

    Raises:
        SourceError: Nothing can be added without changing other content.
    """
    try:
        return merged_value(text(response), heartbeat)
    except ValueError as error:
        detail = f"the secret's value is not changed: {error}"
        raise SourceError(ErrorWord.INVALID_DATA, detail) from None


def text(response: dict[str, Any]) -> str:
    """Return the value as text.

    Raises:
        SourceError: It is binary, so that a stamp would destroy it.
    """
    if "SecretString" not in response:
        raise SourceError(ErrorWord.INVALID_DATA, "the secret's value is binary: it is not changed")
    return str(response["SecretString"])
