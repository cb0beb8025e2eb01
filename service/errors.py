"""The one error that a store, or the way to it, raises."""

from schema.errors import RETRYABLE, ErrorWord


class SourceError(Exception):
    """A store could not be written or read; the word says why, the detail is for the log.

    Args:
        word: The only part that leaves the process.
        detail: What the driver said; never a secret, never sent to anyone.
    """

    def __init__(self, word: ErrorWord, detail: str = "") -> None:
        super().__init__(f"{word}: {detail}" if detail else str(word))
        self.word = word
        self.detail = detail

    @property
    def retryable(self) -> bool:
        """Whether another attempt can heal it."""
        return self.word in RETRYABLE
