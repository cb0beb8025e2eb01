"""Translate errors of SQLAlchemy and aiomysql into error words."""

import re

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from schema.errors import Cause, ErrorWord
from service import tls_errors
from service.errors import SourceError

# https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html,
# https://dev.mysql.com/doc/mysql-errors/8.4/en/client-error-reference.html;
# https://mariadb.com/kb/en/mariadb-error-code-reference/ for MariaDB's own codes.
CODES: dict[ErrorWord, tuple[int, ...]] = {
    ErrorWord.AUTH: (1045, 1130, 1251, 1698, 1820, 1862, 2059, 2061, 3118, 4151),
    ErrorWord.PERMISSION: (1044, 1142, 1143, 1227, 1370, 1410),
    ErrorWord.READ_ONLY: (1290, 1792, 1836),
    ErrorWord.FULL: (1021, 1037, 1038, 1041, 1114, 1135),
    ErrorWord.THROTTLED: (1040, 1203, 1213, 1226),
    ErrorWord.TIMEOUT: (1205, 1317, 1907, 1969, 3024),
    ErrorWord.NOT_FOUND: (1049, 1054, 1146),
    ErrorWord.INVALID_DATA: (
        *(1048, 1062, 1153, 1264, 1265, 1292, 1364, 1366, 1406),
        *(3140, 3141, 3819, 4025),
    ),
    ErrorWord.TLS: (2026, 3159),
    ErrorWord.UNREACHABLE: (
        *(1042, 1043, 1047, 1053, 1080, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1927),
        *(2002, 2003, 2005, 2006, 2013, 2014, 2027, 2055, 3169, 4031),
    ),
}
WORDS = {code: word for word, codes in CODES.items() for code in codes}
FILE_ERRORS = (3, 1026, 1030)  # errors of the file system, distinguished by its own number
NO_SPACE = re.compile(r"(errcode:|error) (28|122)\b", re.IGNORECASE)  # ENOSPC, EDQUOT
NO_TLS = "the server does not offer TLS"  # our own refusal, see Connection
OPTION = 1290  # refused because of a server option, which can be any


def code_of(error: BaseException) -> int | None:
    """Return the error number of server or client, None if there is none."""
    original = error.orig if isinstance(error, DBAPIError) else error
    number = original.args[0] if original and original.args else None
    return number if isinstance(number, int) else None


def translate(error: BaseException) -> SourceError:
    """Translate an error of SQLAlchemy or aiomysql; the detail has no parameters."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig else error
    causes = list(tls_errors.chain(original))
    if any(NO_TLS in str(cause) for cause in causes):
        return SourceError(ErrorWord.TLS, NO_TLS, Cause.NO_TLS)
    of_tls = tls_errors.judge(original)
    if of_tls is not None:
        return of_tls
    code = code_of(error)
    detail = f"{type(causes[-1]).__name__} ({code})"
    if any(isinstance(cause, TimeoutError | PoolTimeoutError) for cause in causes):
        return SourceError(ErrorWord.TIMEOUT, detail)
    if code in FILE_ERRORS and NO_SPACE.search(str(original)):
        return SourceError(ErrorWord.FULL, detail)
    if code in WORDS and (code != OPTION or "read" in str(original)):
        return SourceError(WORDS[code], detail)
    lost = any(isinstance(cause, OSError) for cause in causes)
    return SourceError(ErrorWord.UNREACHABLE if lost else ErrorWord.FAILED, detail)
