"""Mistakes in the configuration that no single value shows."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from stack.choices.clusters import RESERVED

SINGLE_INSTANCE_SIZES = re.compile(r"(0\.5gb|-fixed)$")  # App Platform refuses two of these
SINGLE_NODE_SIZE = "db-s-1vcpu-1gb"  # "with the exception of the smallest plan" [databases docs]


def contradictions(values: Mapping[str, str]) -> list[str]:
    """What is wrong between values, each with its remedy.

    Args:
        values: Configuration as Pulumi holds it; single values may be missing or wrong.
    """
    return [
        *_image(values),
        *_access(values),
        *_sizes(values),
        *_databases(values),
        *_identity(values),
        *_vpc(values),
    ]


def _image(values: Mapping[str, str]) -> Iterator[str]:
    sources = ("image", "imageBuild", "imageGit")
    chosen = [key for key in sources if values.get(key)]
    if len(chosen) != 1:
        found = " and ".join(chosen) or "none"
        yield (
            f"image source = {found}: set exactly one of {', '.join(sources)};"
            " docs/deploy.md says which to use when"
        )


def _access(values: Mapping[str, str]) -> Iterator[str]:
    if values.get("public") == "true":
        if values.get("dashboardPassword"):
            yield "public = 'true': a public dashboard asks no password; remove dashboardPassword"
    elif not values.get("dashboardPassword"):
        yield (
            "dashboardPassword is not set: `pulumi config set --secret dashboardPassword`,"
            " or set public to true"
        )


def _sizes(values: Mapping[str, str]) -> Iterator[str]:
    size, instances = values.get("apiSize", ""), values.get("apiInstances", "1")
    if instances != "1" and SINGLE_INSTANCE_SIZES.search(size):
        yield (
            f"apiInstances = {instances!r}: {size} runs once only;"
            " use 1, or apiSize apps-s-1vcpu-1gb or larger"
        )
    nodes = values.get("databaseNodes", "1")
    if nodes != "1" and values.get("databaseSize") == SINGLE_NODE_SIZE:
        yield (
            f"databaseNodes = {nodes!r}: {SINGLE_NODE_SIZE} has one node only;"
            " use 1, or databaseSize db-s-1vcpu-2gb or larger"
        )


def _databases(values: Mapping[str, str]) -> Iterator[str]:
    more = _more(values)
    names = Counter(str(database.get("name")) for database in more)
    for name, times in names.items():
        if times > 1:
            yield f"databases: {name!r} stands there {times} times; give each its own name"
        if name in RESERVED or name.endswith("-ca-cert"):
            yield f"databases: {name!r} means something else already; choose another name"
    for database in more:
        yield from _database(database, values)


def _database(database: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[str]:
    shown = repr(database.get("name"))
    chosen = [key for key in ("size", "nodes", "version") if key in database]
    if "existing" in database:
        if chosen:
            parts = " and ".join(chosen)
            yield f"databases: {shown} exists, so its {parts} cannot be chosen; remove either"
        return
    nodes = str(database.get("nodes", values.get("databaseNodes")))
    size = database.get("size", values.get("databaseSize"))
    if chosen and size == SINGLE_NODE_SIZE and nodes != "1":
        yield (
            f"databases: {shown} has {nodes} nodes: {SINGLE_NODE_SIZE} has one node only;"
            ' use "nodes": 1, or "size": "db-s-1vcpu-2gb" or larger'
        )


def _more(values: Mapping[str, str]) -> list[dict[str, Any]]:
    """The entries of `databases`; none where the text is not even a list of objects."""
    try:
        found = json.loads(values.get("databases") or "[]")
    except ValueError:
        return []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _identity(values: Mapping[str, str]) -> Iterator[str]:
    generations = values.get("identityGenerations", "[1]")
    if not re.fullmatch(r"\[\s*\d+\s*(,\s*\d+\s*)?\]", generations):
        yield f"identityGenerations = {generations!r}: accept one generation, or two to rotate"
    elif "," in generations:
        previous, current = map(int, re.findall(r"\d+", generations))
        if current != previous + 1:
            yield f"identityGenerations = {generations!r}: rotate from N-1 to N, in this order"
    secret, region = values.get("secretArn", ""), values.get("aws:region")
    if region and secret and f":secretsmanager:{region}:" not in secret:
        yield f"secretArn = {secret!r}: the secret is not in aws:region, {region}; align them"


def _vpc(values: Mapping[str, str]) -> Iterator[str]:
    existing = [key for key in ("postgresCluster", "valkeyCluster") if values.get(key)]
    existing += [f"databases' {each.get('name')}" for each in _more(values) if "existing" in each]
    if values.get("network") == "public":
        if values.get("vpcId"):
            yield "vpcId is set: public mode uses no VPC; remove it, or set network to vpc"
    elif existing and not values.get("vpcId"):
        yield (
            f"vpcId is not set: {' and '.join(existing)} must be reached in its own VPC;"
            " set vpcId to that (`doctl databases get NAME`), or network to public"
        )
