"""Failed logins by client address, counted in bounded memory."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable

FAILURES_MAX = 10  # more than a person's typing errors
WINDOW_S = 900.0
ADDRESSES_MAX = 10_000  # about 2 MB; beyond that the oldest is dropped
IPV6_PREFIX = 64  # providers assign at least this much to one customer


class LoginAttempts:
    """Refuse an address after ten failed logins, for a quarter of an hour.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Return the seconds until this address may try again; 0 if it may now."""
        count, since = self._failures.get(_client(address), (0, 0.0))
        left_s = since + WINDOW_S - self._clock()
        return left_s if count >= FAILURES_MAX and left_s > 0 else 0.0

    def fail(self, address: str) -> None:
        """Count one failed login."""
        client, now = _client(address), self._clock()
        count, since = self._failures.pop(client, (0, now))
        if now - since >= WINDOW_S:
            count, since = 0, now
        self._failures[client] = (count + 1, since)
        if len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)


def _client(address: str) -> str:
    """Return what identifies a client: an IPv4 address, an IPv6 network, else shortened text."""
    try:
        ip = ipaddress.ip_address(_without_port(address))
    except ValueError:
        return address[:45]
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))


def _without_port(address: str) -> str:
    """Remove the port that proxies add: `203.0.113.5:4711`, `[2001:db8::1]:4711`."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
