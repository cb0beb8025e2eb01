"""The documents of the endpoints that the older app had, with its names and types."""

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
from service.aws.identity import Identity, IdentityObservation
from service.sources import postgres, secrets_manager, valkey
from service.sources.postgres import PostgresObservation
from service.sources.secrets_manager import SecretObservation
from service.sources.valkey import ValkeyObservation
from service.verdict.known import Known


def db_status(known: Known) -> DbStatus:
    """PostgreSQL and Valkey; the one document that names its sources."""
    return DbStatus(postgres=_postgres(known), valkey=_valkey(known))


def secret_status(known: Known) -> SecretStatus:
    """Secrets Manager, without the secret's value."""
    reading = _reading(known, secrets_manager.Settings.name)
    found = known.found.get(secrets_manager.Settings.name)
    said = found if isinstance(found, SecretObservation) else SecretObservation(reachable=False)
    settings = known.setting(secrets_manager.Settings)
    value_interval_s = said.value_interval_s or (settings.value_interval_s if settings else 1.0)
    return SecretStatus(
        **reading.model_dump(),
        ok=reading.error is None and said.reachable,
        secret_name=said.name or (settings.endpoint if settings else None),
        secret_arn=mask(said.arn),
        version_id=said.version_id,
        secret_last_update=reading.last_update,
        value_last_update=said.value_stamp,
        value_freshness=(
            judge(said.value_stamp, known.now, value_interval_s)
            if said.reachable
            else Freshness.UNREACHABLE
        ),
    )


def iam_status(known: Known) -> IamStatus:
    """The AWS identity; who AWS says that we are only while it says so."""
    reading, aws = _reading(known, Identity.name), known.aws
    found = known.found.get(Identity.name)
    said = found if isinstance(found, IdentityObservation) else IdentityObservation()
    ok = reading.error is None and said.arn is not None
    return IamStatus(
        **reading.model_dump(),
        ok=ok,
        role_arn=mask(said.arn) if ok else None,
        account=mask(said.account) if ok else None,
        user_id=said.user_id if ok else None,
        credentials_created=aws.credentials_created if aws else None,
        credentials_expiry=aws.credentials_expiry if aws else None,
        certificate_subject=aws.certificate_subject if aws else None,
        certificate_expiry=aws.certificate_expiry if aws else None,
    )


def _postgres(known: Known) -> PostgresStatus:
    reading = _reading(known, postgres.Settings.name)
    found = known.found.get(postgres.Settings.name)
    said = found if isinstance(found, PostgresObservation) else PostgresObservation(reachable=False)
    settings = known.setting(postgres.Settings)
    return PostgresStatus(
        **reading.model_dump(),
        connected=said.reachable,
        readable=said.readable,
        writable=said.writable,
        host=settings.endpoint if settings else "",
        postgres_last_update=reading.last_update,
    )


def _valkey(known: Known) -> ValkeyStatus:
    reading = _reading(known, valkey.Settings.name)
    found = known.found.get(valkey.Settings.name)
    said = found if isinstance(found, ValkeyObservation) else ValkeyObservation(reachable=False)
    settings = known.setting(valkey.Settings)
    return ValkeyStatus(
        **reading.model_dump(),
        connected=said.reachable,
        ping_ok=said.ping_ok,
        set_get_ok=said.set_get_ok,
        host=settings.endpoint if settings else "",
        valkey_last_update=reading.last_update,
    )


def _reading(known: Known, name: str) -> Reading:
    """What every reading says; a source that is switched off says `not_configured`."""
    if known.is_off(name):
        return Reading(
            last_update=None,
            age_seconds=None,
            freshness=Freshness.MISSING,
            error=ErrorWord.NOT_CONFIGURED,
            observed_at=None,
            latency_ms=None,
        )
    state, found = known.aged(name), known.found.get(name)
    return Reading(
        last_update=state.stamp,
        age_seconds=state.age_s,
        freshness=state.freshness,
        error=state.error,
        observed_at=found.observed_at if found else None,
        latency_ms=found.latency_ms if found else None,
    )
