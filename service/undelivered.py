"""What alerts and the diagnosis both know: targets that alerts do not reach."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A target that alerts do not reach.

    Attributes:
        target: Its name for people; None if nobody is told, because deciding does not work.
        word: Why.
    """

    target: str | None
    word: str
