"""The environment of the app's components, built once, as a list."""

from dataclasses import dataclass
from hashlib import sha256

import pulumi
from pydantic import SecretStr

from stack.databases import Databases
from stack.identity import Identity
from stack.image import GitSource, Source
from stack.secret import Secret
from stack.settings import Settings
from stack.spaces import Spaces
from stack.variables import SECRET, plain
from stack.variables import source as source_of

HTTP_PORT = 8080  # the API's; App Platform routes to it
HEALTH_PORT = 8081  # the worker's, only for its liveness check


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable of the app's spec.

    Attributes:
        key: Its name.
        value: Its value; for a secret, an output that Pulumi encrypts.
        secret: Whether App Platform encrypts it.
    """

    key: str
    value: pulumi.Input[str]
    secret: bool = False


def variables(
    settings: Settings,
    databases: Databases,
    secret: Secret,
    identity: Identity,
    *,
    source: Source,
    head: str,
) -> list[Variable]:
    """Build the variables of every component; none is secret.

    The databases' credentials are references that App Platform resolves, so the spec does not
    contain them. The state does, encrypted, in the clusters' outputs.

    `head`, the newest migration, makes a preview show a change of the schema.
    """
    return [
        *_postgres(settings, databases),
        *_valkey(settings, databases),
        *_aws(settings, secret, identity),
        *_choices(settings),
        # App Platform's edge sets this header to the viewer's address [its documentation of
        # headers], and overwrites a client's own. Unproved with a live app.
        Variable(key="TRUSTED_PROXY_HEADER", value="do-connecting-ip"),
        Variable(key="HEALTH_PORT", value=str(HEALTH_PORT)),
        Variable(key="SCHEMA_HEAD", value=head),
        Variable(key="PUBLIC_URL", value="${APP_URL}"),  # for the links in alerts
        # Empty means no password; a component's variable overrides the app's.
        *([Variable(key="DASHBOARD_PASSWORD", value="")] if settings.public else []),
        # A published image knows its commit; one that App Platform builds does not.
        *(
            [Variable(key="HEARTBEAT_COMMIT", value="${_self.COMMIT_HASH}")]
            if isinstance(source, GitSource)
            else []
        ),
        *_more(settings, databases),
        *_buckets(settings),
    ]


def secrets(
    settings: Settings,
    identity: Identity,
    spaces: Spaces | None,
    supplied_password: pulumi.Input[str] | None,
) -> list[Variable]:
    """Build the few secrets, which are set only at the app's level.

    There is always a password, if necessary a generated one: secrets are sent only once, and a
    dashboard that stops being public must be protected.

    Args:
        settings: The settings, which may have a password.
        identity: The identity, which has the client's key.
        spaces: The buckets with their secret URLs, None without buckets.
        supplied_password: The calling program's password, which replaces that of the settings.
    """
    if supplied_password is not None:
        password = pulumi.Output.secret(supplied_password)
    elif settings.dashboard_password is None:
        password = identity.private_key.apply(lambda key: sha256(key.encode()).hexdigest())
    else:
        password = pulumi.Output.secret(settings.dashboard_password.get_secret_value())
    return [
        Variable(key="IAM_CLIENT_KEY", value=identity.private_key, secret=True),
        Variable(key="DASHBOARD_PASSWORD", value=password, secret=True),
        *(
            variable
            for key, field in SECRET.items()
            if key != "DASHBOARD_PASSWORD"
            for variable in _optional_secret(key, getattr(settings, field))
        ),
        *(
            Variable(key=source_of(name), value=url, secret=True)
            for name, url in (spaces.urls if spaces else {}).items()
        ),
    ]


def _optional_secret(key: str, value: SecretStr | None) -> list[Variable]:
    if value is None:
        return []
    return [Variable(key=key, value=pulumi.Output.secret(value.get_secret_value()), secret=True)]


def _postgres(settings: Settings, databases: Databases) -> list[Variable]:
    postgres = databases.first["postgres"]
    private = settings.network == "vpc"
    return [
        Variable(key="PGHOST", value=postgres.host(private=private)),
        Variable(key="PGPORT", value=postgres.bind("PORT")),
        Variable(key="PGDATABASE", value=postgres.bind("DATABASE")),
        Variable(key="PGUSER", value=postgres.bind("USERNAME")),
        Variable(key="PGPASSWORD", value=postgres.bind("PASSWORD")),
        Variable(key="PGSSLMODE", value=_tls(private=private)),
        Variable(key="PG_CA_CERT", value=postgres.bind("CA_CERT")),
    ]


def _valkey(settings: Settings, databases: Databases) -> list[Variable]:
    valkey = databases.first["valkey"]
    private = settings.network == "vpc"
    return [
        Variable(key="VALKEY_HOST", value=valkey.host(private=private)),
        Variable(key="VALKEY_PORT", value=valkey.bind("PORT")),
        Variable(key="VALKEY_USER", value=valkey.bind("USERNAME")),
        Variable(key="VALKEY_PASSWORD", value=valkey.bind("PASSWORD")),
        Variable(key="VALKEY_SSLMODE", value=_tls(private=private)),
        Variable(key="VALKEY_CA_CERT", value=valkey.bind("CA_CERT")),
    ]


def _more(settings: Settings, databases: Databases) -> list[Variable]:
    """Add a source for each cluster beside the app's own two."""
    private = settings.network == "vpc"
    own = [databases.first["postgres"], databases.first["valkey"]]
    return [
        variable
        for cluster in databases.clusters
        if cluster not in own
        for variable in (
            Variable(key=source_of(cluster.args.binding), value=cluster.url(private=private)),
            Variable(
                key=f"{source_of(cluster.args.binding)}_CA_CERT", value=cluster.bind("CA_CERT")
            ),
        )
    ]


def _buckets(settings: Settings) -> list[Variable]:
    """Add a source for each bucket of S3; the URLs have no keys, because the role has access."""
    return [
        Variable(
            key=source_of(bucket.name),
            value=f"s3://{bucket.existing}/{bucket.prefix}"
            f"?region={bucket.region or settings.aws_region}",
        )
        for bucket in settings.s3
    ]


def _aws(settings: Settings, secret: Secret, identity: Identity) -> list[Variable]:
    return [
        Variable(key="AWS_REGION", value=settings.aws_region),
        Variable(key="SECRETS_MANAGER_SECRET_NAME", value=secret.name),
        Variable(key="IAM_ROLE_ARN", value=identity.role_arn),
        Variable(key="IAM_PROFILE_ARN", value=identity.profile_arn),
        Variable(key="IAM_TRUST_ANCHOR_ARN", value=identity.anchor_arn),
        Variable(key="IAM_CLIENT_CERT", value=identity.certificate),
    ]


def _choices(settings: Settings) -> list[Variable]:
    return [Variable(key=key, value=value) for key, value in plain(settings).items()]


def _tls(*, private: bool) -> str:
    # Whether the certificate covers the private host name is unproved; the chain is verified.
    return "verify-ca" if private else "verify-full"
