from dataclasses import replace
from datetime import timedelta

import pytest

from service.observation import Observation
from service.verdict.lifetime import FAILED_S, WATCH_S, Lifetime
from tests.fakes import NOW


@pytest.mark.parametrize(
    ("age_s", "lifetime_s", "serves_s"),
    [
        (0, 20, 20),  # the next stamp is far
        (50, 20, 10 + WATCH_S),  # looked for as soon as it can be there
        (61, 20, WATCH_S),  # due and not seen: every second
        (119, 20, WATCH_S),
        (121, 20, 20),  # a dead worker does not cause further readings
        (0, 1, 1),
    ],
)
def test_a_reading_is_used_until_the_next_stamp_is_due(
    age_s: float, lifetime_s: float, serves_s: float
) -> None:
    found = Observation(stamp=NOW - timedelta(seconds=age_s), interval_s=60.0)
    lifetime = Lifetime(lifetime_s)

    assert lifetime.serves_s(replace(found, interval_s=None), NOW) == lifetime_s
    assert lifetime.serves_s(found, NOW) == pytest.approx(serves_s)
    assert lifetime.serves_s(replace(found, reachable=False), NOW) == min(lifetime_s, FAILED_S)


@pytest.mark.parametrize(("after_s", "serves_s"), [(30, WATCH_S), (120, WATCH_S), (121, 20)])
def test_a_replaced_stamp_is_read_often_until_the_next_one_is_due(
    after_s: float, serves_s: float
) -> None:
    lifetime = Lifetime(20)
    lifetime.serves_s(Observation(stamp=NOW, interval_s=60.0), NOW)

    for lost in (Observation(), Observation(stamp=NOW)):
        assert lifetime.serves_s(lost, NOW + timedelta(seconds=after_s)) == serves_s
