"""Warn about bucket rules that matter for an object that is replaced each cycle.

They are found in the answers to writes, so this needs no further rights.
"""

from collections.abc import Iterator, Mapping
from typing import Any

MONTH_S = 30 * 86_400
UNVERSIONED = "null"  # the id of an object's one version where versioning is suspended


def notices(answer: Mapping[str, Any], interval_s: float, *, is_locked: bool) -> Iterator[str]:
    """Yield a sentence for each rule.

    Args:
        answer: The answer to a PutObject.
        interval_s: Seconds between writes.
        is_locked: Whether object lock kept the replaced object.
    """
    if answer.get("VersionId", UNVERSIONED) != UNVERSIONED:
        count = round(MONTH_S / interval_s)
        yield (
            f"the bucket keeps versions: {count:,} a month of this one object; let a lifecycle "
            "rule delete noncurrent versions under this prefix, or choose another bucket"
        )
    if is_locked:
        yield (
            "object lock keeps every version until its date, and none can be deleted before: "
            "choose another bucket"
        )
    if "Expiration" in answer:
        yield (
            "a lifecycle rule expires the object: if the worker is down for that long, the stamp "
            "is deleted, and reads as never written"
        )
