"""The errors that stores and leases raise, and partial failures without an error."""

from dataclasses import dataclass

from schema.errors import RETRYABLE, Cause, ErrorWord


class SourceError(Exception):
    """A store could not be written or read.

    Args:
        word: The reason; the only part that leaves the process.
        detail: The driver's message, for the log only; never a secret.
        cause: The reason behind the word, None if unknown.
    """

    def __init__(self, word: ErrorWord, detail: str = "", cause: Cause | None = None) -> None:
        super().__init__(f"{word}: {detail}" if detail else str(word))
        self.word = word
        self.detail = detail
        self.cause = cause

    @property
    def retryable(self) -> bool:
        """Whether a retry can help."""
        return self.word in RETRYABLE


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A part that was not written although the stamp was, such as a secret's value.

    Attributes:
        word: The reason; the only part that leaves the process.
        cause: The reason behind the word, None if unknown.
        detail: The driver's message, for the log only.
    """

    word: ErrorWord
    cause: Cause | None = None
    detail: str = ""

    @classmethod
    def of(cls, error: SourceError) -> "Shortfall":
        """Copy an error's content, without its frames."""
        return cls(error.word, error.cause, error.detail)


class SupersededError(Exception):
    """Another process leads by now, so nothing was written; what it writes is newer."""
