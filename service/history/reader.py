"""Read history and incidents of every source from PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

import anyio

from schema.errors import ErrorWord
from schema.history import WORKER
from schema.incidents import Incidents
from schema.uptime import History
from service.errors import SourceError
from service.history import listing
from service.history.counts import history
from service.history.window import Buckets, Window
from service.source import Row, Source
from service.sql import history as sql
from service.sql.statement import Statement

READ_DEADLINE_S = 3.0  # a year takes a third of it on a slow PostgreSQL


class HistoryReader:
    """Reads the history of one name.

    Args:
        source: The source that keeps it, None if PostgreSQL is not configured.
        name: `HEARTBEAT_NAME`.
        titles: The titles of the default sources, by slug, in order.
        interval_s: Seconds between slots, if no beat has its own.
    """

    def __init__(
        self, source: Source | None, name: str, titles: Mapping[str, str], interval_s: float
    ) -> None:
        self.name = name
        self.titles = titles
        self.interval_s = interval_s
        self._source = source

    async def close(self) -> None:
        """Close the connections, in bounded time."""
        if self._source is not None:
            await self._source.close()

    async def history(self, sources: Sequence[str], cut: Buckets, now: datetime) -> History:
        """Return the results of all slots.

        Slots before a source's first beat do not count, nor those whose beat may still arrive.

        Args:
            sources: Slugs.
            cut: The buckets.
            now: The server's clock.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        counted, found = await self._read(
            sql.BY_HOURS if cut.hourly else sql.BY_BEATS,
            sql.BEFORE,
            name=self.name,
            sources=list(sources),
            start=cut.start(0),
            end=cut.start(cut.count),
            width_us=cut.width // timedelta(microseconds=1),
            now=now,
        )
        before = {row.source: row for row in found}
        rows: dict[str, dict[int, Row]] = {source: {} for source in sources}
        for row in counted:
            rows[row.source][row.span] = row
        histories = [
            history(
                source,
                self.titles[source],
                rows[source],
                cut,
                first=before[source].first,
                interval_s=before[source].interval_s,
                now=now,
            )
            for source in sources
        ]
        return History(
            start=cut.start(0),
            end=cut.start(cut.count),
            as_of=now,
            interval_seconds=self._newest_interval(counted, found),
            bucket_seconds=cut.width.total_seconds(),
            sources=histories,
        )

    async def incidents(
        self, sources: Sequence[str], window: Window, now: datetime, limit: int
    ) -> Incidents:
        """Return the newest incidents that overlap a window, and the longest.

        Args:
            sources: Slugs; `worker` selects the spans without records.
            window: The window.
            now: The server's clock.
            limit: How many, at most a thousand; all are counted.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        found = await self._read(
            *([sql.SILENCES] if WORKER in sources else []),
            sql.FAILURES,
            name=self.name,
            sources=list(sources),
            every=list(self.titles),
            start=window.start,
            end=window.end,
            now=now,
            most=limit + 1,
        )
        return listing.incidents(chain(*found), self.titles, window, now, limit)

    async def beats(self, source: str, start: datetime, end: datetime, most: int) -> Sequence[Row]:
        """Return a source's first beats in a span, oldest first.

        Args:
            source: Its slug.
            start: Inclusive.
            end: Exclusive.
            most: How many at most.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        values = {"name": self.name, "source": source, "start": start, "end": end, "most": most}
        (rows,) = await self._read(sql.PAGE, **values)
        return rows

    async def _read(self, *queries: Statement, **values: object) -> list[Sequence[Row]]:
        if self._source is None or self._source.database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        try:
            with anyio.fail_after(READ_DEADLINE_S):
                async with self._source.database.connection() as connection:
                    return [await connection.rows(query, **values) for query in queries]
        except TimeoutError as error:
            raise SourceError(ErrorWord.TIMEOUT) from error

    def _newest_interval(self, counted: Sequence[Row], before: Sequence[Row]) -> float:
        newest = max(counted, key=lambda row: row.span, default=None)
        if newest is not None:
            return float(newest.interval_seconds)
        known = (row.interval_s for row in before if row.interval_s is not None)
        return next(known, self.interval_s)
