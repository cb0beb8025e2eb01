import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schema.errors import ErrorWord
from schema.history import LATENCY_BOUNDS_MS, LATENCY_BUCKETS, RECORD_JSON, percentile
from tests.service.history_data import beat


def histogram(latencies: list[float]) -> list[int]:
    counts = [0] * LATENCY_BUCKETS
    for latency in latencies:
        counts[sum(bound <= latency for bound in LATENCY_BOUNDS_MS)] += 1
    return counts


def test_the_bounds_never_change_since_stored_histograms_depend_on_them() -> None:
    assert LATENCY_BUCKETS == 38
    assert LATENCY_BOUNDS_MS[:4] == (0.1, 0.141, 0.2, 0.283)
    assert LATENCY_BOUNDS_MS[-1] == 26214.4


def test_an_empty_histogram_has_no_percentile() -> None:
    assert percentile([0] * LATENCY_BUCKETS, 0.5) is None


@given(st.lists(st.floats(0.1, 26_000), min_size=1, max_size=50), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_off_by_a_fifth_at_most(latencies: list[float], fraction: float) -> None:
    exact = sorted(latencies)[math.ceil(fraction * len(latencies)) - 1]

    found = percentile(histogram(latencies), fraction)

    assert found == pytest.approx(exact, rel=0.2)


def test_a_value_beyond_the_bounds_counts_as_the_bound() -> None:
    assert percentile(histogram([0.0]), 0.5) == pytest.approx(LATENCY_BOUNDS_MS[0])
    assert percentile(histogram([1e9]), 0.5) == pytest.approx(LATENCY_BOUNDS_MS[-1])


def test_merged_histograms_are_those_of_all() -> None:
    both = [a + b for a, b in zip(histogram([1.0, 2.0]), histogram([4.0]), strict=True)]

    assert both == histogram([1.0, 2.0, 4.0])


def test_a_record_survives_json_unchanged() -> None:
    record = beat(3, ErrorWord.READ_ONLY, latency_ms=1.25)

    assert RECORD_JSON.validate_json(RECORD_JSON.dump_json(record)) == record


@pytest.mark.parametrize(
    "change",
    [
        '"source":""',
        '"interval_seconds":0',
        '"interval_seconds":NaN',
        '"slot":"2026-11-24T10:00:00"',
        '"error":"oops"',
    ],
)
def test_an_impossible_record_is_refused(change: str) -> None:
    text = RECORD_JSON.dump_json(beat(0)).decode()

    with pytest.raises(ValidationError):
        RECORD_JSON.validate_json(text.removesuffix("}") + f",{change}}}")
