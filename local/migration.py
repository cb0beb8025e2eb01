"""`python -m local.migration "add …"`: write a migration for changed tables."""

import sys

import anyio
from alembic import command
from sqlalchemy import Connection

from local.home import temporary
from local.postgres import UnsyncedPostgres
from schema import migrations
from service.settings import load
from service.sources.postgres.settings import Settings
from service.sources.postgres.upgrade import engine as sqlalchemys


def main(message: str) -> None:
    """Compare the tables with a migrated database, and write the next migration.

    Alembic prints the new file's name; a person has to review and finish it.
    """
    with temporary() as folder, UnsyncedPostgres(folder / "postgres") as server:
        (source,) = load(server.environment).sources
        anyio.run(write, source.settings, message)


async def write(settings: Settings, message: str) -> None:
    """Write the migration against the settings' database."""
    engine = sqlalchemys(settings)
    revision = f"{int(migrations.head()) + 1:04}"

    def compare(connection: Connection) -> None:
        migrations.upgrade(connection)
        config = migrations.config(connection)
        command.revision(config, message, autogenerate=True, rev_id=revision)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(compare)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():  # noqa: PLR2004
        sys.exit('say what it does: make migration name="add …"')
    main(sys.argv[1])
