"""What PostgreSQL remembers: the history of every source, and its incidents."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import anyio
from sqlalchemy import Numeric, Row, String, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from schema.errors import ErrorWord
from schema.responses import History, Incident, Incidents
from schema.tables import Beat, Hour, table
from schema.tables import Incident as IncidentRow
from service.errors import SourceError
from service.history.counts import buckets, summed
from service.history.spans import Grid
from service.history.tally import merged, tallies
from service.history.window import Buckets, Window
from service.source import Source

READ_DEADLINE_S = 3.0  # a year takes a third of it where PostgreSQL is slow
INCIDENTS_LIMIT = 1000  # the newest of a window

_beats, _hours, _incidents = table(Beat).c, table(Hour).c, table(IncidentRow).c


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
        counted, (intervals,) = await self._read(
            _BY_HOURS if cut.hourly else _BY_BEATS,
            self._intervals_before(sources, cut),
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
            summed(source, self.titles[source], buckets(rows[source], cut, before[source], now))
            for source in sources
        ]
        return History(
            start=cut.start(0),
            end=cut.start(cut.count),
            interval_seconds=self._newest_interval(counted, before),
            bucket_seconds=cut.width.total_seconds(),
            sources=histories,
        )

    async def incidents(self, sources: Sequence[str], asked: Window) -> Incidents:
        """The newest incidents that touch a window, at most a thousand.

        Args:
            sources: Slugs.
            asked: The window.

        Raises:
            SourceError: PostgreSQL cannot be read.
        """
        query = (
            select(*_incidents)
            .where(_incidents.name == self.name, _incidents.source.in_(sources))
            .where(_incidents.began < asked.end)
            .where(or_(_incidents.ended.is_(None), _incidents.ended > asked.start))
            .order_by(_incidents.began.desc(), _incidents.source)
            .limit(INCIDENTS_LIMIT)
        )
        (rows,) = await self._read(query)
        told = [
            Incident(
                source=row.source,
                title=self.titles[row.source],
                start=row.began,
                end=row.ended,
                error=ErrorWord(row.error),
                beats_missed=row.missed,
            )
            for row in rows
        ]
        return Incidents(start=asked.start, end=asked.end, incidents=told)

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
