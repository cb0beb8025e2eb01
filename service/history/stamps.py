"""Read every beat of a window, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from service.history.window import Window
from service.source import Row

PAGE_ROWS = 1000  # a page blocks the event loop for a few milliseconds

Page = Callable[[str, datetime, datetime, int], Awaitable[Sequence[Row]]]
"""Reads a source's first beats from a start (inclusive) to an end (exclusive), oldest first."""


async def pages(
    read: Page, sources: Sequence[str], window: Window, rows: int = PAGE_ROWS
) -> AsyncIterator[Sequence[Row]]:
    """Yield the beats of each source in turn, oldest first; between pages no connection is used.

    Args:
        read: Reads one page.
        sources: Slugs.
        window: The window of the slots.
        rows: The most beats of a page.

    Raises:
        SourceError: PostgreSQL cannot be read.
    """
    for source in sources:
        start = window.start
        while page := await read(source, start, window.end, rows):
            yield page
            if len(page) < rows:
                break
            start = page[-1].slot + timedelta.resolution  # as fine as PostgreSQL's own
