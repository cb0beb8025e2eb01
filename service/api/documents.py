"""Documents of the endpoints that the older app had, with its names and types."""

from schema.errors import ErrorWord
from schema.freshness import Freshness, judge
from schema.responses import (
    DbStatus,
    IamStatus,
    PostgresStatus,
    Reading,
    SecretStatus,
    ValkeyStatus,
)
from service.accounts import mask
from service.kind import AnyInstance
from service.sources import iam, postgres, secrets_manager, valkey
from service.verdict.snapshot import Snapshot


def db_status(snapshot: Snapshot) -> DbStatus:
    """Describe the first PostgreSQL and the first Valkey; this document alone has fixed sources."""
    return DbStatus(postgres=_postgres(snapshot), valkey=_valkey(snapshot))


def secret_status(snapshot: Snapshot) -> SecretStatus:
    """Describe the first secret, without its value."""
    source = snapshot.settings.first(secrets_manager.KIND)
    reading = _reading(snapshot, source)
    details = snapshot.details(source) if source else None
    interval_s = source.settings.value_interval_s if source else 1.0
    return SecretStatus(
        **reading.model_dump(),
        ok=reading.error is None and details is not None,
        secret_name=details.name if details else source.endpoint if source else None,
        secret_arn=mask(details.arn) if details else None,
        version_id=details.version_id if details else None,
        secret_last_update=reading.last_update,
        value_last_update=details.value_stamp if details else None,
        value_freshness=(
            judge(details.value_stamp, snapshot.now, details.value_interval_s or interval_s)
            if details
            else Freshness.UNREACHABLE
        ),
    )


def iam_status(snapshot: Snapshot) -> IamStatus:
    """Describe the AWS identity; its ARN only while AWS confirms it."""
    source, aws = snapshot.settings.first(iam.KIND), snapshot.aws
    reading = _reading(snapshot, source)
    caller = snapshot.details(source) if source and reading.error is None else None
    return IamStatus(
        **reading.model_dump(),
        ok=caller is not None,
        role_arn=mask(caller.arn) if caller else None,
        account=mask(caller.account) if caller else None,
        user_id=caller.user_id if caller else None,
        credentials_created=aws.credentials_created if aws else None,
        credentials_expiry=aws.credentials_expiry if aws else None,
        certificate_subject=aws.certificate_subject if aws else None,
        certificate_expiry=aws.certificate_expiry if aws else None,
    )


def _postgres(snapshot: Snapshot) -> PostgresStatus:
    source = snapshot.settings.first(postgres.KIND)
    reading = _reading(snapshot, source)
    details = snapshot.details(source) if source else None
    return PostgresStatus(
        **reading.model_dump(),
        connected=details is not None,
        readable=details is not None and details.readable,
        writable=details is not None and details.writable,
        host=source.endpoint if source else "",
        postgres_last_update=reading.last_update,
    )


def _valkey(snapshot: Snapshot) -> ValkeyStatus:
    source = snapshot.settings.first(valkey.KIND)
    reading = _reading(snapshot, source)
    details = snapshot.details(source) if source else None
    return ValkeyStatus(
        **reading.model_dump(),
        connected=details is not None,
        ping_ok=details is not None and details.ping_ok,
        set_get_ok=details is not None and details.set_get_ok,
        host=source.endpoint if source else "",
        valkey_last_update=reading.last_update,
    )


def _reading(snapshot: Snapshot, source: AnyInstance | None) -> Reading:
    """Return the fields that all readings share; `not_configured` for a kind that is off."""
    if source is None:
        return Reading(
            last_update=None,
            age_seconds=None,
            freshness=Freshness.MISSING,
            error=ErrorWord.NOT_CONFIGURED,
            observed_at=None,
            latency_ms=None,
        )
    state, look = snapshot.aged(source), snapshot.known(source)
    return Reading(
        last_update=state.stamp,
        age_seconds=state.age_s,
        freshness=state.freshness,
        error=state.error,
        observed_at=look.at if look else None,
        latency_ms=look.latency_ms if look else None,
    )
