"""The name and region of the deployment."""

from typing import Annotated, Literal

from pydantic import Field

from stack.choices import Choices, Unset
from stack.regions import CLUSTER_REGIONS

UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
DOMAIN = r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$"


class Place(Choices):
    """Name, region and network."""

    name: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,22}[a-z0-9]$",
        description="use 2 to 24 small letters, digits and hyphens, a letter first, no hyphen last",
    )
    region: Literal["ams", "atl", "blr", "fra", "lon", "nyc", "sfo", "sgp", "syd", "tor"] = Field(
        description=f"use App Platform's three letters, one of {' '.join(CLUSTER_REGIONS)}"
    )
    network: Literal["vpc", "public"] = Field(description="use vpc or public")
    vpc_id: Annotated[str | None, Unset] = Field(
        pattern=UUID, description="use the VPC's id, a UUID (`doctl vpcs list`)"
    )

    domain: Annotated[str | None, Unset] = Field(
        pattern=DOMAIN, description="use a host name, such as heartbeat.example.org"
    )
    domain_zone: Annotated[str | None, Unset] = Field(
        pattern=DOMAIN, description="use a domain whose DNS is at DigitalOcean, such as example.org"
    )
    project_id: Annotated[str | None, Unset] = Field(
        pattern=UUID, description="use the project's id, a UUID (`doctl projects list`)"
    )

    @property
    def cluster_region(self) -> str:
        """The data centre in which App Platform's region can reach databases privately."""
        return CLUSTER_REGIONS[self.region]
