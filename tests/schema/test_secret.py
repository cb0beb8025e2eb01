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
    max_leaves=10,
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
def test_a_value_that_is_not_an_object_is_kept_under_the_key_value(
    value: str, kept: object
) -> None:
    assert json.loads(merged_value(value, BEAT))["value"] == kept


@pytest.mark.parametrize(
    "value",
    [
        '{"rate":1.10,"limit":1e400,"neg":-0}',
        '{"a": 1, "a": 2}',
        '{"a": "\\ud800"}',
        '{ "b" : [ 1.0, {"c" :null} ] , "a":"\\u00e9" }\n',
        "{}",
        ' {"n": 12345678901234567890123456789012345678901234567890.00}',
    ],
)
def test_every_byte_outside_heartbeats_keys_stays(value: str) -> None:
    merged = merged_value(value, BEAT)

    ours = '"updated_at": "2026-11-24T22:00:00.123456+00:00", "updated_by": "worker"'
    assert merged in {value.replace("}", ours + "}", 1), _before_last_brace(value, f", {ours}")}
    later = BEAT.model_copy(update={"timestamp": NOW.replace(year=2027)})
    assert merged_value(merged, later) == merged.replace("2026-", "2027-")


def _before_last_brace(text: str, added: str) -> str:
    end = len(text[: text.rindex("}")].rstrip())
    return text[:end] + added + text[end:]


tokens = st.sampled_from(
    ["1.10", "-0", "1e400", "true", "null", '"x"', '"\\ud800"', "[1.0, {}]", "{}"]
)
spaces = st.text(" \t\n\r", max_size=2)
members = st.lists(
    st.tuples(st.text(max_size=3), tokens, spaces, spaces, spaces, spaces), max_size=6
)


@given(members, spaces, spaces)
def test_without_heartbeats_keys_a_value_is_the_same_text(
    parts: list[tuple[str, str, str, str, str, str]], before: str, after: str
) -> None:
    inner = ",".join(f"{a}{json.dumps(key)}{b}:{c}{text}{d}" for key, text, a, b, c, d in parts)
    value = f"{before}{{{inner}}}{after}"

    merged = merged_value(value, BEAT)

    ours = '"updated_at": "2026-11-24T22:00:00.123456+00:00", "updated_by": "worker"'
    assert merged.count(ours) == 1
    assert merged.replace(f", {ours}" if parts else ours, "") == value
    assert stamp_in_value(merged) == NOW


def test_a_repeated_stamp_is_written_once() -> None:
    value = '{"updated_at": 1, "a": 2, "updated_at": 3, "updated_by": 4, "updated_by": 5}'

    merged = merged_value(value, BEAT)

    expected = '{"updated_at": "2026-11-24T22:00:00.123456+00:00", "a": 2, "updated_by": "worker"}'
    assert merged == expected


@pytest.mark.parametrize(
    "value",
    [
        '{"a": NaN}',
        '{"a": Infinity}',
        "{'a': 1}",
        '{"a": 1',
        '{"a": 1} x',
        '{"a": 01}',
        '{"a" 1}',
        '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '\ufeff{"a": 1}',
    ],
)
def test_a_damaged_object_is_refused_and_not_changed(value: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|delimiter|value"):
        merged_value(value, BEAT)
    assert stamp_in_value(value) is None


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


def test_a_persons_own_description_is_not_heartbeats() -> None:
    assert Description.from_text("the app's secret") is None


@pytest.mark.parametrize("sources", [0, 3, 10, 100])
def test_a_description_fits_whatever_it_reports(sources: int) -> None:
    beat = BEAT.model_copy(update={"report": report(sources)})

    text = Description.of(beat, "note " * 200).to_text()

    assert len(text) <= DESCRIPTION_LIMIT
    found = Description.from_text(text)
    assert found is not None
    assert found.note == "note " * 200


def test_a_note_that_leaves_no_room_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValueError, match="cut it to 1,800 characters"):
        Description.of(BEAT, "x" * 2000).to_text()
