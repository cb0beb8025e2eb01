"""Notice when another server has become a store's primary."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import anyio
import structlog

from schema.errors import ErrorWord
from schema.heartbeat import ServerReport
from schema.history import server_of
from service.errors import SourceError
from service.outcome import Outcome
from service.source import Source

LOOK_MOST_S = 55.0  # between two looks; below a minute, so that each cycle of a minute looks
LOOK_INTERVALS = 5
ANSWER_S = 2.0

log = structlog.get_logger()


class Servers:
    """Checks after a cycle which server answers.

    Args:
        sources: All sources; those that do not report a server are ignored.
        interval_s: Seconds between cycles.

    Attributes:
        reports: The last reports, by the source's slug.
    """

    def __init__(self, sources: Mapping[str, Source], interval_s: float) -> None:
        found = {name: source.server for name, source in sources.items()}
        self._servers = {name: server for name, server in found.items() if server}
        self.reports: dict[str, ServerReport] = {}
        self._every_s = min(LOOK_MOST_S, LOOK_INTERVALS * interval_s)
        self._due = -math.inf

    @property
    def due(self) -> bool:
        """Whether any server is to be checked now."""
        return bool(self._servers) and anyio.current_time() >= self._due

    async def look(self, outcomes: Sequence[Outcome], now: datetime) -> list[Outcome]:
        """Check the stores that were written.

        Returns:
            One outcome for each changed server, for the history.
        """
        if not self.due:
            return []
        written = [each.source for each in outcomes if each.ok and each.source in self._servers]
        if written:  # else the next cycle looks: a promotion shows only against an earlier look
            self._due = anyio.current_time() + self._every_s
        changed = [name for name in written if await self._is_another(name, now)]
        return [Outcome(server_of(name), now, ErrorWord.FAILED, attempts=1) for name in changed]

    async def _is_another(self, name: str, now: datetime) -> bool:
        try:
            with anyio.fail_after(ANSWER_S):
                seen = await self._servers[name].place()
        except (SourceError, TimeoutError) as error:
            log.debug("server_unknown", source=name, detail=str(error))
            return False
        before = self.reports.get(name, ServerReport())
        promoted = is_another(before, seen)
        at = now if promoted else before.promoted_at
        self.reports[name] = seen.model_copy(update={"promoted_at": at})
        if promoted:
            log.warning(
                "server_promoted",
                source=name,
                timeline=seen.timeline,
                timeline_before=before.timeline,
                address=seen.address,
                address_before=before.address,
            )
        return promoted


def is_another(before: ServerReport, seen: ServerReport) -> bool:
    """Tell whether another server was promoted; by address only if no timeline is visible.

    A pool or a load balancer may show many addresses of one server.
    """
    if before.timeline is not None and seen.timeline is not None:
        return seen.timeline > before.timeline
    known = before.address is not None and seen.address is not None
    return before.timeline is seen.timeline is None and known and seen.address != before.address
