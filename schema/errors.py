"""The closed set of words by which anything that goes wrong is named, everywhere."""

from enum import StrEnum


class ErrorWord(StrEnum):
    """Why a source could not be written or read; the only form in which an error leaves us."""

    TIMEOUT = "timeout"
    """No answer within the deadline."""
    UNREACHABLE = "unreachable"
    """No connection, or the server says that it cannot serve now."""
    TLS = "tls"
    """The server's certificate or its TLS is not acceptable."""
    AUTH = "auth"
    """The server does not accept who we are."""
    PERMISSION = "permission"
    """The server knows us and does not allow it."""
    READ_ONLY = "read_only"
    """The server answers reads and refuses writes (a demoted primary, SQLSTATE 25006)."""
    FULL = "full"
    """Disk or memory of the store is exhausted."""
    QUOTA = "quota"
    """A limit of the account is exhausted (Secrets Manager's versions)."""
    THROTTLED = "throttled"
    """Too many requests or connections for now."""
    NOT_FOUND = "not_found"
    """The table, database or secret does not exist, or is being deleted."""
    NOT_CONFIGURED = "not_configured"
    """None of the source's variables is set, so it is switched off."""
    INVALID_DATA = "invalid_data"
    """What is stored is not what Heartbeat writes, or it cannot be written."""
    UNSUPPORTED = "unsupported"
    """The server runs in a mode that Heartbeat cannot use: a cluster, a pool in statement mode."""
    CLOCK = "clock"
    """Two clocks differ by more than the tolerance."""
    FAILED = "failed"
    """Anything else; the log has more."""


RETRYABLE = frozenset(
    {ErrorWord.TIMEOUT, ErrorWord.UNREACHABLE, ErrorWord.THROTTLED, ErrorWord.READ_ONLY}
)
"""The words that another attempt can heal; all others need a person or another configuration."""
