"""Find valid values that contradict each other."""

from collections.abc import Sequence

from service.aws import arns, roles_anywhere
from service.environment import Environment
from service.instances import PREFIX
from service.kind import AnyInstance
from service.sources import KINDS, iam, secrets_manager


def named_twice(environment: Environment) -> list[str]:
    """Return one sentence for each kind whose name a URL has too, though one may be invalid."""
    both = [
        (kind.name, own[0], url)
        for kind in KINDS
        if (own := kind.set_in(environment.values))
        and (url := f"{PREFIX}{kind.name.upper()}") in environment.values
    ]
    return [
        f"two stores are named {name}: {own} and {url}; set one of them, or choose another name"
        for name, own, url in both
    ]


def places_differ(environment: Environment) -> list[str]:
    """Return one sentence for AWS variables with different regions, accounts or partitions."""
    identity, secret = iam.KIND.variables, secrets_manager.KIND.variables["secret"]
    fields = ("trust_anchor_arn", "profile_arn", "role_arn", "region")
    names = [*(identity[each] for each in fields), secret]
    values = {name: environment.values[name] for name in names if name in environment.values}
    return arns.contradictions(values)


def something_missing(
    environment: Environment, sources: Sequence[AnyInstance], identity: AnyInstance | None
) -> list[str]:
    """Return a sentence if the AWS identity is missing or unused, or if no source is set.

    What is set and invalid has its own problem, and is not missing.
    """
    needing = [source.title for source in sources if source.depends_on == iam.KIND.name]
    if needing and not iam.KIND.set_in(environment.values):
        fields = roles_anywhere.Settings.model_fields.items()
        required = [name for name, field in fields if field.is_required()]
        given = ("certificate", "private_key", *required)
        names = sorted(iam.KIND.variables[name] for name in given)
        return [f"{', '.join(needing)} needs the AWS identity: set {', '.join(names)}"]
    if environment.problems:
        return []
    if identity is not None and not needing:
        return ["the AWS identity is set, but nothing uses it: set SECRETS_MANAGER_SECRET_NAME"]
    if sources:
        return []
    return ["no source is configured: set PGHOST, VALKEY_HOST, HEARTBEAT_SOURCE_<NAME> or IAM_*"]
