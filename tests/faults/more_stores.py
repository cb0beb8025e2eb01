"""A MySQL and a bucket beside the three stores."""

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
        bucket: An AWS of the bucket's own, so that a hanging bucket cannot delay the secret.
    """

    mariadb: MariaDb
    bucket: RunningAws

    @property
    def titles(self) -> dict[str, str]:
        """What sentences call each store, by slug."""
        return {"mysql": "MySQL", "s3": "S3"}

    @property
    def ports(self) -> Mapping[str, int]:
        """Where they listen, by slug."""
        return {"mysql": self.mariadb.port, "s3": self.bucket.port}

    def environment(self, ports: Mapping[str, int], bundle: Path, folder: Path) -> dict[str, str]:
        """Return the variables of the two sources; the bucket has an access key in its URL.

        Args:
            ports: Where clients reach them, by slug.
            bundle: The certificates that the process trusts anyway.
            folder: For the certificates that it must trust now.
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
