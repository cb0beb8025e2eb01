"""Alerts open, repeat and end as specified, in simulated time."""

from datetime import timedelta

import pytest

from schema.alerts import EventKind
from schema.findings import Finding, FindingCode, Severity
from service.alerts.policy import Policy
from tests.service.alerts.findings import (
    NOW,
    finding,
    not_written,
    refused,
    silent,
    starting,
    unproved,
    unreachable,
)
from tests.service.alerts.looking import Looking

OPENED, REMINDED, RESOLVED = EventKind.OPENED, EventKind.REMINDED, EventKind.RESOLVED
HOUR = 3600.0


def test_an_outage_opens_within_two_intervals_and_resolves_when_it_is_gone() -> None:
    looking = Looking()
    looking.looks(60)
    began = looking.at
    looking.looks(120, unreachable("postgres"))
    opened = looking.events[0].content

    assert looking.kinds() == [OPENED]
    assert timedelta(seconds=90) < opened.at - began <= timedelta(seconds=118)
    assert looking.looks(280) == []
    assert looking.looks(60) == [RESOLVED]
    assert looking.events[1].content.alert_id == opened.alert_id
    assert looking.events[1].content.ended is not None


def test_a_hanging_store_that_slows_each_look_opens_no_later() -> None:
    looking, took_s, step_s = Looking(Policy(interval_s=5.0)), 2.0, 2.1
    looking.looks(10)
    looking.look(unreachable("valkey"), took_s=took_s)
    began = looking.at
    while not looking.events:
        looking.look(unreachable("valkey"), step_s, took_s)

    after = looking.at + timedelta(seconds=took_s) - began
    assert timedelta(seconds=8) <= after < timedelta(seconds=8 + step_s)


def test_an_outage_of_one_interval_sends_no_alert() -> None:
    looking = Looking()
    looking.looks(60, unreachable("postgres"))
    looking.looks(600)

    assert looking.events == []


def test_a_store_that_can_be_read_again_before_its_next_write_alerts_only_once() -> None:
    looking = Looking()
    began = looking.at
    looking.looks(180, unreachable("postgres"))
    looking.looks(50, not_written("postgres", since=began))  # the next write is due only then
    looking.looks(360)

    assert looking.kinds() == [OPENED, RESOLVED]


def test_a_store_that_is_unwritten_at_first_and_then_unreadable_alerts_once_and_in_time() -> None:
    looking = Looking()
    began = looking.at
    looking.looks(50, not_written("s3", since=began))
    looking.looks(70, unreachable("s3"))

    assert looking.kinds() == [OPENED]
    assert looking.events[0].content.at - began <= timedelta(seconds=120)


def test_a_stale_stamp_counts_from_the_last_one_that_landed() -> None:
    looking = Looking()
    stamp = looking.at
    looking.looks(91)
    looking.looks(29, not_written("postgres", since=stamp))

    assert looking.kinds() == [OPENED]
    assert looking.events[0].content.began == stamp


def test_a_silent_worker_counts_from_its_last_stamp_too() -> None:
    looking = Looking()
    due = looking.at + timedelta(seconds=60)
    looking.looks(91)
    looking.looks(29, silent("postgres", "valkey", since=due))

    assert looking.kinds() == [OPENED]


def test_a_clock_step_neither_opens_nor_resolves_alerts() -> None:
    looking = Looking()
    looking.looks(60)
    looking.at += timedelta(hours=1)
    looking.look(silent("postgres", "valkey", since=NOW))
    looking.looks(5, silent("postgres", "valkey", since=NOW))
    looking.at -= timedelta(hours=1)
    looking.looks(60)
    assert looking.events == []

    looking.looks(120, unreachable("valkey"))
    looking.look([])
    looking.at += timedelta(hours=2)
    looking.look([])
    looking.at -= timedelta(hours=4)
    looking.look(unreachable("valkey"))
    looking.looks(60, unreachable("valkey"))

    assert looking.kinds() == [OPENED]


def test_a_flapping_error_alerts_once() -> None:
    looking = Looking()
    looking.looks(120, unreachable("valkey"))
    for _ in range(20):
        looking.looks(60)
        looking.looks(60, unreachable("valkey"))

    assert looking.kinds() == [OPENED]
    assert looking.looks(400) == [RESOLVED]


def test_an_error_in_three_of_four_looks_opens_an_alert() -> None:
    looking = Looking()
    seen = iter(range(10_000))
    looking.looks(240, lambda: unreachable("valkey") if next(seen) % 5 else [])

    assert looking.kinds() == [OPENED]


def test_an_error_in_every_other_look_opens_no_alert() -> None:
    looking = Looking()
    seen = iter(range(10_000))
    looking.looks(1000, lambda: unreachable("valkey") if next(seen) % 2 else [])

    assert looking.events == []


def test_stores_that_fail_together_cause_one_alert() -> None:
    looking = Looking()
    looking.looks(10, unreachable("postgres"))
    looking.looks(120, unreachable("postgres", "valkey"))

    assert looking.kinds() == [OPENED]
    assert looking.events[0].content.sources == ["postgres", "valkey"]


def test_a_second_store_that_fails_later_causes_its_own_alert() -> None:
    looking = Looking()
    looking.looks(200, unreachable("postgres"))
    looking.looks(200, unreachable("postgres", "valkey"))

    assert [event.content.sources for event in looking.events] == [["postgres"], ["valkey"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (not_written("secrets_manager"), unproved("secrets_manager")),
        (unreachable("secrets_manager"), unproved("secrets_manager")),
        (unproved(), unproved("secrets_manager")),
    ],
)
def test_aws_that_hangs_alerts_once_whether_the_store_or_the_identity_notices_first(
    first: list[Finding], second: list[Finding]
) -> None:
    looking = Looking()
    looking.looks(150, first)
    looking.looks(400, second)
    looking.looks(200, unreachable("secrets_manager"))  # the identity is confirmed again
    looking.looks(400)

    assert looking.kinds() == [OPENED, RESOLVED]
    opened, resolved = (event.content for event in looking.events)
    assert opened.alert_key == resolved.alert_key


@pytest.mark.parametrize(
    ("first", "second", "news"),
    [
        (unproved(), unproved("secrets_manager"), ["secrets_manager"]),
        (unproved("secrets_manager"), unproved("secrets_manager", "archive"), ["archive"]),
        (
            not_written("secrets_manager"),
            unproved("secrets_manager", "archive"),
            ["iam", "archive"],
        ),
    ],
)
def test_what_fails_with_aws_an_hour_after_its_alert_alerts_by_itself(
    first: list[Finding], second: list[Finding], news: list[str]
) -> None:
    looking = Looking()
    looking.looks(3600, first)
    looking.looks(200, second)

    assert looking.kinds() == [OPENED, OPENED]
    assert sorted(looking.events[1].content.sources) == sorted(news)


def test_a_store_that_fails_with_a_muted_identity_alerts_unless_it_is_muted_too() -> None:
    looking = Looking()
    looking.muted = frozenset({"iam"})
    looking.looks(150, unproved())
    looking.looks(300, unproved("secrets_manager"))

    assert [event.content.sources for event in looking.events] == [["secrets_manager"]]


def test_an_outage_of_all_stores_after_one_of_them_alerts_again() -> None:
    everything = ("postgres", "secrets_manager", "iam")
    looking = Looking()
    looking.looks(200, unreachable("postgres"))
    looking.looks(200, [finding(FindingCode.SOURCE_UNREACHABLE, *everything)])

    assert looking.kinds() == [OPENED, OPENED]


@pytest.mark.parametrize(
    ("child", "cause"),
    [
        (not_written("valkey"), silent("postgres", "valkey")),
        (not_written("valkey"), unreachable("valkey")),
        (unreachable("secrets_manager"), refused("secrets_manager")),
        (unreachable("valkey"), starting()),
        (unreachable("valkey"), starting("valkey")),
    ],
)
def test_a_finding_hidden_by_a_root_cause_is_not_resolved(
    child: list[Finding], cause: list[Finding]
) -> None:
    looking = Looking()
    looking.looks(200, child)
    looking.looks(2000, cause)

    assert RESOLVED not in looking.kinds()
    looking.looks(400)
    assert set(looking.kinds()) == {OPENED, RESOLVED}
    assert looking.kinds().count(OPENED) == looking.kinds().count(RESOLVED)


def test_an_unrelated_error_hides_no_finding() -> None:
    looking = Looking()
    looking.looks(200, unreachable("valkey"))
    looking.looks(400, unreachable("postgres"))

    assert looking.kinds() == [OPENED, OPENED, RESOLVED]


def test_it_reminds_every_four_hours_while_it_lasts() -> None:
    looking = Looking()
    looking.looks(12.5 * HOUR, unreachable("postgres"))

    assert looking.kinds() == [OPENED, REMINDED, REMINDED, REMINDED]
    assert len({event.content.id for event in looking.events}) == 4


def test_each_distance_of_reminders_has_its_own_clock() -> None:
    looking = Looking(Policy(interval_s=60.0, reminders_s=(1800.0, 7200.0)))
    looking.looks(2.1 * HOUR, unreachable("postgres"))

    assert [event.repeat_s for event in looking.events] == [None, 1800, 1800, 1800, 1800, 7200]


def test_a_restart_neither_repeats_nor_loses_events() -> None:
    looking = Looking()
    for _ in range(4):  # each before it could open
        looking.looks(40, unreachable("postgres"))
        looking.restart()
    assert looking.kinds() == [OPENED]

    for _ in range(4):
        looking.looks(100, starting())
        looking.restart()
        looking.looks(100, unreachable("postgres"))
    assert looking.kinds() == [OPENED]

    looking.restart()
    looking.looks(400)
    assert looking.kinds() == [OPENED, RESOLVED]


def test_two_instances_that_continue_alone_send_the_same_events() -> None:
    one, other = Looking(), Looking()
    one.looks(30, unreachable("postgres"))
    other.state, other.at = one.state, one.at + timedelta(seconds=3)
    for each in (one, other):
        each.looks(120, unreachable("postgres"))
        each.looks(400)

    assert [event.content.id for event in one.events] == [
        event.content.id for event in other.events
    ]
    assert one.events[0].content.alert_key == other.events[0].content.alert_key


def test_degraded_causes_no_alert_unless_configured() -> None:
    quota = [finding(FindingCode.QUOTA, "secrets_manager", severity=Severity.DEGRADED)]
    looking = Looking()
    looking.looks(10 * HOUR, quota)
    assert looking.events == []

    configured = Looking(Policy(interval_s=60.0, degraded_s=HOUR))
    configured.looks(0.9 * HOUR, quota)
    assert configured.events == []
    configured.looks(0.2 * HOUR, quota)
    assert configured.kinds() == [OPENED]
    assert configured.events[0].content.severity is Severity.DEGRADED


def test_an_escalation_is_sent_again_under_the_same_id() -> None:
    looking = Looking(Policy(interval_s=60.0, degraded_s=60.0))
    ends = finding(FindingCode.CREDENTIALS, "iam", severity=Severity.DEGRADED)
    looking.looks(200, [ends])
    looking.looks(200, refused("secrets_manager"))
    looking.looks(200, [ends])

    assert looking.kinds() == [OPENED, EventKind.ESCALATED]
    assert len({event.content.alert_id for event in looking.events}) == 1
    assert looking.looks(400) == [RESOLVED]
    assert looking.events[-1].content.severity is Severity.ERROR


def test_a_long_degradation_must_last_as_an_error_before_it_alerts() -> None:
    looking = Looking()
    looking.looks(HOUR, [finding(FindingCode.SCHEMA, "postgres", severity=Severity.DEGRADED)])

    assert looking.looks(60, [finding(FindingCode.SCHEMA, "postgres")]) == []
    assert looking.looks(60, [finding(FindingCode.SCHEMA, "postgres")]) == [OPENED]


def test_a_mute_suppresses_alerts_and_errors_that_remain_alert_when_it_ends() -> None:
    looking = Looking()
    looking.muted = None
    looking.looks(HOUR, unreachable("postgres"))
    assert looking.events == []
    assert [alert.muted for alert in looking.state.alerts] == [True]

    looking.muted = frozenset()
    assert looking.look(unreachable("postgres")) == [OPENED]


def test_an_error_that_ended_during_a_mute_is_never_sent() -> None:
    looking = Looking()
    looking.muted = None
    looking.looks(HOUR, unreachable("postgres"))
    looking.looks(HOUR)
    looking.muted = frozenset()
    looking.looks(HOUR)

    assert looking.events == []
    assert looking.state.alerts == ()


def test_an_alert_that_ends_during_a_mute_is_resolved_after_it() -> None:
    looking = Looking()
    looking.looks(200, unreachable("postgres"))
    looking.muted = frozenset({"postgres"})
    assert looking.looks(HOUR) == []
    looking.muted = frozenset()

    assert looking.look([]) == [RESOLVED]
    assert looking.looks(HOUR) == []


def test_an_alert_that_ends_and_returns_during_a_mute_sends_nothing() -> None:
    looking = Looking()
    looking.looks(200, unreachable("postgres"))
    looking.muted = None
    looking.looks(HOUR)
    looking.looks(HOUR, unreachable("postgres"))
    looking.muted = frozenset()

    assert looking.looks(60, unreachable("postgres")) == []


def test_a_mute_of_one_store_does_not_affect_the_others() -> None:
    looking = Looking()
    looking.muted = frozenset({"valkey"})
    looking.looks(300, unreachable("valkey"))
    assert looking.events == []

    looking.looks(300, unreachable("valkey", "postgres"))
    assert [event.content.sources for event in looking.events] == [["postgres"]]


def test_a_receiver_that_forgets_is_reminded_also_during_a_mute() -> None:
    looking = Looking(Policy(interval_s=60.0, refresh_s=900.0))
    looking.looks(200, unreachable("postgres"))
    looking.muted = None

    assert looking.looks(2000, unreachable("postgres")) == [EventKind.REFRESHED] * 2


def test_the_text_of_a_reminder_describes_the_current_error() -> None:
    looking = Looking(Policy(interval_s=60.0, reminders_s=(600.0,)))
    code = FindingCode.SOURCE_UNREACHABLE
    looking.looks(200, [finding(code, "valkey", title="Valkey cannot be read (timeout)")])
    looking.looks(600, [finding(code, "valkey", title="Valkey cannot be read (auth)")])

    assert [event.content.title for event in looking.events] == [
        "Valkey cannot be read (timeout)",
        "Valkey cannot be read (auth)",
    ]


def test_looks_are_frequent_until_every_event_is_sent_and_rare_otherwise() -> None:
    looking = Looking()
    looking.look([])
    assert not looking.tense
    looking.looks(200, unreachable("valkey"))
    looking.look([])
    assert looking.tense
    looking.looks(400)
    assert not looking.tense
