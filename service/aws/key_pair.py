"""Certificate and key of the AWS identity, each given as text or as a file's name."""

from collections.abc import Collection, Mapping
from pathlib import Path

from schema.timestamps import utc_now
from service.aws.certificate import THE_KEY, ClientCertificate, certificates, matched
from service.aws.private_key import private_key
from service.pem import UTF_16

CERTIFICATE = ("certificate", "certificate_file")
KEY = ("private_key", "private_key_file")
FILE_MAX = 4_000_000  # bytes; ten times the largest CA bundle in use


def identity(values: Mapping[str, object]) -> ClientCertificate:
    """Load the client certificate with its key.

    Args:
        values: Values by field, each as text or as a file's name.

    Raises:
        ValueError: It is invalid; the message gives the reason, and nothing of a key.
    """
    found, key = _text(values, *CERTIFICATE), _text(values, *KEY)
    return matched(certificates(found), private_key(key), utc_now())


def not_one(
    values: Mapping[str, object], names: Mapping[str, str], ambient: Collection[str]
) -> list[str]:
    """Return a sentence if certificate or key is given twice, or not at all.

    Args:
        values: By field.
        names: The variable that sets each field.
        ambient: Fields that alone do not switch the identity on.
    """
    problems = []
    for text, file in (CERTIFICATE, KEY):
        if text in values and file in values:
            problems.append(
                f"{names[text]} and {names[file]} are both set: set the one or the other"
            )
        if text not in values and file not in values and values.keys() - set(ambient):
            problems.append(
                f"{names[text]} is not set (base64 of its PEM), nor is {names[file]}, but others "
                "of their group are: set one of the two, or none of the group"
            )
    return problems


def misfit(values: Mapping[str, object], names: Mapping[str, str]) -> list[str]:
    """Explain why certificate and key do not match, if each of them can be parsed."""
    try:
        found = certificates(_text(values, *CERTIFICATE))
        key = private_key(_text(values, *KEY))
    except ValueError:
        return []  # each has its own message
    try:
        matched(found, key, utc_now())
    except ValueError as error:
        name = next(names[each] for each in CERTIFICATE if each in values)
        key_name = next(names[each] for each in KEY if each in values)
        return [f"{name} {error}".replace(THE_KEY, key_name)]
    return []


def content(path: str) -> str:
    """Read a file.

    Raises:
        ValueError: It cannot be read.
    """
    if "-----BEGIN" in path:
        msg = "it is a PEM text: give the path of a file that holds it"
        raise ValueError(msg)
    try:
        with Path(path).open("rb") as file:
            read = file.read(FILE_MAX)
    except OSError as error:
        msg = f"the file cannot be read: {error.strerror}"
        raise ValueError(msg) from None
    return read.decode("utf-16" if read.startswith(UTF_16) else "utf-8-sig", "replace")


def _text(values: Mapping[str, object], text: str, file: str) -> str:
    """Return a variable's text, or the content of the file that the other one names.

    Raises:
        ValueError: Neither is set, or the file cannot be read.
    """
    value = values.get(text)
    if value is None and file not in values:
        msg = "it is not set"
        raise ValueError(msg)
    return str(value) if value is not None else content(str(values[file]))
