"""The migrate command: bring each database to this version's schema, and log the result."""

from dataclasses import replace

import anyio
import structlog

from schema import migrations
from service.connections import shared
from service.errors import SourceError
from service.kind import AnyInstance, Shared
from service.settings import Settings

DEADLINE_S = 60.0  # below a platform's time limit of a job; the lock waits at most 30 s

log = structlog.get_logger()


def main(settings: Settings) -> int:
    """Migrate every database that can keep history; blocks.

    Returns:
        0 if the schema is at this version's head or newer where history is kept, 1 if it is not.
        The worker migrates other databases with its first write, so that a further store that is
        down does not stop a deployment.
    """
    if settings.history is None:
        log.info("migrate_skipped", reason="PostgreSQL is not configured")
        return 0
    return anyio.run(_migrate_all, settings)


async def _migrate_all(settings: Settings) -> int:
    among = replace(shared(settings), answer_timeout_s=DEADLINE_S)
    done: dict[str, bool] = {}

    async def migrate(source: AnyInstance) -> None:
        done[source.name] = await _migrate(source, among)

    async with anyio.create_task_group() as tasks:
        for source in settings.sources:
            if source.kind.keeps_history:
                tasks.start_soon(migrate, source)
    return 0 if settings.history and done[settings.history.name] else 1


async def _migrate(instance: AnyInstance, among: Shared) -> bool:
    source = instance.connect(among)
    if source.database is None:
        return True
    try:
        with anyio.fail_after(DEADLINE_S):
            revision = await source.database.migrate(thorough=True)
    except (SourceError, TimeoutError, migrations.UnknownRevisionError, RuntimeError) as error:
        # Not log.exception: the message is the remedy.
        log.error("migrate_failed", source=instance.name, error=str(error))  # noqa: TRY400
        return False
    finally:
        await source.close()
    log.info("migrated", source=instance.name, revision=revision, head=migrations.head())
    return True
