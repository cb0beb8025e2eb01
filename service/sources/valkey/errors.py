"""How errors of redis-py become words."""

import ssl

from redis import exceptions

from schema.errors import ErrorWord
from service.errors import SourceError

# https://valkey.io/topics/protocol/: an error's first word is its kind.
WORDS = {
    "NOAUTH": ErrorWord.AUTH,
    "WRONGPASS": ErrorWord.AUTH,
    "NOPERM": ErrorWord.PERMISSION,
    "READONLY": ErrorWord.READ_ONLY,
    "OOM": ErrorWord.FULL,
    "MISCONF": ErrorWord.FULL,
    "LOADING": ErrorWord.UNREACHABLE,
    "MASTERDOWN": ErrorWord.UNREACHABLE,
    "BUSY": ErrorWord.UNREACHABLE,
    "WRONGTYPE": ErrorWord.INVALID_DATA,
    "max": ErrorWord.THROTTLED,  # "max number of clients reached"
}
KINDS: tuple[tuple[type[Exception], ErrorWord], ...] = (
    (exceptions.AuthenticationError, ErrorWord.AUTH),
    (exceptions.NoPermissionError, ErrorWord.PERMISSION),
    (exceptions.ReadOnlyError, ErrorWord.READ_ONLY),
    (exceptions.OutOfMemoryError, ErrorWord.FULL),
    (exceptions.MaxConnectionsError, ErrorWord.THROTTLED),
    (exceptions.TimeoutError, ErrorWord.TIMEOUT),
    (exceptions.ConnectionError, ErrorWord.UNREACHABLE),
    (OSError, ErrorWord.UNREACHABLE),
)


def translate(error: Exception) -> SourceError:
    """One of redis-py's errors as ours; the detail is its type, since texts can hold keys."""
    detail = type(error).__name__
    if _is_tls(error):
        return SourceError(ErrorWord.TLS, detail)
    first = str(error).lstrip("-").split(" ", 1)[0]
    if first in WORDS:
        return SourceError(WORDS[first], f"{detail} ({first})")
    for kind, word in KINDS:
        if isinstance(error, kind):
            return SourceError(word, detail)
    return SourceError(ErrorWord.FAILED, detail)


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
