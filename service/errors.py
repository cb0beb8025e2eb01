"""The one error that a store, or the way to it, raises, and what may be missing without one."""

from dataclasses import dataclass

from schema.errors import RETRYABLE, Cause, ErrorWord


class SourceError(Exception):
    """A store could not be written or read; the word says why, the detail is for the log.

    Args:
        word: The only part that leaves the process.
        detail: What the driver said; never a secret, never sent to anyone.
        cause: What is behind the word, None where that is not known.
    """

    def __init__(self, word: ErrorWord, detail: str = "", cause: Cause | None = None) -> None:
        super().__init__(f"{word}: {detail}" if detail else str(word))
        self.word = word
        self.detail = detail
        self.cause = cause

    @property
    def retryable(self) -> bool:
        """Whether another attempt can heal it."""
        return self.word in RETRYABLE


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What did not land although the stamp did, such as a secret's value.

    Attributes:
        word: Why it did not land; the only part that leaves the process.
        cause: What is behind the word, None where that is not known.
        detail: What the driver said, for the log alone.
    """

    word: ErrorWord
    cause: Cause | None = None
    detail: str = ""

    @classmethod
    def of(cls, error: SourceError) -> "Shortfall":
        """Take over what an error says, without the frames that it holds."""
        return cls(error.word, error.cause, error.detail)
