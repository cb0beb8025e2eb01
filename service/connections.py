"""The sources of one process: connected once, all in one place, and closed together."""

from collections.abc import Mapping

import anyio

from service.aws.client import Aws
from service.aws.identity import Identity
from service.settings import Settings
from service.source import Shared, Source


def identity(settings: Settings) -> Aws | None:
    """The AWS identity of a process, None if it is not configured."""
    return Aws(settings.aws) if settings.aws else None


def connect(settings: Settings, aws: Aws | None = None) -> dict[str, Source]:
    """Every source that is switched on, the AWS identity among them.

    Without network I/O, but it imports their drivers, which takes up to a second of CPU.

    Args:
        settings: Which sources there are.
        aws: The AWS identity, where the caller has it already.
    """
    aws = aws or identity(settings)
    shared = Shared(name=settings.process.name, aws=aws)
    sources: dict[str, Source] = {each.name: each.connect(shared) for each in settings.sources}
    if aws is not None:
        sources[Identity.name] = Identity(aws)
    return sources


async def close(sources: Mapping[str, Source]) -> None:
    """Close all sources at once; each is bounded in time by itself."""
    async with anyio.create_task_group() as tasks:
        for source in sources.values():
            tasks.start_soon(source.close)
