"""Trust one certificate authority instead of the system's 150."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local.aws.certificates import make_ca

VARIABLE = "SSL_CERT_FILE"  # of OpenSSL: read by every TLS context and by httpx2


@contextmanager
def one(folder: Path) -> Iterator[None]:
    """Make this process and its children trust one unused CA by default.

    Loading the system's CAs takes 20 to 100 ms of CPU for each TLS context, and no server on
    loopback has a certificate from them.
    """
    file = folder / "authority.pem"
    file.write_bytes(make_ca("unused", datetime.now(UTC)).certificate_pem)
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(file)
    try:
        yield
    finally:
        os.environ.pop(VARIABLE)
        if before is not None:
            os.environ[VARIABLE] = before
