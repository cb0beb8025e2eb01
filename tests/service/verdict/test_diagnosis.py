"""The diagnosis of each situation, and properties of all of them."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.errors import Cause, ErrorWord
from schema.findings import Finding, FindingCode, Severity
from schema.freshness import Freshness
from schema.heartbeat import Refusal
from schema.status import Diagnosis, DiagnosisCode, Overall
from service.observation import Replacement
from service.remedies import AWS_REMEDIES, CAUSES, REFUSALS, REMEDIES
from service.verdict.diagnosis import conclude, diagnose, overall
from service.verdict.readings import OWN_NETWORK
from service.verdict.situation import IdentityView, Situation, SourceView, is_starting
from service.verdict.writes import MIGRATE, READ_THE_LOG, TWO_WORKERS
from tests.docs.pages import Page
from tests.fakes import NOW
from tests.service.verdict.situations import (
    FAILING,
    IAM,
    LONG_AGO,
    PG,
    SITUATIONS,
    SM,
    STAMP,
    VK,
    WATCHING,
    E,
    behind,
    lost,
    missing,
    old,
    seen,
    stale,
    unread,
)

CHECK = "Check that the worker runs, and read its log."
RUNBOOK = Page("docs/runbook.md")


def said_of(name: str) -> Diagnosis:
    return diagnose(SITUATIONS[name][0])


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_has_its_findings(name: str) -> None:
    situation, verdict, expected = SITUATIONS[name]

    result = diagnose(situation)

    assert [(each.code, each.sources, each.title) for each in result.findings] == expected
    assert overall(result) == Overall(verdict)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_finding_reads_like_plain_english(name: str) -> None:
    for finding in said_of(name).findings:
        assert finding.title[0].isupper()
        assert not finding.title.endswith(".")
        assert finding.remedy is not None
        assert finding.remedy[0].isupper() or "; " in finding.remedy
        assert finding.remedy.endswith(".")
        assert "  " not in finding.title + finding.remedy
        assert "None" not in finding.title + finding.remedy


@pytest.mark.parametrize("name", SITUATIONS)
def test_the_runbook_has_a_section_for_every_finding(name: str) -> None:
    assert {finding.runbook for finding in said_of(name).findings} <= RUNBOOK.anchors()


def test_the_code_of_a_diagnosis_is_healthy_or_that_of_its_first_finding() -> None:
    assert {code.value for code in DiagnosisCode} == {"healthy", *FindingCode}


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("nothing read yet", "Wait some seconds for the readings in flight."),
        (
            "one answers, the others not yet",
            "Wait some seconds for the readings in flight.",
        ),
        ("empty stores, just started", "Wait for the worker's first cycle."),
        ("all stale", CHECK),
        ("everything away", OWN_NETWORK),
        ("everything away in two ways of the network", OWN_NETWORK),
        ("everything away and alike, and not by the network", REMEDIES[E.AUTH]),
        (
            "everything away for different reasons",
            "PostgreSQL: check whether it is overloaded, and whether a firewall or the network "
            "drops packets; Valkey: compare user and password with the cluster's; AWS Secrets "
            "Manager: grant the user or role the right that it lacks.",
        ),
        (
            "everything away, two alike",
            "PostgreSQL and Valkey: compare user and password with the cluster's; AWS Secrets "
            "Manager: create or restore the database, table or secret that is missing.",
        ),
        (
            "everything away, and the identity refused",
            "PostgreSQL and Valkey: check whether it is overloaded, and whether a firewall or the "
            "network drops packets; AWS identity: deploy certificate and trust anchor together: "
            "the anchor does not hold the CA of this certificate.",
        ),
        ("postgres refuses the password", REMEDIES[E.AUTH]),
        ("postgres not written, no word why", READ_THE_LOG),
        ("postgres not written, the worker says why", REMEDIES[E.FULL]),
        ("postgres turned read-only", REMEDIES[E.READ_ONLY]),
        ("the schema is behind but works", MIGRATE),
        ("the value may not be written", REMEDIES[E.PERMISSION]),
        ("the value is overdue", READ_THE_LOG),
        ("the certificate is refused", REFUSALS[Refusal.UNTRUSTED_CA]),
        ("our clock is wrong for STS alone", REFUSALS[Refusal.CLOCK_SKEW]),
        ("a refusal of no known kind", REFUSALS[Refusal.OTHER]),
        ("STS does not answer", AWS_REMEDIES[E.TIMEOUT]),
        ("the certificate ends in 20 days", "Run `pulumi up`, which renews it before that day."),
        ("the certificate has ended", "Run `pulumi up`, which renews it."),
        (
            "the credentials are not renewed",
            "Check whether this app can reach IAM Roles Anywhere.",
        ),
        ("stamps of different cycles for too long", TWO_WORKERS),
        ("the last write missed a store, and the worker says why", REMEDIES[E.TIMEOUT]),
    ],
)
def test_the_worst_finding_has_a_remedy(name: str, remedy: str) -> None:
    assert said_of(name).findings[0].remedy == remedy


@pytest.mark.parametrize(
    ("identity", "title"),
    [
        (
            replace(FAILING, certificate_expiry=NOW + timedelta(seconds=1)),
            "certificate ends on 2026-11-24",
        ),
        (replace(FAILING, certificate_expiry=NOW), "certificate ended on 2026-11-24"),
        (
            replace(FAILING, credentials_expiry=NOW + timedelta(seconds=1)),
            "credentials end at 22:00:01 UTC",
        ),
        (replace(FAILING, credentials_expiry=NOW), "credentials ended at 22:00:00 UTC"),
    ],
)
def test_a_later_end_cancels_a_shorter_one(identity: IdentityView, title: str) -> None:
    result = diagnose(seen(PG, iam=identity))

    assert title in result.findings[0].title


def test_a_finding_without_a_remedy_has_its_title_in_the_message() -> None:
    found = said_of("both databases away").findings
    bare = [each.model_copy(update={"remedy": None}) for each in found]

    result = conclude(bare).message

    assert result == "PostgreSQL cannot be read (timeout). Also: Valkey cannot be read (timeout)."


def test_the_identity_has_the_remedy_of_its_word_where_aws_needs_none_of_its_own() -> None:
    result = diagnose(seen(PG, iam=replace(IAM, error=E.FAILED)))

    assert result.findings[0].remedy == REMEDIES[E.FAILED]


def test_a_sources_own_remedy_precedes_that_of_the_word() -> None:
    orders = replace(PG, title="Orders", remedies={E.TLS: "Set ORDERS_CA.", E.FULL: "Buy a disk."})
    words = [lost(orders, E.TLS), stale(orders, last_result=E.FULL)]
    words.append(replace(orders, warning=E.FULL))

    remedies = [diagnose(seen(source, VK)).findings[0].remedy for source in words]

    assert remedies == ["Set ORDERS_CA.", "Buy a disk.", "Buy a disk."]


def test_the_cause_behind_a_word_chooses_the_remedy() -> None:
    host = replace(lost(PG, E.TLS), cause=Cause.WRONG_HOST)
    own = replace(host, remedies={Cause.WRONG_HOST: "Set ORDERS_HOST.", E.TLS: "Set ORDERS_CA."})
    other = replace(PG, last_result=E.PERMISSION, cause=Cause.SCHEMA_USAGE, warning=E.QUOTA)

    remedies = [diagnose(seen(source, VK)).findings[0].remedy for source in (host, own, other)]

    assert remedies == [CAUSES[Cause.WRONG_HOST], "Set ORDERS_HOST.", REMEDIES[E.QUOTA]]


def test_missing_tables_and_columns_are_named() -> None:
    lacking = replace(PG, schema_behind=True, schema_missing=("heartbeat_beats", "heartbeat_hours"))

    (finding,) = diagnose(seen(lacking, VK)).findings

    assert finding.title == "PostgreSQL lacks heartbeat_beats, heartbeat_hours"
    assert (finding.severity, finding.remedy) == ("degraded", MIGRATE)


def test_the_remedy_of_a_missing_column_tells_how_to_restore_it() -> None:
    lacking = replace(PG, schema_behind=True, schema_missing=("heartbeat_beats.attempts",))

    (finding,) = diagnose(seen(lacking, VK)).findings

    assert finding.title == "PostgreSQL lacks heartbeat_beats.attempts"
    assert finding.remedy == CAUSES[Cause.COLUMN_MISSING]


@pytest.mark.parametrize(
    ("name", "anchor"),
    [
        ("nothing read yet", "starting"),
        ("everything away", "no-store-can-be-read"),
        ("postgres times out", "source_unreachable"),
        ("STS does not answer", "source_unreachable"),
        ("all stale", "worker_silent"),
        ("valkey never written", "source_not_written"),
        ("the description's quota", "quota"),
        ("the value's quota", "value-not-written"),
        ("the value is overdue", "value-not-written"),
        ("the schema is behind but works", "schema"),
        ("the certificate is refused", "refusals"),
        ("the certificate ends in 3 days", "certificate"),
        ("the credentials are not renewed", "credentials"),
        ("stamps of different cycles for too long", "out_of_step"),
        ("a replica that is behind", "replica_behind"),
    ],
)
def test_a_finding_links_to_its_section_of_the_runbook(name: str, anchor: str) -> None:
    assert said_of(name).findings[0].runbook == anchor


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("all fresh and in step", "Every store was written in the last cycle and reads back."),
        ("all stale", f"The worker has not written to any store since 21:50:00 UTC: c{CHECK[1:]}"),
        (
            "both databases away",  # the same remedy appears once
            "PostgreSQL cannot be read (timeout): check whether it is overloaded, and whether a "
            "firewall or the network drops packets. Also: Valkey cannot be read (timeout).",
        ),
        (
            "two not written for different reasons",
            "PostgreSQL is not written (full): free space on its disk or in its memory, or resize "
            "it. Also: Valkey is not written (auth): compare user and password with the cluster's.",
        ),
    ],
)
def test_the_message_has_a_sentence_for_every_finding(name: str, message: str) -> None:
    assert said_of(name).message == message


def test_the_diagnosis_summarizes_all_findings_of_the_worst_kind() -> None:
    result = diagnose(seen(lost(PG, failing_since=NOW), lost(VK), stale(SM)))

    assert result.code == "source_unreachable"
    assert result.sources == ["postgres", "valkey"]
    assert result.since == LONG_AGO
    assert [each.since for each in result.findings] == [NOW, LONG_AGO, LONG_AGO]


@pytest.mark.parametrize(
    ("situation", "since"),
    [
        (seen(PG, behind(VK, 60), SM), STAMP),
        (seen(unread(PG), unread(VK)), WATCHING),
        (seen(PG, unread(VK)), WATCHING),
        (seen(missing(PG), watching_since=NOW), NOW),
        (seen(stale(PG), stale(VK), stale(SM)), LONG_AGO + timedelta(seconds=60)),
        (seen(missing(PG), missing(VK)), None),
        (seen(lost(PG), lost(VK, failing_since=NOW), SM), LONG_AGO),
        (seen(lost(PG), lost(VK, failing_since=NOW)), NOW),  # none could be read from then on
        (seen(lost(PG), lost(VK, failing_since=None)), LONG_AGO),
        (seen(stale(PG), VK, SM), LONG_AGO),
        (seen(stale(PG, write_failing_since=WATCHING), VK, SM), WATCHING),
        (seen(missing(PG, write_failing_since=NOW), stale(VK), SM), LONG_AGO),
        (seen(replace(PG, error=E.READ_ONLY), VK), None),
        (seen(replace(PG, error=E.READ_ONLY, write_failing_since=WATCHING), VK), WATCHING),
        (seen(PG, iam=replace(IAM, error=E.AUTH, failing_since=LONG_AGO)), LONG_AGO),
        (seen(PG, iam=replace(IAM, error=E.TIMEOUT, failing_since=LONG_AGO)), LONG_AGO),
        (seen(old(PG), old(VK, 41)), NOW - timedelta(seconds=40)),
        (seen(old(PG), replace(old(VK, 80), last_result=E.TIMEOUT)), NOW - timedelta(seconds=40)),
        (seen(replace(PG, schema_behind=True)), None),
    ],
)
def test_since_is_the_start_of_the_state(situation: Situation, since: datetime | None) -> None:
    assert diagnose(situation).since == since


BEHIND = replace(PG, schema_behind=True)
QUOTA = replace(SM, warning=E.QUOTA)
ENDING = replace(IAM, certificate_expiry=NOW + timedelta(days=20))
REFUSED = replace(IAM, refusal=Refusal.OTHER)
ENDED = replace(IAM, certificate_expiry=NOW)


@pytest.mark.parametrize(
    ("situation", "codes"),
    [
        (seen(unread(PG), iam=replace(IAM, error=E.AUTH)), ["credentials", "starting"]),
        (seen(lost(PG), VK, iam=replace(IAM, error=E.AUTH)), ["credentials", "source_unreachable"]),
        (seen(lost(PG), VK, iam=REFUSED), ["source_unreachable", "credentials"]),
        (seen(lost(PG), stale(VK), stale(SM)), ["source_unreachable", "worker_silent"]),
        (seen(PG, stale(VK), QUOTA), ["source_not_written", "quota"]),
        (seen(BEHIND, stale(VK), SM), ["source_not_written", "schema"]),
        (seen(BEHIND, VK, QUOTA), ["schema", "quota"]),
        (seen(BEHIND, VK, SM, iam=ENDED), ["credentials", "schema"]),
        (seen(PG, VK, QUOTA, iam=ENDING), ["quota", "credentials"]),
        (seen(old(PG), old(VK, 41), iam=ENDING), ["credentials", "out_of_step"]),
        (seen(BEHIND, unread(VK)), ["schema", "starting"]),
    ],
)
def test_the_more_severe_of_two_findings_is_first(situation: Situation, codes: list[str]) -> None:
    assert [each.code for each in diagnose(situation).findings] == codes


moments = st.none() | st.timedeltas(timedelta(0), timedelta(minutes=10)).map(lambda ago: NOW - ago)
words = st.none() | st.sampled_from(ErrorWord)


replacements = st.none() | st.builds(
    Replacement, made_at=moments, noticed=st.booleans(), rewritten_at=moments
)


@st.composite
def sources(draw: st.DrawFn, name: str) -> SourceView:
    """Generate any source that a reading can lead to."""
    freshness = draw(st.sampled_from(Freshness))
    error = draw(words)
    if freshness is Freshness.UNREACHABLE:
        error = error or ErrorWord.FAILED
    stamped = freshness in {Freshness.FRESH, Freshness.AGING, Freshness.STALE}
    return SourceView(
        name=name,
        title=name.title(),
        freshness=freshness,
        error=error,
        observed=freshness is not Freshness.MISSING or draw(st.booleans()),
        stamp=draw(moments.filter(bool)) if stamped else None,
        failing_since=draw(moments),
        last_result=draw(words | st.just("ok")),
        write_failing_since=draw(moments),
        warning=draw(words),
        needs_aws=draw(st.booleans()),
        schema_behind=draw(st.booleans()),
        part_stale=draw(st.booleans()),
        replacement=draw(replacements),
    )


identities = st.builds(
    IdentityView,
    error=words,
    refusal=st.none() | st.sampled_from(Refusal),
    renewal_error=words,
    failing_since=moments,
    credentials_expiry=st.none()
    | st.timedeltas(timedelta(hours=-1), timedelta(hours=1)).map(lambda left: NOW + left),
    certificate_expiry=st.none()
    | st.timedeltas(timedelta(days=-1), timedelta(days=40)).map(lambda left: NOW + left),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Generate any situation of up to five sources."""
    names = [f"store{number}" for number in range(draw(st.integers(1, 5)))]
    return Situation(
        now=NOW,
        watching_since=NOW - draw(st.timedeltas(timedelta(0), timedelta(minutes=5))),
        interval_s=60.0,
        write_deadline_s=20.0,
        sources=[draw(sources(name)) for name in names],
        iam=draw(st.none() | identities),
    )


def blamed(findings: list[Finding], severity: Severity) -> list[str]:
    return [name for each in findings if each.severity is severity for name in each.sources]


@given(situations())
def test_every_affected_store_is_in_one_severe_finding_and_no_other_is(
    situation: Situation,
) -> None:
    grave = blamed(diagnose(situation).findings, Severity.ERROR)
    affected = [source.name for source in situation.sources if source.failing]
    if is_starting(situation):
        affected = []

    assert sorted(name for name in grave if name != "iam") == sorted(affected)


@given(situations())
def test_the_worst_finding_is_first_and_decides_the_verdict(situation: Situation) -> None:
    result = diagnose(situation)
    severities = [each.severity for each in result.findings]

    assert severities == sorted(severities, key=list(Severity).index)
    assert overall(result) == (severities[0].value if severities else "ok")
    assert (result.code == "healthy") == (not result.findings)


@given(situations())
def test_the_message_contains_every_title_and_each_remedy_once(situation: Situation) -> None:
    result = diagnose(situation)

    assert all(each.title in result.message for each in result.findings)
    for remedy in {each.remedy for each in result.findings if each.remedy}:
        others = [each.remedy or "" for each in result.findings if each.remedy != remedy]
        if not any(remedy[1:] in other for other in others):
            assert result.message.count(remedy[1:]) == 1


@given(situations())
def test_an_outage_of_all_stores_is_one_finding(situation: Situation) -> None:
    away = replace(
        situation,
        sources=[
            replace(source, freshness=Freshness.UNREACHABLE, stamp=None, observed=True)
            for source in situation.sources
        ],
    )
    about_stores = [each for each in diagnose(away).findings if {*each.sources} - {"iam"}]

    assert len(about_stores) == 1
