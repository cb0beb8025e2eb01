"""Translate redis-py's errors into error words."""

import re

from redis import exceptions

from schema.errors import Cause, ErrorWord
from service import tls_errors
from service.errors import SourceError

# redis-py removes the code from the text if it has a class for it, and keeps it otherwise, so the
# class is checked first. Subclasses come before their bases.
CLASSES: tuple[tuple[type[Exception], ErrorWord], ...] = (
    (exceptions.AuthenticationError, ErrorWord.AUTH),
    (exceptions.ExternalAuthProviderError, ErrorWord.AUTH),
    (exceptions.NoPermissionError, ErrorWord.PERMISSION),
    (exceptions.ReadOnlyError, ErrorWord.READ_ONLY),
    (exceptions.OutOfMemoryError, ErrorWord.FULL),
    (exceptions.MaxConnectionsError, ErrorWord.THROTTLED),
    (exceptions.BusyLoadingError, ErrorWord.UNREACHABLE),
    (exceptions.ClusterDownError, ErrorWord.UNREACHABLE),  # MASTERDOWN too
    (exceptions.TryAgainError, ErrorWord.UNREACHABLE),
    (exceptions.ClusterCrossSlotError, ErrorWord.UNSUPPORTED),
    (exceptions.AskError, ErrorWord.UNSUPPORTED),  # MOVED too
    (exceptions.TimeoutError, ErrorWord.TIMEOUT),
)
# https://valkey.io/topics/protocol/: an error's first word is its code.
CODES = {
    "NOAUTH": ErrorWord.AUTH,
    "WRONGPASS": ErrorWord.AUTH,
    "NOPERM": ErrorWord.PERMISSION,
    "READONLY": ErrorWord.READ_ONLY,
    "NOREPLICAS": ErrorWord.READ_ONLY,
    "OOM": ErrorWord.FULL,
    "MISCONF": ErrorWord.FULL,
    "LOADING": ErrorWord.UNREACHABLE,
    "MASTERDOWN": ErrorWord.UNREACHABLE,
    "CLUSTERDOWN": ErrorWord.UNREACHABLE,
    "TRYAGAIN": ErrorWord.UNREACHABLE,
    "BUSY": ErrorWord.UNREACHABLE,
    "DENIED": ErrorWord.UNREACHABLE,  # protected mode: only connections from its own host
    "WRONGTYPE": ErrorWord.INVALID_DATA,
    "max": ErrorWord.THROTTLED,  # "max number of clients reached"
}
# Messages under the general code ERR, which redis-py removes.
TEXTS = (
    (re.compile("^ACL failure in script"), ErrorWord.PERMISSION),
    (re.compile("non local key in a cluster"), ErrorWord.UNSUPPORTED),
    (re.compile("^unknown command", re.IGNORECASE), ErrorWord.UNSUPPORTED),
)
COMMAND_MISSING = "the server lacks a command"


def translate(error: Exception) -> SourceError:
    """Translate an error of redis-py; the detail is its type, since its text can hold keys."""
    of_tls = tls_errors.judge(error)
    if of_tls is not None:
        return of_tls
    kind, code = type(error).__name__, _code(error)
    word = _word(error, code)
    if word is ErrorWord.UNSUPPORTED:
        if _is_of_a_cluster(error):
            return SourceError(word, kind, Cause.CLUSTER)
        return SourceError(word, f"{kind}: {COMMAND_MISSING}")
    return SourceError(word, f"{kind} ({code})" if code in CODES else kind)


def _word(error: Exception, code: str) -> ErrorWord:
    for kind, word in CLASSES:
        if isinstance(error, kind):
            return word
    if code in CODES:
        return CODES[code]
    for pattern, word in TEXTS:
        if pattern.search(str(error)):
            return word
    if isinstance(error, exceptions.ConnectionError | OSError):
        return ErrorWord.UNREACHABLE
    return ErrorWord.FAILED


def _code(error: Exception) -> str:
    return str(error).lstrip("-").split(" ", 1)[0]


def _is_of_a_cluster(error: Exception) -> bool:
    of_a_cluster = isinstance(error, exceptions.ClusterCrossSlotError | exceptions.AskError)
    return of_a_cluster or "cluster" in str(error)
