"""TLS settings: by default a server's certificate and host name are verified."""

import ssl
import warnings
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from cryptography import x509

from service import pem


class TlsMode(StrEnum):
    """The modes of libpq that Heartbeat supports; for `require` see `context`."""

    DISABLE = "disable"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


def context(mode: TlsMode, ca_pem: str | None) -> ssl.SSLContext | None:
    """Create a driver's TLS context.

    Args:
        mode: `verify-full` checks chain and host name, `verify-ca` only the chain; `require` checks
            the chain if a CA is given, and nothing otherwise, as libpq does.
        ca_pem: CA certificates to trust in addition to the system's.

    Returns:
        None for `disable`.

    Raises:
        ssl.SSLError: `ca_pem` holds no certificate.
    """
    if mode is TlsMode.DISABLE:
        return None
    tls = ssl.create_default_context()
    if ca_pem is not None:
        tls.load_verify_locations(cadata=ca_pem)
        # Python 3.13 began to refuse CAs without RFC 5280's optional marks; managed databases'
        # own CAs are older than that.
        tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if mode is not TlsMode.VERIFY_FULL:
        tls.check_hostname = False
    if mode is TlsMode.REQUIRE and ca_pem is None:
        tls.verify_mode = ssl.CERT_NONE
    return tls


def ca_certificates(value: str) -> str:
    r"""Extract the CA certificates of a variable as PEM; see `service.pem.certificates`.

    Raises:
        ValueError: There is none that TLS can use.
    """
    found = pem.certificates(value)
    if not _are_certificates(each.der for each in found):
        msg = "it contains a certificate that OpenSSL cannot read"
        raise ValueError(msg)
    return "".join(each.text for each in found)


def _are_certificates(found: Iterable[bytes]) -> bool:
    """Tell whether TLS can read all certificates, in DER.

    OpenSSL takes 0.15 ms for each, so it reads only those that a stricter parser refuses.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of old CAs with odd serial numbers
        for each in found:
            try:
                x509.load_der_x509_certificate(each)
            except (ValueError, x509.InvalidVersion):
                try:
                    # Without the system's CAs, which take 0.02 s to load.
                    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=each)
                except ssl.SSLError:
                    return False
    return True


def out_of_date(ca_pem: str, now: datetime) -> str | None:
    """Explain that no certificate of a CA text is valid now; None if one is.

    The process starts nevertheless: the system's CAs are trusted too, and a renewed CA may be
    listed beside the expired one.

    Args:
        ca_pem: The text from `ca_certificates`.
        now: The current time.
    """
    found = x509.load_pem_x509_certificates(ca_pem.encode())
    if any(e.not_valid_before_utc <= now <= e.not_valid_after_utc for e in found):
        return None
    begins = [e.not_valid_before_utc for e in found if e.not_valid_before_utc > now]
    if begins:
        return f"the CA's certificate is not valid before {min(begins):%Y-%m-%d}"
    last = max(e.not_valid_after_utc for e in found)
    return f"the CA's certificate ended on {last:%Y-%m-%d}"
