"""What PostgreSQL remembers: the history of every source, and its incidents."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import anyio
from sqlalchemy import Numeric, Row, String, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from schema.errors import ErrorWord
from schema.responses import History, Incidents
from schema.tables import Beat, Hour, table
from service.errors import SourceError
from service.history import listing, stamps
from service.history.counts import history
from service.history.spans import Grid, seconds
from service.history.tally import merged, tallies
from service.history.window import WORKER, Buckets, Window
from service.source import Source

READ_DEADLINE_S = 3.0  # a year takes a third of it where PostgreSQL is slow

_beats, _hours = table(Beat).c, table(Hour).c


class Past:
    """Reads the history of one author.

    Args:
        source: Where it is, None if PostgreSQL is not configured.
        name: `HEARTBEAT_NAME`.
        titles: The sources that a request without one means, by slug, in their order.
        interval_s: Seconds between slots, where no beat says so.
    """

    def __init__(
        self, source: Source | None, name: str, titles: Mapping[str, str], interval_s: float
    ) -> None:
        self.name = name
        self.titles = titles
        self.interval_s = interval_s
        self._source = source

    async def close(self) -> None:
        """Give the connections back; bounded in time."""
        if self._source is not None:
            await self._source.close()

    async def history(self, sources: Sequence[str], cut: Buckets, now: datetime) -> History:
        """What became of every slot.

        Slots before a source's first beat do not count, nor those whose beat may still come.

        Args:
            sources: Slugs.
            cut: The buckets.
            now: The server's clock.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        counted, (intervals,), (firsts,) = await self._read(
            _BY_HOURS if cut.hourly else _BY_BEATS,
            self._intervals_before(sources, cut),
            self._first_beats(sources),
            name=self.name,
            sources=list(sources),
            start=cut.start(0),
            end=cut.start(cut.count),
            width_us=cut.width // timedelta(microseconds=1),
            now=now,
        )
        before = dict(zip(sources, intervals, strict=True))
        rows: dict[str, dict[int, Row[Any]]] = {source: {} for source in sources}
        for row in counted:
            rows[row.source][row.span] = row
        histories = [
            history(
                source,
                self.titles[source],
                rows[source],
                cut,
                first=first,
                interval_s=before[source],
                now=now,
            )
            for source, first in zip(sources, firsts, strict=True)
        ]
        return History(
            start=cut.start(0),
            end=cut.start(cut.count),
            as_of=now,
            interval_seconds=self._newest_interval(counted, before),
            bucket_seconds=cut.width.total_seconds(),
            sources=histories,
        )

    async def incidents(
        self, sources: Sequence[str], asked: Window, now: datetime, limit: int
    ) -> Incidents:
        """The newest incidents that touch a window, and the longest.

        Args:
            sources: Slugs; `worker` means the spans in which nothing was recorded.
            asked: The window.
            now: The server's clock.
            limit: How many, at most a thousand; what is cut is counted.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        found = await self._read(
            *([listing.SILENCES] if WORKER in sources else []),
            listing.FAILURES,
            name=self.name,
            sources=list(sources),
            every=list(self.titles),
            start=asked.start,
            end=asked.end,
            now=now,
            most=limit + 1,
        )
        return listing.incidents(chain(*found), self.titles, asked, now, limit)

    async def beats(
        self, source: str, start: datetime, end: datetime, most: int
    ) -> Sequence[Row[Any]]:
        """The first single beats of a source in a span, oldest first.

        Args:
            source: Its slug.
            start: Included.
            end: Not included.
            most: How many at most.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        values = {"name": self.name, "source": source, "start": start, "end": end, "most": most}
        (rows,) = await self._read(stamps.PAGE, **values)
        return rows

    async def _read(self, *queries: Any, **values: object) -> list[Sequence[Row[Any]]]:
        if self._source is None or self._source.database is None:
            raise SourceError(ErrorWord.NOT_CONFIGURED)
        try:
            with anyio.fail_after(READ_DEADLINE_S):
                async with self._source.database.connection() as connection:
                    return [(await connection.execute(query, values)).all() for query in queries]
        except TimeoutError as error:
            raise SourceError(ErrorWord.TIMEOUT) from error

    def _intervals_before(self, sources: Sequence[str], cut: Buckets) -> Any:
        """The interval of each source's last beat before the first bucket; null without one."""
        start = cut.start(0)
        beats = select(_beats.interval_seconds).where(_beats.name == self.name, _beats.slot < start)
        last_beat = beats.order_by(_beats.slot.desc()).limit(1)
        hours = select(_hours.interval_seconds).where(_hours.name == self.name)
        last_hour = hours.where(_hours.hour <= start - timedelta(hours=1))
        last_hour = last_hour.order_by(_hours.hour.desc()).limit(1)
        return select(
            *(
                func.coalesce(
                    last_beat.where(_beats.source == source).scalar_subquery(),
                    last_hour.where(_hours.source == source).scalar_subquery(),
                )
                for source in sources
            )
        )

    def _first_beats(self, sources: Sequence[str]) -> Any:
        """The slot of each source's first beat, null without one; as far back as is kept."""
        beats = select(_beats.slot).where(_beats.name == self.name)
        beat = beats.order_by(_beats.slot).limit(1)
        began = _hours.hour + seconds(_hours.before * _hours.interval_seconds)
        hours = select(began).where(_hours.name == self.name, _hours.pruned)
        hour = hours.order_by(_hours.hour).limit(1)
        return select(
            *(
                func.least(
                    beat.where(_beats.source == source).scalar_subquery(),
                    hour.where(_hours.source == source).scalar_subquery(),
                )
                for source in sources
            )
        )

    def _newest_interval(
        self, counted: Sequence[Row[Any]], before: Mapping[str, float | None]
    ) -> float:
        newest = max(counted, key=lambda row: row.span, default=None)
        if newest is not None:
            return float(newest.interval_seconds)
        return next((each for each in before.values() if each is not None), self.interval_s)


def _history(*, hourly: bool) -> Any:  # Any: as the statements of sources.postgres
    """The statement that counts a window; it is long, so it is built once."""
    moment = _beats.slot.type
    grid = Grid(bindparam("start", type_=moment), bindparam("width_us", type_=Numeric()))
    begin, end = grid.start, bindparam("end", type_=moment)
    now = bindparam("now", type_=moment)
    rows, key = (_hours, _hours.hour) if hourly else (_beats, _beats.slot)
    asked = [
        rows.name == bindparam("name", type_=String()),
        rows.source == func.any(bindparam("sources", type_=ARRAY(String))),
    ]
    conditions = [*asked, key >= begin, key < end]
    return merged(grid, conditions, now) if hourly else tallies(grid, conditions, now, exact=True)


_BY_HOURS, _BY_BEATS = _history(hourly=True), _history(hourly=False)
