"""How many examples Hypothesis tries of each property."""

import os


def examples(number: int) -> int:
    """Return all of them where `CI` is set, as in `.ci/run`; else a quarter, to save minutes."""
    return number if os.environ.get("CI") else number // 4
