"""Translate asyncpg's errors into error words."""

import re
from typing import NamedTuple

from asyncpg import exceptions

from schema.errors import Cause, ErrorWord
from service import tls_errors
from service.errors import SourceError

OURS = (
    *(exceptions.PostgresError, exceptions.InterfaceError, exceptions.InternalClientError),
    *(OSError, EOFError, TimeoutError),
)
"""Exceptions that asyncpg and the network raise."""

# https://www.postgresql.org/docs/17/errcodes-appendix.html: whole codes first, then classes.
WORDS = {
    "25006": ErrorWord.READ_ONLY,
    "42501": ErrorWord.PERMISSION,
    "3D000": ErrorWord.NOT_FOUND,
    "3F000": ErrorWord.NOT_FOUND,
    "42P01": ErrorWord.NOT_FOUND,
    "42703": ErrorWord.NOT_FOUND,
    "428C9": ErrorWord.INVALID_DATA,
    "42P10": ErrorWord.INVALID_DATA,  # no unique index for the upsert
    "42804": ErrorWord.INVALID_DATA,
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
CAUSES = {
    "42703": Cause.COLUMN_MISSING,
    "428C9": Cause.STAMP_REFUSED,
    "42P10": Cause.STAMP_REFUSED,
    "42804": Cause.STAMP_REFUSED,
    "22": Cause.STAMP_REFUSED,
    "23": Cause.STAMP_REFUSED,
}


class _Text(NamedTuple):
    """The meaning of a text, where codes are not enough."""

    pattern: re.Pattern[str]
    word: ErrorWord
    cause: Cause | None = None


TEXTS = (
    # If a session ended, asyncpg keeps only the server's text.
    _Text(re.compile("No space left on device"), ErrorWord.FULL),
    _Text(re.compile("not currently accepting connections"), ErrorWord.UNREACHABLE),
    _Text(re.compile("row-level security"), ErrorWord.PERMISSION, Cause.ROW_SECURITY),
    _Text(re.compile("permission denied for schema"), ErrorWord.PERMISSION, Cause.SCHEMA_USAGE),
    _Text(re.compile("no schema has been selected"), ErrorWord.NOT_FOUND, Cause.SEARCH_PATH),
    # https://github.com/pgbouncer/pgbouncer: all of its own errors have the code 08P01.
    _Text(re.compile("statement pooling mode"), ErrorWord.UNSUPPORTED, Cause.STATEMENT_POOL),
    _Text(re.compile("authentication failed|no such user|auth failed"), ErrorWord.AUTH),
    _Text(re.compile('no such database|database ".*" does not exist'), ErrorWord.NOT_FOUND),
    _Text(re.compile("no more connections allowed"), ErrorWord.THROTTLED),
    _Text(re.compile("unsupported startup parameter"), ErrorWord.UNSUPPORTED),
    _Text(re.compile("rejected SSL upgrade"), ErrorWord.TLS, Cause.NO_TLS),
)
CONNECTION_LOST = "08003"  # asyncpg's code for every session that the server ended
TEXT_MAX = 300  # characters of the server's text; it contains no parameter


def translate(error: BaseException) -> SourceError:
    """Translate an error of asyncpg; the detail contains no parameter."""
    of_tls = tls_errors.judge(error)
    if of_tls is not None:
        return of_tls
    reported = _server_error(error)
    state = getattr(reported, "sqlstate", None)
    # asyncpg's own refusal of a value contains the value.
    text = "" if isinstance(reported, exceptions.DataError) and not state else _first_line(reported)
    detail = f"{type(reported).__name__}{f' ({state})' if state else ''}: {text}"
    for each in TEXTS:
        if each.pattern.search(text):
            return SourceError(each.word, detail, each.cause)
    if state:
        word = WORDS.get(state) or WORDS.get(state[:2], ErrorWord.FAILED)
        return SourceError(word, detail, CAUSES.get(state) or CAUSES.get(state[:2]))
    return SourceError(_without_code(reported), detail)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:TEXT_MAX] if str(error) else ""


def _server_error(error: BaseException) -> BaseException:
    """Return the server's own error, if asyncpg raised another one from it."""
    under = error.__cause__
    lost = getattr(error, "sqlstate", None) == CONNECTION_LOST
    return under if lost and under is not None and getattr(under, "sqlstate", None) else error


def _without_code(error: BaseException) -> ErrorWord:
    if isinstance(error, TimeoutError):
        return ErrorWord.TIMEOUT
    if isinstance(error, exceptions.DataError | exceptions.UnsupportedClientFeatureError):
        return ErrorWord.INVALID_DATA
    # asyncpg has one class for closed connections and for misuse of open ones, and another for a
    # session that the server ended between two of our messages.
    closed = isinstance(error, exceptions.InterfaceError) and "closed" in str(error)
    closed = closed or (
        isinstance(error, exceptions.InternalClientError) and "cannot switch to state" in str(error)
    )
    lost = closed or isinstance(error, OSError | EOFError)
    return ErrorWord.UNREACHABLE if lost else ErrorWord.FAILED
