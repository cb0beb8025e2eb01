import pytest

from bench.figure import Bar, Figure, at_least, at_most, table


def figure(measured: float, floor: float | None = None, bar: Bar | None = None) -> Figure:
    return Figure(section="api", name="/livez", unit="1/s", measured=measured, floor=floor, bar=bar)


@pytest.mark.parametrize(
    ("measured", "floor", "bar", "reached"),
    [
        (20, 100, at_least(0.2), True),
        (19, 100, at_least(0.2), False),
        (2.5, 1, at_most(2.5, of="ratio"), True),
        (2.6, 1, at_most(2.5, of="ratio"), False),
        (120, None, at_most(120), True),
        (121, None, at_most(120), False),
        (1, None, at_most(2, of="ratio"), False),  # without a floor nothing is proved
        (1, 1, None, None),
    ],
)
def test_a_figure_reaches_its_bar_or_not(
    measured: float, floor: float | None, bar: Bar | None, *, reached: bool | None
) -> None:
    assert figure(measured, floor, bar).reached is reached


def test_the_table_shows_floor_ratio_bar_and_missed_bars() -> None:
    head, _, row = table([figure(19, 100, at_least(0.2))]).splitlines()

    assert " ".join(head.split()) == "section figure floor measured unit ratio bar reached"
    assert " ".join(row.split()) == "api /livez 100 19 1/s 0.19 at least 0.2 x NO"
