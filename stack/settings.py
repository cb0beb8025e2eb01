"""Read and validate the stack's settings; nothing else reads Pulumi's configuration."""

from collections.abc import Mapping

import pulumi
from pulumi.runtime.config import is_config_secret
from pydantic import ValidationError

from stack import variables
from stack.choices.settings import Settings
from stack.contradictions import contradictions

__all__ = ["Settings", "SettingsError", "load", "parse"]

SECRETS = (
    *("dashboardPassword", "imageCredentials", "logToken", "clientKey"),
    *("alertTargets", "alertPingUrl", "otlpHeaders"),
)
PROJECT = "heartbeat"  # the project's name in Pulumi.yaml, which prefixes every key


class SettingsError(pulumi.RunError):
    """The configuration is invalid; the message tells how to correct each mistake."""


def load() -> Settings:
    """Load the current stack's settings.

    Raises:
        SettingsError: As in `parse`, or a secret is in the configuration in plain text.
    """
    config, aws = pulumi.Config(PROJECT), pulumi.Config("aws")
    fields = Settings.model_fields.values()
    values = {str(field.alias): config.get(str(field.alias)) for field in fields}
    values["aws:region"] = aws.get("region")
    plain = [k for k in SECRETS if values.get(k) and not is_config_secret(f"{PROJECT}:{k}")]
    if plain:
        remedy = f"`pulumi config set --secret {plain[0]}`"
        msg = f"{', '.join(plain)}: in plain text in the configuration: {remedy}"
        raise SettingsError(msg)
    return parse({key: value for key, value in values.items() if value is not None})


def parse(values: Mapping[str, str]) -> Settings:
    """Parse settings from configuration as Pulumi holds it: text by key, lists as JSON.

    Raises:
        SettingsError: A value is missing, is invalid, contradicts another, or would be refused by
            the service.
    """
    problems = contradictions(values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        problems = [
            *dict.fromkeys(_problem(e["loc"][0], values) for e in error.errors()),
            *problems,
        ]
        raise SettingsError(_report(problems)) from None
    problems = problems or variables.problems(settings)
    if problems:
        raise SettingsError(_report(problems))
    return settings


def _problem(alias: int | str, values: Mapping[str, str]) -> str:
    field = next(f for f in Settings.model_fields.values() if f.alias == alias)
    if alias not in values:
        return f"{alias} is not set: {field.description}"
    shown = "(hidden)" if alias in SECRETS else repr(values[str(alias)])
    return f"{alias} = {shown}: {field.description}"


def _report(problems: list[str]) -> str:
    return "The stack's configuration needs mending:\n" + "\n".join(f"  - {p}" for p in problems)
