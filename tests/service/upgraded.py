"""A database migrated as `service/sources/postgres/child.py` does it, but in this process."""

import anyio

from service.sources.postgres import upgrade
from service.sources.postgres.child import Job
from service.sources.postgres.settings import Settings

_ONE_AT_A_TIME = anyio.Lock()
"""Alembic keeps what it works on in globals of its modules."""


async def upgraded(settings: Settings, answer_timeout_s: float) -> str:
    """As `child.upgrade`."""
    async with _ONE_AT_A_TIME:
        return (await upgrade.done(Job.of(settings, answer_timeout_s))).found()
