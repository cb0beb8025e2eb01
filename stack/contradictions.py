"""Contradictions between values of the configuration."""

import re
from collections.abc import Iterator, Mapping

from stack import existing
from stack.existing import SINGLE_NODE_SIZE

SINGLE_INSTANCE_SIZES = re.compile(r"(0\.5gb|-fixed)$")  # App Platform refuses two of these


def contradictions(values: Mapping[str, str]) -> list[str]:
    """List contradictions, each with its remedy.

    Args:
        values: Configuration as Pulumi holds it; single values may be missing or wrong.
    """
    return [
        *_image(values),
        *_access(values),
        *_sizes(values),
        *_identity(values),
        *_logs(values),
        *existing.contradictions(values),
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
    for part in ("api", "worker"):
        size, instances = values.get(f"{part}Size", ""), values.get(f"{part}Instances", "1")
        if instances != "1" and SINGLE_INSTANCE_SIZES.search(size):
            yield (
                f"{part}Instances = {instances!r}: {size} runs once only;"
                f" use 1, or {part}Size apps-s-1vcpu-1gb or larger"
            )
    nodes = values.get("databaseNodes", "1")
    if nodes != "1" and values.get("databaseSize") == SINGLE_NODE_SIZE:
        yield (
            f"databaseNodes = {nodes!r}: {SINGLE_NODE_SIZE} has one node only;"
            " use 1, or databaseSize db-s-1vcpu-2gb or larger"
        )


def _identity(values: Mapping[str, str]) -> Iterator[str]:
    generations = values.get("identityGenerations", "[1]")
    if not re.fullmatch(r"\[\s*\d+\s*(,\s*\d+\s*)?\]", generations):
        yield f"identityGenerations = {generations!r}: accept one generation, or two to rotate"
    elif "," in generations:
        previous, current = map(int, re.findall(r"\d+", generations))
        if current != previous + 1:
            yield f"identityGenerations = {generations!r}: rotate from N-1 to N, in this order"
    region = values.get("aws:region")
    for key, service in (("secretArn", "secretsmanager"), ("secretKmsKeyArn", "kms")):
        arn = values.get(key, "")
        if region and arn and f":{service}:{region}:" not in arn:
            yield f"{key} = {arn!r}: it is not in aws:region, {region}; align them"


def _logs(values: Mapping[str, str]) -> Iterator[str]:
    kind = values.get("logDestination", "").partition(":")[0]
    needs_token = kind in {"datadog", "logtail", "opensearch"}
    if needs_token and not values.get("logToken"):
        yield f"logToken is not set: {kind} takes no logs without; set it with --secret"
    elif values.get("logToken") and not needs_token:
        yield "logToken is set: Papertrail takes none; remove it, or choose another logDestination"
    elif kind == "opensearch" and ":" not in values.get("logToken", ""):
        yield "logToken is not USER:PASSWORD, which OpenSearch needs"
