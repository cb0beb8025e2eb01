"""The one error that a store, or the way to it, raises."""

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
