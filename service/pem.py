"""Parse PEM texts as people paste them, and name what is not PEM."""

import base64
import binascii
import re
from dataclasses import dataclass, field

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
LINE_BREAK = re.compile(r"\\+[rn]")  # as `\n` in a variable that can only have one line
# RFC 1421, section 4.6: the header of an encrypted key in the older format.
HEADERS = re.compile(r"\A\s*((?:[\w-]+: [^\n]*\n)+)\s*\n")
PATH = re.compile(r"(/|\./|\.\./|~|file:|[A-Za-z]:\\)\S*|\S+\.(pem|crt|cer|key|der|p12|pfx|p7b)")
CERTIFICATE = "CERTIFICATE"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # as PowerShell writes text files
DER = b"\x30"  # how a certificate, a key and a PKCS #12 file begin
NO_CERTIFICATE = {
    "TRUSTED CERTIFICATE": "OpenSSL's own TRUSTED CERTIFICATE; write it with `openssl x509 -in "
    "FILE`",
    "CERTIFICATE REQUEST": "a certificate request; give the certificate that the CA made of it",
    "NEW CERTIFICATE REQUEST": "a certificate request; give the certificate that the CA made of it",
    "PKCS7": "a PKCS #7 bundle; write it with `openssl pkcs7 -print_certs -in FILE`",
    "X509 CRL": "a list of revoked certificates",
    "PUBLIC KEY": "a public key",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block.

    Attributes:
        label: The word after BEGIN, such as `CERTIFICATE`.
        body: Its base64, which may hold a private key.
        headers: Headers before the base64, in an encrypted key of the older format.
    """

    label: str
    body: str = field(repr=False)
    headers: str = ""

    @property
    def der(self) -> bytes:
        """Decode its content.

        Raises:
            ValueError: It is damaged.
        """
        try:
            return base64.b64decode(self.body, validate=True)
        except binascii.Error:
            msg = f"the PEM block {self.label} is damaged: its lines are not all there"
            raise ValueError(msg) from None

    @property
    def text(self) -> str:
        """Return the block in the form that every library reads."""
        lines = "\n".join(self.body[at : at + 64] for at in range(0, len(self.body), 64))
        return f"-----BEGIN {self.label}-----\n{lines}\n-----END {self.label}-----\n"


def blocks(text: str) -> list[Block]:
    r"""Find the PEM blocks in a text, or in a base64-encoded text.

    Text around them is ignored: a byte order mark, comments, blanks. A literal `\n` or `\r\n` is a
    line break, and so is a blank inside a block.

    Raises:
        ValueError: There is none; the message says what was given instead, without repeating it.
    """
    found = _blocks(text) or _blocks(_decoded(text) or "")
    if not found:
        raise ValueError(_instead(text))
    return found


def certificates(text: str) -> list[Block]:
    """Return the certificates in a text, or in a base64-encoded text, in their order.

    Raises:
        ValueError: There is none, one is damaged, or a block is not a certificate.
    """
    found = blocks(text)
    if any("PRIVATE KEY" in each.label for each in found):
        msg = "it contains a private key: give only the certificate"
        raise ValueError(msg)
    kept = [each for each in found if each.label == CERTIFICATE]
    if not kept:
        label = found[0].label
        msg = f"it is {NO_CERTIFICATE.get(label, f'a {label}')}, no certificate"
        raise ValueError(msg)
    for each in kept:
        each.der  # noqa: B018 - it raises
    return kept


def _blocks(text: str) -> list[Block]:
    plain = LINE_BREAK.sub("\n", text).replace("\r", "\n")
    found = []
    for label, content in BLOCK.findall(plain):
        headers = HEADERS.match(content)
        body = content[headers.end() :] if headers else content
        found.append(Block(label, "".join(body.split()), headers[1] if headers else ""))
    return found


def _decoded(text: str) -> str | None:
    """Decode a base64-encoded text, None if it is not one."""
    raw = _raw(text)
    if raw is None:
        return None
    try:
        return raw.decode("utf-16" if raw.startswith(UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _raw(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(LINE_BREAK.sub("", text).split()), validate=True)
    except (binascii.Error, ValueError):  # the latter: not ASCII
        return None


def _instead(text: str) -> str:
    """Describe a text without a block."""
    raw = _raw(text)
    if "-----BEGIN" in text or "-----END" in text or (raw is not None and b"-----BEGIN" in raw):
        return "the PEM text is cut off: give all of it, from its BEGIN to its END line"
    if PATH.fullmatch(text.strip()):
        return "it is a path, not a PEM certificate or key: give the text of the file"
    if raw is not None and raw.startswith(DER):
        return "it is binary (DER or PKCS #12), not PEM: convert it with openssl, as `openssl x509`"
    return "it is not PEM, which begins with -----BEGIN; `base64 -w0 FILE.pem` makes one line of it"
