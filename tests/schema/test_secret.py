import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.heartbeat import Heartbeat, SourceReport, WorkerReport
from schema.secret import DESCRIPTION_LIMIT, Description, merged_value, stamp_in_value

NOW = datetime(2026, 11, 24, 22, 0, 0, 123456, tzinfo=UTC)
BEAT = Heartbeat(name="worker", timestamp=NOW, interval_seconds=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def report(sources: int) -> WorkerReport:
    each = SourceReport(last_result="ok", attempts=1, latency_ms=12.345, last_success=NOW)
    return WorkerReport(
        id="host-1-abcdef",
        version="1",
        started_at=NOW,
        interval_seconds=60,
        next_due=NOW,
        sources={f"source_{number}": each for number in range(sources)},
    )


@given(st.dictionaries(st.text(), values))
def test_every_key_of_a_json_object_is_kept(keys: dict[str, object]) -> None:
    merged = json.loads(merged_value(json.dumps(keys), BEAT))

    ours = {"updated_at": "2026-11-24T22:00:00.123456+00:00", "updated_by": "worker"}
    assert merged == {**keys, **ours}


@pytest.mark.parametrize(
    ("value", "kept"), [("hunter2", "hunter2"), ("[1, 2]", [1, 2]), ("7", 7), ("", "")]
)
def test_a_value_that_is_no_object_is_kept_under_value(value: str, kept: object) -> None:
    assert json.loads(merged_value(value, BEAT))["value"] == kept


def test_the_stamp_in_a_value_is_read_back() -> None:
    assert stamp_in_value(merged_value("{}", BEAT)) == NOW


@pytest.mark.parametrize(
    "value", ["", "text", "[]", "{}", '{"updated_at": 7}', '{"updated_at": "soon"}']
)
def test_a_value_without_a_valid_stamp_has_none(value: str) -> None:
    assert stamp_in_value(value) is None


def test_a_description_is_read_back_with_its_report_and_a_persons_own_note() -> None:
    beat = BEAT.model_copy(update={"report": report(3)})

    found = Description.from_text(Description.of(beat, "the app's secret").to_text())

    assert found is not None
    assert (found.updated_at, found.updated_by, found.note) == (NOW, "worker", "the app's secret")
    assert found.report == beat.report


def test_a_persons_own_description_is_not_ours() -> None:
    assert Description.from_text("the app's secret") is None


@pytest.mark.parametrize("sources", [0, 3, 10, 100])
def test_a_description_fits_whatever_it_reports(sources: int) -> None:
    beat = BEAT.model_copy(update={"report": report(sources)})

    text = Description.of(beat, "note " * 200).to_text()

    assert len(text) <= DESCRIPTION_LIMIT
    found = Description.from_text(text)
    assert found is not None
    assert found.note == "note " * 200


def test_a_note_that_leaves_no_room_is_refused_with_the_remedy() -> None:
    with pytest.raises(ValueError, match="cut it to 1,800 characters"):
        Description.of(BEAT, "x" * 2000).to_text()
