"""A MySQL and a bucket, watched beside the three stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from local.aws.environment import BUCKET
from local.aws.process import RunningAws
from tests.service.mariadb import MariaDb


@dataclass(frozen=True)
class MoreStores:
    """Two running servers.

    Attributes:
        mariadb: The MySQL.
        bucket: A separate AWS for the bucket, so that a hanging bucket cannot delay the secret.
    """

    mariadb: MariaDb
    bucket: RunningAws

    @property
    def titles(self) -> dict[str, str]:
        """Each store's title in sentences, by slug."""
        return {"mysql": "MySQL", "s3": "S3"}

    @property
    def ports(self) -> Mapping[str, int]:
        """The servers' ports, by slug."""
        return {"mysql": self.mariadb.port, "s3": self.bucket.port}

    def environment(self, ports: Mapping[str, int], bundle: Path, folder: Path) -> dict[str, str]:
        """Return the variables of the two sources; the bucket has an access key in its URL.

        Args:
            ports: The ports for clients, by slug.
            bundle: The CA certificates that the process already trusts.
            folder: Receives the extended CA bundle.
        """
        own = self.bucket.operator_environment()
        trusted = folder / "trusted.pem"
        trusted.write_bytes(bundle.read_bytes() + Path(own["AWS_CA_BUNDLE"]).read_bytes())
        keys = f"{own['AWS_ACCESS_KEY_ID']}:{quote(own['AWS_SECRET_ACCESS_KEY'], safe='')}"
        server = f"endpoint=https://127.0.0.1:{ports['s3']}&region={own['AWS_REGION']}"
        mysql = self.mariadb.url("DISABLED").replace(
            f":{self.mariadb.port}/", f":{ports['mysql']}/"
        )
        return {
            "HEARTBEAT_SOURCE_MYSQL": f"{mysql}&title=MySQL",
            "HEARTBEAT_SOURCE_S3": f"s3://{keys}@{BUCKET}?{server}",
            "AWS_CA_BUNDLE": str(trusted),
        }
