"""The kinds of managed cluster: their names at DigitalOcean, in an app's spec and in a URL."""

from dataclasses import dataclass
from typing import Literal

KindName = Literal["postgres", "valkey", "mysql"]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of cluster; a new kind is one more entry of `KINDS`.

    Attributes:
        engine: As the clusters' API writes it.
        attached: As the app's spec writes it.
        binding: Names the first cluster of the kind in the spec, and ends its own name.
        scheme: Begins a connection's URL.
        other_name: The URL's parameter that accepts a host whose name the certificate lacks.
        version: Of a new cluster, for a kind whose version is not a setting of the stack.
        eviction_policy: What a full cluster does, None where there is no choice.
        has_databases: Whether a cluster has databases and users that a spec can choose.
    """

    engine: str
    attached: str
    binding: str
    scheme: str
    other_name: str
    version: str = ""
    eviction_policy: str | None = None
    has_databases: bool = False

    @property
    def example(self) -> str:
        """A URL of such a cluster, for the service's rules on URLs."""
        return f"{self.scheme}://user:password@db{'/db' if self.has_databases else ''}"


KINDS: dict[KindName, Kind] = {
    "postgres": Kind(
        engine="pg",
        attached="PG",
        binding="pg",
        scheme="postgresql",
        other_name="sslmode=verify-ca",
        has_databases=True,
    ),
    "valkey": Kind(
        engine="valkey",
        attached="VALKEY",
        binding="valkey",
        scheme="rediss",
        other_name="ssl_check_hostname=false",
        # A heartbeat must never vanish silently: a full Valkey refuses the write, and the page
        # shows it.
        eviction_policy="noeviction",
    ),
    "mysql": Kind(
        engine="mysql",
        attached="MYSQL",
        binding="mysql",
        scheme="mysql",
        other_name="ssl-mode=VERIFY_CA",
        version="8",  # DigitalOcean's only one; an entry of `databases` may give another
        has_databases=True,
    ),
}
