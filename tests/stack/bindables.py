"""Resolve a component's environment as App Platform does."""

import functools
import re
from collections.abc import Mapping
from typing import Any

from tests.stack import pem

BINDABLE = re.compile(r"\$\{([\w-]+)\.(\w+)\}")


def environ(
    spec: Mapping[str, Any], component: str, values: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return a component's environment with its bindables resolved.

    Args:
        spec: The app's spec as Pulumi's providers see it.
        component: The component's name.
        values: The value of `${NAME.ATTRIBUTE}`, by `NAME.ATTRIBUTE` or by `ATTRIBUTE`; other
            bindables get a made-up text.
    """
    components = [c for kind in ("services", "workers", "jobs") for c in spec.get(kind, [])]
    (found,) = [c for c in components if c["name"] == component]
    known = _example() | dict(values or {})

    def resolve(match: re.Match[str]) -> str:
        name, attribute = match.groups()
        return known.get(f"{name}.{attribute}", known.get(attribute, f"resolved-{attribute}"))

    known["APP_URL"] = "https://heartbeat-xxxxx.ondigitalocean.app"
    variables = [*spec["envs"], *found["envs"]]
    own = {v["key"]: v["value"].replace("${APP_URL}", known["APP_URL"]) for v in variables}
    return {key: BINDABLE.sub(resolve, value) for key, value in own.items()}


@functools.cache
def _example() -> dict[str, str]:
    return {
        "PORT": "25060",
        "DATABASE": "defaultdb",
        "USERNAME": "doadmin",
        "HOSTNAME": "db.example",
        "CA_CERT": pem.self_signed(pem.private_key(), "the databases' authority", hours=1),
    }
