"""Check a server's name or address, and explain common mistakes."""

import re
from ipaddress import ip_address

LABEL = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")  # with _, which Docker networks allow
MISTAKES = (
    (re.compile(r"://|@"), "it is a URL, or contains a login: give only the host"),
    (re.compile(r"[\[\]]"), "it has brackets: give only the address, without brackets or a port"),
    (re.compile(r"\s"), "it contains a space: give only the host"),
    (re.compile(r","), "it names several hosts: give the one that takes writes"),
    (re.compile(r"^[^:]+:\d*$"), "it contains a port, which has a variable of its own"),
    (re.compile(r"[/\\]"), "it is a path or a part of a URL: give a host, to connect to by TCP"),
)
IPV4 = re.compile(r"\d+(\.\d+){3}")
LENGTH_MAX = 253  # characters of a name, RFC 1035


def host(value: str) -> str:
    """Check a host; the result can be shown to everybody.

    Raises:
        ValueError: It is invalid; the text never repeats it, since it may hold a password.
    """
    if _is_address(value):
        return value
    for mistake, sentence in MISTAKES:
        if mistake.search(value):
            raise ValueError(sentence)
    if IPV4.fullmatch(value):
        msg = (
            "it is not a valid IPv4 address: four numbers from 0 to 255, without zeros before them"
        )
        raise ValueError(msg)
    labels = value.removesuffix(".").split(".")
    if len(value) > LENGTH_MAX or not all(map(LABEL.fullmatch, labels)):
        msg = "it is neither a host's name nor an address"
        raise ValueError(msg)
    return value


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
