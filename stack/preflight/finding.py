"""The result of a check, with its remedy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "unknown", "warning", "bad"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor.

    Attributes:
        subject: The subject of the check, in a word or two.
        verdict: `bad` would fail an `up`; `warning` would not; `unknown` could not be checked.
        says: The finding.
        remedy: What to do; empty if nothing.
    """

    subject: str
    verdict: Verdict
    says: str
    remedy: str = ""


Findings = Iterator[Finding]


def good(subject: str, says: str) -> Finding:
    """Report a passed check."""
    return Finding(subject=subject, verdict="good", says=says)


def bad(subject: str, says: str, remedy: str) -> Finding:
    """Report a problem that would fail an `up`."""
    return Finding(subject=subject, verdict="bad", says=says, remedy=remedy)


def warning(subject: str, says: str, remedy: str) -> Finding:
    """Report a problem that would not fail an `up`."""
    return Finding(subject=subject, verdict="warning", says=says, remedy=remedy)


def unknown(subject: str, says: str, remedy: str) -> Finding:
    """Report something that could not be checked."""
    return Finding(subject=subject, verdict="unknown", says=says, remedy=remedy)
