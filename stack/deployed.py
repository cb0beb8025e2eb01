"""Compare the settings with the outputs of this stack's last `up`."""

from collections.abc import Mapping
from typing import Any

import pulumi

from stack.settings import Settings, SettingsError

PLACE, RECIPIENTS, KEYED = "place", "alertEmails", "spaces"
READ = "pulumi:pulumi:readStackOutputs"  # the engine's own; StackReference uses it
ATTEMPTS = 5


def outputs() -> Mapping[str, Any]:
    """Return the outputs of the stack's last `up`; empty before the first one."""
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    for left in reversed(range(ATTEMPTS)):
        try:
            found = pulumi.runtime.invoke(READ, {"name": name}).value or {}
            break
        except Exception as error:  # the SDK has no narrower type
            # A state in files is not written atomically, so a reading can be incomplete.
            if not left or "failed to load checkpoint" not in str(error):
                raise
    return dict(found.get("outputs") or {})


def place(settings: Settings) -> dict[str, str]:
    """Return the settings that cannot change while clusters and app exist."""
    return {
        "name": settings.name,
        "region": settings.region,
        "network": settings.network,
        "vpcId": settings.vpc_id or "",
    }


def check_place(settings: Settings, before: Mapping[str, Any]) -> None:
    """Refuse changes for which DigitalOcean would replace clusters and app.

    Raises:
        SettingsError: The stack was deployed with other values; names them and the remedy.
    """
    stood, stands = before.get(PLACE) or {}, place(settings)
    moved = [key for key in stood if stood[key] != stands.get(key)]
    if all(cluster.existing for cluster in settings.clusters):
        moved = [key for key in moved if key == "region"]  # the app alone can do the rest in place
    if moved:
        problems = [
            f"  - {key} = {stands.get(key)!r}: this stack was deployed with {stood[key]!r}, and its"
            " clusters and app cannot move with their data; set it back, or deploy beside it with"
            " `pulumi stack init` (docs/stack.md)"
            for key in moved
        ]
        raise SettingsError("\n".join(["The stack cannot move:", *problems]))


def has_recipients(settings: Settings, before: Mapping[str, Any]) -> bool:
    """Tell whether App Platform already has the alerts' recipients, which it never returns."""
    return list(before.get(RECIPIENTS) or []) == list(settings.alert_emails)


def spaces(settings: Settings) -> list[dict[str, str]]:
    """Return the buckets whose URLs the app has, without their keys."""
    return [
        {
            "name": each.name,
            "bucket": each.existing or "",
            "region": each.region or settings.cluster_region,
            "prefix": each.prefix,
        }
        for each in settings.spaces
    ]


def has_bucket_keys(settings: Settings, before: Mapping[str, Any]) -> bool:
    """Tell whether the app has the keys of exactly these buckets; secrets are sent once.

    Return True without outputs, because a first `up` sends all secrets.
    """
    return not before or list(before.get(KEYED) or []) == spaces(settings)
