"""How errors of SQLAlchemy and asyncpg become words."""

import ssl

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from schema.errors import ErrorWord
from service.errors import SourceError

# https://www.postgresql.org/docs/17/errcodes-appendix.html: whole codes first, then classes.
WORDS = {
    "25006": ErrorWord.READ_ONLY,
    "42501": ErrorWord.PERMISSION,
    "3D000": ErrorWord.NOT_FOUND,
    "3F000": ErrorWord.NOT_FOUND,
    "42P01": ErrorWord.NOT_FOUND,
    "42703": ErrorWord.NOT_FOUND,
    "53300": ErrorWord.THROTTLED,
    "57014": ErrorWord.TIMEOUT,
    "55P03": ErrorWord.TIMEOUT,
    "08": ErrorWord.UNREACHABLE,
    "22": ErrorWord.INVALID_DATA,
    "23": ErrorWord.INVALID_DATA,
    "28": ErrorWord.AUTH,
    "40": ErrorWord.THROTTLED,
    "53": ErrorWord.FULL,
    "57": ErrorWord.UNREACHABLE,
}


def translate(error: BaseException) -> SourceError:
    """One of SQLAlchemy's or asyncpg's errors as ours; the detail holds no parameter."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else error
    state = getattr(cause, "sqlstate", None)
    if state:
        word = WORDS.get(state) or WORDS.get(state[:2], ErrorWord.FAILED)
        return SourceError(word, f"{type(cause).__name__} ({state})")
    if isinstance(cause, ssl.SSLError) or "SSL" in str(cause):
        return SourceError(ErrorWord.TLS, type(cause).__name__)
    if isinstance(cause, TimeoutError | PoolTimeoutError):
        return SourceError(ErrorWord.TIMEOUT, type(cause).__name__)
    return SourceError(ErrorWord.UNREACHABLE, type(cause).__name__)
