"""Mask AWS account ids."""

import re

ACCOUNT = re.compile(r"(?<!\d)\d{8}(\d{4})(?!\d)")


def mask(text: str | None) -> str | None:
    """Replace every account id in a text by its last four digits."""
    return None if text is None else ACCOUNT.sub(r"********\1", text)
