"""The clusters that the app uses: its own two, and more."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Json, StringConstraints

from stack.choices import Choices, ClusterName, Unset
from stack.databases import ClusterArgs
from stack.kinds import KINDS, KindName

DATABASE_SIZE = r"^(db|gd|so1_5|so|m3|m|c)-[a-z0-9.-]+$"
VERSION = r"^\d{1,2}(\.\d+)?$"
# Names that the spec already uses; stack/variables.py finds those that the service uses.
RESERVED = frozenset({"api", "worker", "migrate", "pg", "valkey"})
DATABASE = r"^[A-Za-z_][\w-]{0,62}$"
TRUSTED = r"^(ip_addr:[0-9a-f.:/]+|(droplet|k8s|app):[0-9a-f-]+|tag:[\w:-]+)$"
NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"

Size = Annotated[str, StringConstraints(pattern=DATABASE_SIZE)]
Nodes = Annotated[int, Field(ge=1, le=3)]
Version = Annotated[str, StringConstraints(pattern=VERSION)]


class Database(BaseModel):
    """A further cluster to watch, new or existing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: KindName
    name: str = Field(pattern=NAME, max_length=30)
    size: Size | None = None
    nodes: Nodes | None = None
    version: Version | None = None
    existing: ClusterName | None = None
    database: str | None = Field(default=None, pattern=DATABASE)
    user: str | None = Field(default=None, pattern=DATABASE)


class Clusters(Choices):
    """The clusters' settings."""

    postgres_cluster: Annotated[ClusterName | None, Unset] = Field(
        description="use the cluster's name (`doctl databases list`)"
    )
    postgres_database: Annotated[str | None, Unset] = Field(
        pattern=DATABASE, description="use the name of a database in postgresCluster"
    )
    postgres_user: Annotated[str | None, Unset] = Field(
        pattern=DATABASE, description="use the name of a user of postgresCluster"
    )
    valkey_cluster: Annotated[ClusterName | None, Unset] = Field(
        description="use the cluster's name (`doctl databases list`)"
    )
    postgres_version: Version = Field(description="use the engine's version, such as 17")
    valkey_version: Version = Field(description="use the engine's version, such as 8")
    database_size: Size = Field(description="use a size, such as db-s-1vcpu-2gb")
    database_nodes: Nodes = Field(description="use 1, 2 or 3")
    databases: Json[tuple[Database, ...]] = Field(
        description='use a list such as [{"kind": "postgres", "name": "orders"}]: kind is one of'
        f" {', '.join(KINDS)}; name has small letters, digits and single hyphens, 30 at most;"
        " size, nodes, version as of a cluster to make; or existing, a cluster's name, with a"
        " database and user in it"
    )
    trusted_sources: Json[tuple[Annotated[str, Field(pattern=TRUSTED)], ...]] = Field(
        description='use a list such as ["ip_addr:203.0.113.7", "droplet:123", "tag:ops",'
        ' "k8s:UUID", "app:UUID"]'
    )
    protect_data: bool = Field(description="use true or false")

    @property
    def clusters(self) -> Sequence[ClusterArgs]:
        """All clusters, the app's own first."""
        postgres = Database.model_construct(
            kind="postgres",
            name=KINDS["postgres"].binding,
            existing=self.postgres_cluster,
            database=self.postgres_database,
            user=self.postgres_user,
        )
        valkey = Database.model_construct(
            kind="valkey", name=KINDS["valkey"].binding, existing=self.valkey_cluster
        )
        return [self._cluster(each) for each in (postgres, valkey, *self.databases)]

    def _cluster(self, database: Database) -> ClusterArgs:
        chosen: dict[KindName, str] = {
            "postgres": self.postgres_version,
            "valkey": self.valkey_version,
        }
        version = chosen.get(database.kind, KINDS[database.kind].version)
        return ClusterArgs(
            binding=database.name,
            kind=database.kind,
            version=database.version or version,
            size=database.size or self.database_size,
            nodes=database.nodes or self.database_nodes,
            existing=database.existing,
            database=database.database,
            user=database.user,
        )
