"""Connect the sources of one process, and close them together."""

from collections.abc import Mapping

import anyio

from service.aws.client import Aws
from service.kind import Shared
from service.settings import Settings
from service.source import Source


def shared(settings: Settings) -> Shared:
    """Create what the sources of a process share, including the AWS identity."""
    aws = Aws(settings.aws) if settings.aws else None
    return Shared(name=settings.process.name, aws=aws)


def connect(settings: Settings, among: Shared | None = None) -> dict[str, Source]:
    """Connect every configured source, by name.

    This needs no network I/O, but imports drivers, which takes up to a second of CPU.

    Args:
        settings: The configured sources.
        among: What they share, if the caller has it already.
    """
    among = among or shared(settings)
    return {each.name: each.connect(among) for each in settings.sources}


async def close(sources: Mapping[str, Source]) -> None:
    """Close all sources concurrently; each takes bounded time."""
    async with anyio.create_task_group() as tasks:
        for source in sources.values():
            tasks.start_soon(source.close)
