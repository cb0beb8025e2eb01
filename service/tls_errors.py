"""Interpret TLS errors: a broken connection, or one of several faults of a server's TLS."""

import ssl
from collections.abc import Iterator

from schema.errors import Cause, ErrorWord
from service.errors import SourceError

# https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
EXPIRED = frozenset({9, 10})
OTHER_NAME = frozenset({62, 64})
PLAIN_TEXT = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})
# The peer has closed the connection; this proves nothing about certificates.
BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
BROKEN_REASONS = frozenset({"UNEXPECTED_EOF_WHILE_READING"})
TEXT_MAX = 300  # characters


def judge(error: BaseException | None) -> SourceError | None:
    """Find a TLS error in a chain of errors, and interpret it.

    Returns:
        None if there is no TLS error in the chain.
    """
    found = [each for each in chain(error) if isinstance(each, ssl.SSLError)]
    if not found:
        return None
    deepest = found[-1]
    detail = f"{type(deepest).__name__}: {str(deepest)[:TEXT_MAX]}"
    if isinstance(deepest, BROKEN) or deepest.reason in BROKEN_REASONS:
        return SourceError(ErrorWord.UNREACHABLE, detail)
    return SourceError(ErrorWord.TLS, detail, _cause(deepest))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _cause(error: ssl.SSLError) -> Cause | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in OTHER_NAME:
            return Cause.WRONG_HOST
        return Cause.CERTIFICATE_EXPIRED if error.verify_code in EXPIRED else Cause.UNTRUSTED
    return Cause.NO_TLS if error.reason in PLAIN_TEXT else None
