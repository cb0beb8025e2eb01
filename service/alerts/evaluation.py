"""Read the current findings, concurrently with the stores of alerts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import anyio

from schema.findings import Finding
from schema.heartbeat import Standing
from service.alerts.lease import Lease

ReadFindings = Callable[[], Awaitable[Sequence[Finding]]]
"""Returns the current findings."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The findings at one time.

    Attributes:
        findings: The findings.
        at: When reading them began, by the wall clock.
        clock_s: The same time, in monotonic seconds.
    """

    findings: Sequence[Finding]
    at: datetime
    clock_s: float


class Evaluator:
    """One process's reader of findings.

    Args:
        look: Returns the current findings.
        now: The wall clock.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        look: ReadFindings,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._look = look
        self._now = now
        self._clock = clock

    async def evaluate(self) -> Evaluation:
        """Read the findings; they count from the start of the reading."""
        at, clock_s = self._now(), self._clock()
        return Evaluation(findings=await self._look(), at=at, clock_s=clock_s)

    async def evaluate_with(self, lease: Lease) -> tuple[Standing, Evaluation | None]:
        """Claim the lease and read the findings concurrently, because a hung store delays both.

        A standby does not read them, since another process decides: then None.
        """
        if lease.standing is Standing.STANDBY:
            return await lease.claim(), None
        found: list[Evaluation | Exception] = []

        async def evaluate() -> None:
            try:
                found.append(await self.evaluate())
            except Exception as error:  # noqa: BLE001 - raised below, once the lease is prolonged
                found.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(evaluate)
            standing = await lease.claim()
        if isinstance(found[0], Exception):
            raise found[0]
        return standing, found[0]
