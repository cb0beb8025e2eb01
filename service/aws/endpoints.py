"""Addresses of AWS's services, from botocore's short list of partitions.

botocore's own `endpoints.json` lists each of 400 services in each region: 7 MB once it is parsed. A
client takes its address from the service's rules; from here it takes only the partition's
properties.
"""

from typing import Any

from botocore.regions import EndpointResolver


def resolver(loader: Any) -> Any:  # Any: botocore has no types
    """Return botocore's component that knows the partitions.

    Args:
        loader: Loads botocore's data.
    """
    partitions = loader.load_data("partitions")["partitions"]
    found = {"partitions": [_partition(each) for each in partitions]}
    return EndpointResolver(
        found, uses_builtin_data=True
    )  # otherwise it would take precedence over the rules


def host(endpoints: Any, service: str, region: str, *, fips: bool) -> str:
    """Return the host name of a service that follows the common pattern.

    Args:
        endpoints: The component.
        service: Such as `rolesanywhere`.
        region: Such as `us-west-2`.
        fips: Whether to return the FIPS endpoint.
    """
    found: dict[str, str] = endpoints.construct_endpoint(service, region, use_fips_endpoint=fips)
    return found["hostname"]


def _partition(known: Any) -> dict[str, Any]:
    """Return a partition as in `endpoints.json`, without services that have other names."""
    outputs = known["outputs"]
    plain, dual = outputs["dnsSuffix"], outputs["dualStackDnsSuffix"]
    fips = "{service}-fips.{region}.{dnsSuffix}"
    usual = "{service}.{region}.{dnsSuffix}"
    return {
        "partition": known["id"],
        "dnsSuffix": plain,
        "regionRegex": known["regionRegex"],
        "regions": known["regions"],
        "defaults": {
            "hostname": usual,
            "protocols": ["https"],
            "signatureVersions": ["v4"],
            "variants": [
                {"tags": ["fips"], "hostname": fips, "dnsSuffix": plain},
                {"tags": ["dualstack"], "hostname": usual, "dnsSuffix": dual},
                {"tags": ["dualstack", "fips"], "hostname": fips, "dnsSuffix": dual},
            ],
        },
        "services": {},
    }
