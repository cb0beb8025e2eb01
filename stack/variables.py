"""The settings that become variables of the service, validated by the service's own rules.

So the stack refuses what the service would refuse at its start, before it creates a cluster.
"""

from collections.abc import Iterator

from pydantic import SecretStr

from service import settings as service
from service.aws import arns
from stack.choices import HIDDEN
from stack.choices.settings import Settings
from stack.kinds import KINDS

PLAIN = {
    "HEARTBEAT_NAME": "heartbeat_name",
    "HEARTBEAT_TITLE": "name",
    "HEARTBEAT_INTERVAL_SECONDS": "interval_seconds",
    "SECRET_VALUE_INTERVAL_SECONDS": "secret_value_interval_seconds",
    "HISTORY_RETENTION_DAYS": "history_retention_days",
    "LOG_LEVEL": "log_level",
    "API_CORS_ORIGINS": "cors_origins",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otlp_endpoint",
}
"""Variables with the plain value of a setting, and the setting's field."""

SECRET = {
    "DASHBOARD_PASSWORD": "dashboard_password",
    "ALERT_TARGETS": "alert_targets",
    "ALERT_PING_URL": "alert_ping_url",
    "OTEL_EXPORTER_OTLP_HEADERS": "otlp_headers",
}
"""Variables with the value of a secret setting, and the setting's field."""

IDENTITY = {
    "IAM_TRUST_ANCHOR_ARN": "trust_anchor_arn",
    "IAM_ROLE_ARN": "role_arn",
    "IAM_CLIENT_CERT": "client_certificate",
    "IAM_CLIENT_KEY": "client_key",
    "SECRETS_MANAGER_SECRET_NAME": "secret_arn",
    "AWS_REGION": "aws_region",
}
"""Variables of an existing AWS identity, and the setting's field."""

# Placeholders for values that exist only after the deployment; no rule checks them.
STORE = {"PGHOST": "db", "PGDATABASE": "db", "PGUSER": "user", "PGPASSWORD": "password"}


def plain(settings: Settings) -> dict[str, str]:
    """Return the variables of the settings that are not secret."""
    return dict(_values(settings, PLAIN))


def source(name: str) -> str:
    """Return the variable that adds an entry of `databases` or `buckets` as a source."""
    return f"HEARTBEAT_SOURCE_{name.replace('-', '_').upper()}"


def problems(settings: Settings) -> list[str]:
    """List what the service would refuse, in its words, with the settings' names."""
    databases = {source(each.name): KINDS[each.kind].example for each in settings.databases}
    buckets = {
        source(each.name): f"s3://key:secret@{each.existing or 'bucket'}/{each.prefix}"
        f"?region={each.region or settings.aws_region}"
        for each in settings.buckets
    }
    environ = {**STORE, **plain(settings), **dict(_values(settings, SECRET))}
    environ |= databases | buckets
    identity = dict(_values(settings, IDENTITY))
    found = arns.contradictions(identity)
    if settings.trust_anchor_arn and {"IAM_CLIENT_CERT", "IAM_CLIENT_KEY"} <= identity.keys():
        environ |= _placeholders(settings.trust_anchor_arn) | identity
    try:
        service.load(environ)
    except service.ConfigurationError as error:
        found += [each for each in error.problems if each not in found]
    names = {**PLAIN, **SECRET, **IDENTITY}
    aliases = {name: str(type(settings).model_fields[field].alias) for name, field in names.items()}
    aliases |= dict.fromkeys(databases, "databases") | dict.fromkeys(buckets, "buckets")
    return [_named(each, aliases) for each in found]


def _values(settings: Settings, fields: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield variable and value of each setting that is set and whose value is known."""
    for variable, field in fields.items():
        value = getattr(settings, field)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text not in (None, (), HIDDEN):
            yield variable, ",".join(text) if isinstance(text, tuple) else str(text)


def _placeholders(anchor_arn: str) -> dict[str, str]:
    """Return placeholders of the resources to create, in the anchor's account and region."""
    _, partition, _, region, account, _ = anchor_arn.split(":", 5)
    return {
        "IAM_PROFILE_ARN": f"arn:{partition}:rolesanywhere:{region}:{account}:profile/made",
        "IAM_ROLE_ARN": f"arn:{partition}:iam::{account}:role/made",
        "SECRETS_MANAGER_SECRET_NAME": "made",
    }


def _named(problem: str, aliases: dict[str, str]) -> str:
    """Replace variables by settings, the longest first, because some are prefixes of others."""
    for variable in sorted(aliases, key=len, reverse=True):
        problem = problem.replace(variable, aliases[variable])
    return problem
