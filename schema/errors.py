"""Error words: the closed set of names for everything that can fail."""

from enum import StrEnum


class ErrorWord(StrEnum):
    """Why a source could not be written or read; the only form in which an error is shown."""

    TIMEOUT = "timeout"
    """No answer within the deadline."""
    UNREACHABLE = "unreachable"
    """No connection, or the server reports that it cannot serve now."""
    TLS = "tls"
    """The server's certificate or its TLS is not acceptable."""
    AUTH = "auth"
    """The server refuses the login."""
    PERMISSION = "permission"
    """The login succeeded, but the user lacks a right."""
    READ_ONLY = "read_only"
    """The server accepts reads and refuses writes (a demoted primary, SQLSTATE 25006)."""
    FULL = "full"
    """Disk or memory of the store is exhausted."""
    QUOTA = "quota"
    """A limit of the account is exhausted (Secrets Manager's versions)."""
    THROTTLED = "throttled"
    """Too many requests or connections for now."""
    NOT_FOUND = "not_found"
    """The table, database or secret does not exist, or is being deleted."""
    NOT_CONFIGURED = "not_configured"
    """None of the source's variables is set, so it is off."""
    INVALID_DATA = "invalid_data"
    """The stored data is not Heartbeat's, or the stamp cannot be stored there."""
    UNSUPPORTED = "unsupported"
    """The server runs in a mode that Heartbeat cannot use: a cluster, a pool in statement mode."""
    CLOCK = "clock"
    """Two clocks differ by more than the tolerance."""
    FAILED = "failed"
    """Anything else; the log has more."""


class Cause(StrEnum):
    """The reason behind a word, where it is known and has a remedy of its own."""

    NO_TLS = "no_tls"
    """The server does not speak TLS."""
    UNTRUSTED = "untrusted"
    """The server's certificate is not signed by a trusted CA."""
    WRONG_HOST = "wrong_host"
    """The server's certificate is for another host name."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    """The server's certificate has expired or is not yet valid."""
    STATEMENT_POOL = "statement_pool"
    """The connection goes through a pool in statement mode, which allows no transactions."""
    CLUSTER = "cluster"
    """The server is part of a cluster, which spreads keys over nodes."""
    SCHEMA_USAGE = "schema_usage"
    """The user lacks USAGE on the schema that holds the tables."""
    SEARCH_PATH = "search_path"
    """The user's search path contains no existing schema."""
    ROW_SECURITY = "row_security"
    """Row security hides rows from the user, or refuses them."""
    COLUMN_MISSING = "column_missing"
    """One of Heartbeat's tables lacks a column."""
    KEY_DENIED = "key_denied"
    """The role may not use the KMS key that encrypts the secret."""
    KEY_UNUSABLE = "key_unusable"
    """AWS cannot use that key: it is disabled, or scheduled for deletion."""
    OTHER_REGION = "other_region"
    """The bucket is in another region."""
    NO_S3 = "no_s3"
    """The endpoint does not speak S3, or lacks what Heartbeat needs of it."""
    STAMP_REFUSED = "stamp_refused"
    """The table exists, but its columns or constraints refuse the stamp."""


RETRYABLE = frozenset(
    {ErrorWord.TIMEOUT, ErrorWord.UNREACHABLE, ErrorWord.THROTTLED, ErrorWord.READ_ONLY}
)
"""The words for which a retry can help; all others need a change by a person."""
