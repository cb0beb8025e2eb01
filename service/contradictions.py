"""Find valid values that contradict each other."""

from collections import Counter
from collections.abc import Sequence

from service.aws import arns, roles_anywhere
from service.environment import Environment
from service.kind import AnyInstance
from service.sources import iam, secrets_manager


def named_twice(sources: Sequence[AnyInstance]) -> list[str]:
    """Return one sentence for each name that two variables define."""
    counts = Counter(source.name for source in sources)
    return [
        f"two stores are named {name}: "
        + " and ".join(source.variable for source in sources if source.name == name)
        + "; set one of them, or choose another name"
        for name, count in counts.items()
        if count > 1
    ]


def places_differ(environment: Environment) -> list[str]:
    """Return one sentence for AWS variables with different regions, accounts or partitions."""
    identity, secret = iam.KIND.variables, secrets_manager.KIND.variables["secret"]
    fields = ("trust_anchor_arn", "profile_arn", "role_arn", "region")
    names = [*(identity[each] for each in fields), secret]
    given = {name: environment.values[name] for name in names if name in environment.values}
    return arns.contradictions(given)


def something_missing(sources: Sequence[AnyInstance], identity: AnyInstance | None) -> list[str]:
    """Return a sentence if the AWS identity is missing or unused, or if no source is set."""
    needing = [source.title for source in sources if source.depends_on == iam.KIND.name]
    if needing and identity is None:
        fields = roles_anywhere.Settings.model_fields.items()
        required = [name for name, field in fields if field.is_required()]
        given = ("certificate", "private_key", *required)
        names = sorted(iam.KIND.variables[name] for name in given)
        return [f"{', '.join(needing)} needs the AWS identity: set {', '.join(names)}"]
    if identity is not None and not needing:
        return ["the AWS identity is set, but nothing uses it: set SECRETS_MANAGER_SECRET_NAME"]
    if sources:
        return []
    return ["no source is configured: set PGHOST, VALKEY_HOST, HEARTBEAT_SOURCE_<NAME> or IAM_*"]
