"""Looks at the current findings, concurrently with the stores of alerts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from schema.findings import Finding
from schema.heartbeat import Standing
from service.alerts.lease import Lease


@dataclass(frozen=True, slots=True)
class Seen:
    """The result of one look.

    Attributes:
        findings: The findings.
        at: When the look began, by the wall clock.
        clock_s: The same time, in monotonic seconds.
    """

    findings: Sequence[Finding]
    at: datetime
    clock_s: float


class Looks:
    """One process's looks.

    Args:
        look: Returns the current findings.
        now: The wall clock.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Sequence[Finding]]],
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._look = look
        self._now = now
        self._clock = clock

    async def look(self) -> Seen:
        """Look; its findings count from its start."""
        at, clock_s = self._now(), self._clock()
        return Seen(findings=await self._look(), at=at, clock_s=clock_s)

    async def beside(self, lease: Lease) -> tuple[Standing, Seen | None]:
        """Take the lease and look concurrently, because a hung store delays both.

        A standby does not look, since another process decides: then None.
        """
        if lease.standing is Standing.STANDBY:
            return await lease.stand(), None
        seen: list[Seen | Exception] = []

        async def look() -> None:
            try:
                seen.append(await self.look())
            except Exception as error:  # noqa: BLE001 - raised below, once the lease is prolonged
                seen.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
            standing = await lease.stand()
        if isinstance(seen[0], Exception):
            raise seen[0]
        return standing, seen[0]
