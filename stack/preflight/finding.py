"""What a check found, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["good", "unknown", "warning", "bad"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the doctor.

    Attributes:
        subject: What was looked at, in a word or two.
        verdict: `bad` will make an `up` fail; `warning` will not; `unknown` could not be seen.
        says: What was found.
        remedy: What to do; empty if nothing.
    """

    subject: str
    verdict: Verdict
    says: str
    remedy: str = ""


Findings = Iterator[Finding]


def good(subject: str, says: str) -> Finding:
    """Report that all is well."""
    return Finding(subject=subject, verdict="good", says=says)


def bad(subject: str, says: str, remedy: str) -> Finding:
    """Report what would make an `up` fail."""
    return Finding(subject=subject, verdict="bad", says=says, remedy=remedy)


def warning(subject: str, says: str, remedy: str) -> Finding:
    """Report what would let an `up` through, and would still be wrong."""
    return Finding(subject=subject, verdict="warning", says=says, remedy=remedy)


def unknown(subject: str, says: str, remedy: str) -> Finding:
    """Report what could not be seen."""
    return Finding(subject=subject, verdict="unknown", says=says, remedy=remedy)
