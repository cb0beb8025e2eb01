"""Figures with their floors and bars, and their table."""

from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, computed_field


class Bar(BaseModel):
    """The limit that a figure must reach.

    Attributes:
        limit: The number.
        kind: On which side of it the figure must lie.
        of: Whether the ratio to the floor counts, or the figure itself.
    """

    limit: float
    kind: Literal["at least", "at most"]
    of: Literal["ratio", "measured"]


class Figure(BaseModel):
    """One measurement.

    Attributes:
        section: The section that measured it.
        name: Its name.
        unit: Of `measured` and `floor`.
        measured: The figure.
        floor: The figure of the least code that could do the job, in the same run; None without
            one.
        bar: Its limit; None if it is only reported.
    """

    section: str
    name: str
    unit: str
    measured: float
    floor: float | None = None
    bar: Bar | None = None

    @computed_field  # type: ignore[prop-decorator] # pydantic's documented way
    @property
    def ratio(self) -> float | None:
        """The figure as a multiple of its floor."""
        return self.measured / self.floor if self.floor else None

    @computed_field  # type: ignore[prop-decorator] # as above
    @property
    def reached(self) -> bool | None:
        """Whether it reaches its bar, None without one."""
        if self.bar is None:
            return None
        value = self.ratio if self.bar.of == "ratio" else self.measured
        if value is None:
            return False
        return value >= self.bar.limit if self.bar.kind == "at least" else value <= self.bar.limit


def at_least(limit: float, of: Literal["ratio", "measured"] = "ratio") -> Bar:
    """Return a bar that a figure must not be under."""
    return Bar(limit=limit, kind="at least", of=of)


def at_most(limit: float, of: Literal["ratio", "measured"] = "measured") -> Bar:
    """Return a bar that a figure must not be over."""
    return Bar(limit=limit, kind="at most", of=of)


HEAD = ("section", "figure", "floor", "measured", "unit", "ratio", "bar", "reached")


def table(figures: Iterable[Figure]) -> str:
    """Format all figures as a table."""
    rows = [HEAD, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(_cells(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    numbers = {"floor", "measured", "ratio"}
    pairs = zip(HEAD, row, widths, strict=True)
    return [
        cell.rjust(width) if head in numbers else cell.ljust(width) for head, cell, width in pairs
    ]


def _row(figure: Figure) -> tuple[str, ...]:
    bar = figure.bar
    bound = f"{bar.kind} {bar.limit:g}{' x' if bar.of == 'ratio' else ''}" if bar else ""
    reached = {None: "", True: "yes", False: "NO"}[figure.reached]
    floor, ratio = _number(figure.floor), _number(figure.ratio)
    return (
        figure.section,
        figure.name,
        floor,
        _number(figure.measured),
        figure.unit,
        ratio,
        bound,
        reached,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
