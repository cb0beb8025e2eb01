"""The sources of one process: connected once, all in one place, and closed together."""

from collections.abc import Mapping

import anyio

from service.aws.client import Aws
from service.kind import Shared
from service.settings import Settings
from service.source import Source


def shared(settings: Settings) -> Shared:
    """What the sources of a process share, the AWS identity among it."""
    aws = Aws(settings.aws) if settings.aws else None
    return Shared(name=settings.process.name, aws=aws)


def connect(settings: Settings, among: Shared | None = None) -> dict[str, Source]:
    """Every source that is switched on, by its name.

    Without network I/O, but it imports their drivers, which takes up to a second of CPU.

    Args:
        settings: Which sources there are.
        among: What they share, where the caller has it already.
    """
    among = among or shared(settings)
    return {each.name: each.connect(among) for each in settings.sources}


async def close(sources: Mapping[str, Source]) -> None:
    """Close all sources at once; each is bounded in time by itself."""
    async with anyio.create_task_group() as tasks:
        for source in sources.values():
            tasks.start_soon(source.close)
