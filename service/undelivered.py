"""Targets that alerts do not reach, as alerts report them to the diagnosis."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A target that alerts do not reach.

    Attributes:
        target: Its name for people; None if deciding fails, so that no target gets alerts.
        word: The reason.
    """

    target: str | None
    word: str
