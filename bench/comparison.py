"""Figures of two revisions side by side, and the targets of this one."""

from pydantic import BaseModel

from bench.build import Build
from bench.numbers import median

SEVERAL = 2  # values that have a spread


class Target(BaseModel):
    """The target of a figure.

    Attributes:
        value: The bound: a multiple of the older revision's figure, unless it is `absolute`.
        at_least: Whether it is a lower bound.
        absolute: Whether the bound is one of this checkout's figure itself.
    """

    value: float
    at_least: bool = False
    absolute: bool = False


STATUS_RATE, STATUS_SHARE = (
    "API: /worker/status at 32 clients, 1/s",
    "API: /worker/status against its own /livez",
)
TARGETS = {
    "worker: start to first stamp in all stores, s": Target(value=0.6),
    "worker: RSS after 200 cycles, MB": Target(value=0.65),
    "worker: CPU per cycle, ms": Target(value=0.8),
    "worker: CPU per cycle, 10 sources against 3": Target(value=2.5, absolute=True),
    "API: start to first 200, s": Target(value=0.6),
    "API: RSS after all addresses, MB": Target(value=0.75),
    STATUS_RATE: Target(value=1.5, at_least=True),
    STATUS_SHARE: Target(value=0.8, at_least=True, absolute=True),
    "API: /history of a year, uncached, s": Target(value=0.3),
    "API: /history of a year against 30 days": Target(value=2.0, absolute=True),
    "page: first load, kB": Target(value=45, absolute=True),
    "page: first load, requests": Target(value=12, absolute=True),
    "image: above its base, MB": Target(value=100, absolute=True),
    "history: beats missing, 50 sources x 1 s": Target(value=0, absolute=True),
    "history: lateness p99, 50 sources x 1 s, ms": Target(value=50, absolute=True),
}


class Comparison(BaseModel):
    """One figure of both revisions.

    Attributes:
        name: What was measured, and its unit.
        old: Of each round, the older revision's; empty where only this checkout was measured.
        new: The same of this checkout.
    """

    name: str
    old: list[float] = []
    new: list[float]

    @property
    def ratio(self) -> float | None:
        """This checkout's median as a multiple of the older one's, None without one."""
        return median(self.new) / median(self.old) if self.old and median(self.old) else None

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached, None without one."""
        target = TARGETS.get(self.name)
        if target is None:
            return None
        value = median(self.new) if target.absolute else self.ratio
        if value is None:
            return False  # nothing is proved
        return value >= target.value if target.at_least else value <= target.value


def table(comparisons: list[Comparison], old: Build) -> str:
    """Format all figures: medians, spread, ratio, target."""
    head = f"{'figure':48} {old.name:>20} {'this checkout':>20} {'ratio':>7} {'target':>8}"
    return "\n".join([head, "-" * len(head), *(_row(each) for each in comparisons)])


def _row(found: Comparison) -> str:
    target = TARGETS.get(found.name)
    wanted = f"{'>=' if target.at_least else '<='} {target.value:g}" if target else ""
    wanted += " x" if target and not target.absolute else ""
    ratio = "" if found.ratio is None else f"{found.ratio:.2f}"
    reached = {None: "", True: "yes", False: "NO"}[found.reached]
    columns = f"{_spread(found.old):>20} {_spread(found.new):>20} {ratio:>7} {wanted:>8}"
    return f"{found.name:48} {columns} {reached}".rstrip()


def _spread(values: list[float]) -> str:
    if len(values) < SEVERAL:
        return "".join(f"{value:.4g}" for value in values)
    return f"{median(values):.4g} ({min(values):.3g}-{max(values):.3g})"
