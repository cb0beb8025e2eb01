"""Find contradictions in the settings of existing resources."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography import x509

from stack.certificates import common_name
from stack.choices.clusters import RESERVED
from stack.kinds import KINDS

REGIONS = {"spaces": r"[a-z]{3}\d", "s3": r"[a-z]{2}(-[a-z]+)+-\d"}  # by a bucket's kind
SINGLE_NODE_SIZE = "db-s-1vcpu-1gb"  # "with the exception of the smallest plan" [databases docs]


def contradictions(values: Mapping[str, str]) -> list[str]:
    """List contradictions, each with its remedy; `values` as Pulumi holds them."""
    return [
        *_names(values),
        *_databases(values),
        *_buckets(values),
        *_vpc(values),
        *_database(values),
        *_certificate(values),
        *_registry(values),
        *_domain(values),
    ]


def _names(values: Mapping[str, str]) -> Iterator[str]:
    entries = {key: _entries(values, key) for key in ("databases", "buckets")}
    names = Counter(str(each.get("name")) for found in entries.values() for each in found)
    for key, found in entries.items():
        for name in dict.fromkeys(str(each.get("name")) for each in found):
            if names[name] > 1:
                yield f"{key}: {name!r} stands there {names[name]} times; give each its own name"
            if name in RESERVED or name.endswith("-ca-cert"):
                yield f"{key}: {name!r} means something else already; choose another name"


def _databases(values: Mapping[str, str]) -> Iterator[str]:
    for database in _entries(values, "databases"):
        yield from _database_entry(database, values)


def _buckets(values: Mapping[str, str]) -> Iterator[str]:
    for bucket in _entries(values, "buckets"):
        shown, kind, region = repr(bucket.get("name")), bucket.get("kind"), bucket.get("region")
        if kind == "s3" and "existing" not in bucket:
            yield f"buckets: {shown} is of s3, which is not made here: name it in existing"
        if kind == "spaces" and "kmsKeyArn" in bucket:
            yield f"buckets: {shown} is of spaces, which has no keys of KMS: remove kmsKeyArn"
        if region and kind in REGIONS and not re.fullmatch(REGIONS[kind], str(region)):
            yield f"buckets: {shown} of {kind} is in no region {region!r}; such are fra1, us-west-2"
        key, place = str(bucket.get("kmsKeyArn", "")), region or values.get("aws:region")
        if kind == "s3" and key and place and f":kms:{place}:" not in key:
            yield f"buckets: kmsKeyArn of {shown} is not in {place}, as the bucket is; align them"


def _database_entry(database: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[str]:
    shown = repr(database.get("name"))
    chosen = [key for key in ("size", "nodes", "version") if key in database]
    if "existing" in database:
        if chosen:
            parts = " and ".join(chosen)
            yield f"databases: {shown} exists, so its {parts} cannot be chosen; remove either"
        kind = KINDS.get(database.get("kind", ""))
        if kind and not kind.has_databases and ("database" in database or "user" in database):
            yield f"databases: {shown} has no databases and users to choose from; remove them"
        return
    if any(key in database for key in ("database", "user")):
        yield f"databases: {shown} is new, and has only its own database and user; remove them"
    nodes = str(database.get("nodes", values.get("databaseNodes")))
    size = database.get("size", values.get("databaseSize"))
    if chosen and size == SINGLE_NODE_SIZE and nodes != "1":
        yield (
            f"databases: {shown} has {nodes} nodes: {SINGLE_NODE_SIZE} has one node only;"
            ' use "nodes": 1, or "size": "db-s-1vcpu-2gb" or larger'
        )


def _entries(values: Mapping[str, str], key: str) -> list[dict[str, Any]]:
    """Return the entries of a list; none where the text is not even a list of objects."""
    try:
        found = json.loads(values.get(key) or "[]")
    except ValueError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _vpc(values: Mapping[str, str]) -> Iterator[str]:
    existing = [key for key in ("postgresCluster", "valkeyCluster") if values.get(key)]
    existing += [
        f"databases' {each.get('name')}"
        for each in _entries(values, "databases")
        if "existing" in each
    ]
    if values.get("network") == "public":
        if values.get("vpcId"):
            yield "vpcId is set: public mode uses no VPC; remove it, or set network to vpc"
    elif existing and not values.get("vpcId"):
        yield (
            f"vpcId is not set: {' and '.join(existing)} must be reached in its own VPC;"
            " set vpcId to that (`doctl databases get NAME`), or network to public"
        )


def _database(values: Mapping[str, str]) -> Iterator[str]:
    chosen = [key for key in ("postgresDatabase", "postgresUser") if values.get(key)]
    if chosen and not values.get("postgresCluster"):
        yield (
            f"{' and '.join(chosen)} is set: a new cluster has only its own; set postgresCluster,"
            " or remove it"
        )


def _certificate(values: Mapping[str, str]) -> Iterator[str]:
    keys = ("trustAnchorArn", "clientCertificate", "clientKey")
    missing = [key for key in keys if not values.get(key)]
    if 0 < len(missing) < len(keys):
        yield f"{' and '.join(missing)} is not set: set {', '.join(keys)}, or none of them"
    try:
        if pem := values.get("clientCertificate"):
            common_name(x509.load_pem_x509_certificate(pem.encode()))
    except ValueError as error:
        yield f"clientCertificate cannot be used: {error}"
    if values.get("permissionsBoundaryArn") and values.get("roleArn"):
        yield "permissionsBoundaryArn is set: the boundary of roleArn is its owner's; remove it"


def _registry(values: Mapping[str, str]) -> Iterator[str]:
    if not values.get("imageCredentials"):
        return
    image = values.get("image") or values.get("imageBuild") or ""
    if not image.startswith(("ghcr.io/", "docker.io/")):
        yield (
            "imageCredentials is set: only an image on ghcr.io or docker.io needs them; remove them"
        )
    elif ":" not in values["imageCredentials"]:
        yield "imageCredentials is not USER:TOKEN"


def _domain(values: Mapping[str, str]) -> Iterator[str]:
    domain, zone = values.get("domain", ""), values.get("domainZone", "")
    if zone and not f".{domain}".endswith(f".{zone}"):
        yield f"domainZone = {zone!r}: {domain or 'domain'} is not in it; correct either"
