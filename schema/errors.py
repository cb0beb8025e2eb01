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


class Cause(StrEnum):
    """What is behind a word, where that is known and another remedy follows from it."""

    NO_TLS = "no_tls"
    """The server answers in plain text where TLS is asked for."""
    UNTRUSTED = "untrusted"
    """No CA that is trusted here has signed the server's certificate."""
    WRONG_HOST = "wrong_host"
    """The server's certificate is for another host name."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    """The server's certificate is out of its validity."""
    STATEMENT_POOL = "statement_pool"
    """A pool in statement mode lies between, which allows no transaction."""
    CLUSTER = "cluster"
    """Keys are spread over the nodes of a cluster."""
    SCHEMA_USAGE = "schema_usage"
    """The user may not look into the schema that holds the tables."""
    SEARCH_PATH = "search_path"
    """The user's search path names no schema that exists."""
    ROW_SECURITY = "row_security"
    """Row security hides rows from the user, or refuses them."""
    COLUMN_MISSING = "column_missing"
    """A table of Heartbeat's lacks a column."""
    KEY_DENIED = "key_denied"
    """The role may not use the KMS key that the secret lies under."""
    KEY_UNUSABLE = "key_unusable"
    """AWS cannot use that key: it is disabled, or scheduled for deletion."""
    STAMP_REFUSED = "stamp_refused"
    """The table exists, and its columns or constraints take no stamp."""


RETRYABLE = frozenset(
    {ErrorWord.TIMEOUT, ErrorWord.UNREACHABLE, ErrorWord.THROTTLED, ErrorWord.READ_ONLY}
)
"""The words that another attempt can heal; all others need a person or another configuration."""
