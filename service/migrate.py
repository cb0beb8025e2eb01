"""The migrate command: brings the database to this version's schema, and says what it did."""

import anyio
import structlog

from schema import migrations
from schema.migrations import UnknownRevisionError
from service.settings import Settings
from service.source import SourceError
from service.sources import postgres
from service.sources.postgres.engine import engine
from service.sources.postgres.store import Postgres

DEADLINE_S = 60.0  # under a managed platform's patience with a job; the lock waits at most 30 s

log = structlog.get_logger()


def main(settings: Settings) -> int:
    """Migrate; blocks.

    Returns:
        0 if the schema is at this version's head or newer, 1 if it is not.
    """
    found = next((s for s in settings.sources if isinstance(s, postgres.Settings)), None)
    if found is None:
        log.info("migrate_skipped", reason="PostgreSQL is not configured")
        return 0
    return anyio.run(_migrate, found, settings.process.name)


async def _migrate(settings: postgres.Settings, name: str) -> int:
    source = Postgres(engine(settings, DEADLINE_S), name)
    try:
        with anyio.fail_after(DEADLINE_S):
            revision = await source.migrate()
    except (SourceError, TimeoutError, UnknownRevisionError, RuntimeError) as error:
        log.error("migrate_failed", error=str(error))  # noqa: TRY400 - the text is the remedy
        return 1
    finally:
        await source.close()
    log.info("migrated", revision=revision, head=migrations.head())
    return 0
