"""Which clusters the app uses: its own two, and more."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Json, StringConstraints

from stack.choices import Choices, ClusterName, Unset
from stack.databases import ClusterArgs
from stack.kinds import KINDS, KindName

DATABASE_SIZE = r"^db-s-(1vcpu-1gb|1vcpu-2gb|2vcpu-4gb)$"
VERSION = r"^\d{1,2}(\.\d+)?$"
# What is called so already: the spec's components and first clusters, the service's own sources,
# and the fields of its log lines.
RESERVED = frozenset(
    {"api", "worker", "migrate", "pg", "valkey", "postgres", "secrets-manager", "iam"}
    | {"event", "level", "timestamp", "logger", "cycle", "stamp", "lateness-ms"}
)
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

Size = Annotated[str, StringConstraints(pattern=DATABASE_SIZE)]
Nodes = Annotated[int, Field(ge=1, le=3)]
Version = Annotated[str, StringConstraints(pattern=VERSION)]


class Database(BaseModel):
    """One more cluster to watch: a new one, or an existing one by its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: KindName
    name: str = Field(pattern=NAME, max_length=30)
    size: Size | None = None
    nodes: Nodes | None = None
    version: Version | None = None
    existing: ClusterName | None = None


class Clusters(Choices):
    """The clusters' settings."""

    postgres_cluster: Annotated[ClusterName | None, Unset] = Field(
        description="use the cluster's name (`doctl databases list`)"
    )
    valkey_cluster: Annotated[ClusterName | None, Unset] = Field(
        description="use the cluster's name (`doctl databases list`)"
    )
    postgres_version: Version = Field(description="use the engine's version, such as 17")
    valkey_version: Version = Field(description="use the engine's version, such as 8")
    database_size: Size = Field(description="use a size that stack/prices.json lists")
    database_nodes: Nodes = Field(description="use 1, 2 or 3")
    databases: Json[tuple[Database, ...]] = Field(
        description='use a list such as [{"kind": "postgres", "name": "orders"}]: kind is one of'
        f" {', '.join(KINDS)}; name has small letters, digits and single hyphens, 30 at most;"
        " size, nodes, version as of a cluster to make, or existing, a cluster's name"
    )
    protect_data: bool = Field(description="use true or false")

    @property
    def clusters(self) -> Sequence[ClusterArgs]:
        """All clusters, the app's own first."""
        own = [
            self._cluster(Database.model_construct(kind=kind, name=KINDS[kind].binding, existing=e))
            for kind, e in self._own().items()
        ]
        return [*own, *(self._cluster(database) for database in self.databases)]

    def _own(self) -> dict[KindName, str | None]:
        return {"postgres": self.postgres_cluster, "valkey": self.valkey_cluster}

    def _cluster(self, database: Database) -> ClusterArgs:
        versions = {"postgres": self.postgres_version, "valkey": self.valkey_version}
        return ClusterArgs(
            binding=database.name,
            kind=database.kind,
            version=database.version or versions[database.kind],
            size=database.size or self.database_size,
            nodes=database.nodes or self.database_nodes,
            existing=database.existing,
        )
