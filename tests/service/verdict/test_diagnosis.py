"""A table of situations: what is seen on the left, what is said on the right."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Refusal
from schema.responses import Overall
from service.remedies import REFUSALS, REMEDIES
from service.verdict.diagnosis import diagnose, overall
from service.verdict.situation import IdentityView, Situation, SourceView
from tests.fakes import NOW

STAMP = NOW - timedelta(seconds=10)
LONG_AGO = NOW - timedelta(minutes=10)
WATCHING = NOW - timedelta(hours=1)
F, E = Freshness, ErrorWord

PG = SourceView(name="postgres", title="PostgreSQL", freshness=F.FRESH, stamp=STAMP)
VK = replace(PG, name="valkey", title="Valkey")
SM = replace(PG, name="secrets_manager", title="AWS Secrets Manager", needs_aws=True)
IAM = IdentityView(certificate_expiry=NOW + timedelta(days=300))


def stale(source: SourceView, **changes: object) -> SourceView:
    return replace(source, freshness=F.STALE, stamp=LONG_AGO, **changes)  # type: ignore[arg-type]


def missing(source: SourceView, **changes: object) -> SourceView:
    return replace(source, freshness=F.MISSING, stamp=None, **changes)  # type: ignore[arg-type]


def lost(source: SourceView, word: ErrorWord = E.TIMEOUT, **changes: object) -> SourceView:
    gone = {"freshness": F.UNREACHABLE, "stamp": None, "error": word, "failing_since": LONG_AGO}
    return replace(source, **(gone | changes))  # type: ignore[arg-type]


def unread(source: SourceView) -> SourceView:
    return replace(source, freshness=F.MISSING, stamp=None, observed=False)


def seen(*sources: SourceView, iam: IdentityView | None = IAM, **changes: object) -> Situation:
    situation = Situation(
        now=NOW,
        watching_since=WATCHING,
        interval_s=60.0,
        write_deadline_s=20.0,
        sources=sources,
        iam=iam,
    )
    return replace(situation, **changes)  # type: ignore[arg-type]


def behind(source: SourceView, seconds: float) -> SourceView:
    return replace(source, stamp=STAMP - timedelta(seconds=seconds))


def old(source: SourceView, seconds: float = 40) -> SourceView:
    """Fresh, but older than one write deadline."""
    return replace(source, stamp=NOW - timedelta(seconds=seconds))


SITUATIONS: dict[str, tuple[Situation, str, list[str], str, str]] = {
    # what is seen: the situation, code, sources, verdict, and a part of the sentence
    "all fresh and in step": (seen(PG, VK, SM), "healthy", [], "ok", "reads back"),
    "without AWS": (seen(PG, VK, iam=None), "healthy", [], "ok", "reads back"),
    "one store alone": (seen(PG, iam=None), "healthy", [], "ok", "reads back"),
    "the healthy minute's moment of aging": (
        seen(*(replace(s, freshness=F.AGING) for s in (PG, VK, SM))),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "in the middle of a cycle": (seen(PG, behind(VK, 60), SM), "healthy", [], "ok", "reads back"),
    "nothing read yet": (
        seen(unread(PG), unread(VK), unread(SM)),
        "starting",
        [],
        "degraded",
        "just begun",
    ),
    "one answers, the others not yet": (
        seen(PG, unread(VK), unread(SM)),
        "starting",
        ["valkey", "secrets_manager"],
        "degraded",
        "Not answered yet: Valkey",
    ),
    "empty stores, just started": (
        seen(missing(PG), missing(VK), missing(SM), watching_since=NOW - timedelta(seconds=20)),
        "starting",
        [],
        "degraded",
        "first cycle",
    ),
    "empty stores, two intervals after the start": (
        seen(missing(PG), missing(VK), watching_since=NOW - timedelta(seconds=120)),
        "starting",
        [],
        "degraded",
        "first cycle",
    ),
    "empty stores, more than two intervals after the start": (
        seen(missing(PG), missing(VK), watching_since=NOW - timedelta(seconds=120.000001)),
        "worker_silent",
        ["postgres", "valkey"],
        "error",
        "has never written",
    ),
    "just started, and one store of two is empty": (
        seen(PG, missing(VK), watching_since=NOW - timedelta(seconds=20)),
        "source_not_written",
        ["valkey"],
        "error",
        "has not said why",
    ),
    "just started, and an empty store says what is wrong": (
        seen(
            missing(PG, error=E.NOT_FOUND),
            missing(VK),
            watching_since=NOW - timedelta(seconds=20),
        ),
        "source_not_written",
        ["postgres", "valkey"],
        "error",
        "run the migrate job",
    ),
    "empty stores for long": (
        seen(missing(PG), missing(VK), missing(SM)),
        "worker_silent",
        ["postgres", "valkey", "secrets_manager"],
        "error",
        "has never written",
    ),
    "all stale": (
        seen(stale(PG), stale(VK), stale(SM)),
        "worker_silent",
        ["postgres", "valkey", "secrets_manager"],
        "error",
        "since 21:50:00 UTC",
    ),
    "all stale at different times": (
        seen(stale(PG), replace(stale(VK), stamp=LONG_AGO - timedelta(days=1)), stale(SM)),
        "worker_silent",
        ["postgres", "valkey", "secrets_manager"],
        "error",
        "see that it runs",
    ),
    "one store alone and stale": (
        seen(stale(PG), iam=None),
        "worker_silent",
        ["postgres"],
        "error",
        "see that it runs",
    ),
    "postgres times out": (
        seen(lost(PG), VK, SM),
        "source_unreachable",
        ["postgres"],
        "error",
        "PostgreSQL cannot be read (timeout)",
    ),
    "postgres refuses connections": (
        seen(lost(PG, E.UNREACHABLE), VK, SM),
        "source_unreachable",
        ["postgres"],
        "error",
        "see whether it runs",
    ),
    "postgres refuses the password": (
        seen(lost(PG, E.AUTH), VK, SM),
        "source_unreachable",
        ["postgres"],
        "error",
        "user and password",
    ),
    "valkey's certificate is not trusted": (
        seen(PG, lost(VK, E.TLS), SM),
        "source_unreachable",
        ["valkey"],
        "error",
        "VALKEY_CA_CERT",
    ),
    "both databases away": (
        seen(lost(PG), lost(VK), SM),
        "source_unreachable",
        ["postgres", "valkey"],
        "error",
        "Valkey cannot be read",
    ),
    "everything away": (
        seen(lost(PG), lost(VK), lost(SM), iam=replace(IAM, error=E.TIMEOUT)),
        "source_unreachable",
        ["postgres", "valkey", "secrets_manager", "iam"],
        "error",
        "AWS STS",
    ),
    "one away, the others stale": (
        seen(lost(PG), stale(VK), stale(SM)),
        "source_unreachable",
        ["postgres"],
        "error",
        "Also: The worker has not written",
    ),
    "two away, the third stale": (
        seen(lost(PG), lost(VK), stale(SM)),
        "source_unreachable",
        ["postgres", "valkey"],
        "error",
        "Also: AWS Secrets Manager answers",
    ),
    "the secret does not exist": (
        seen(PG, VK, lost(SM, E.NOT_FOUND)),
        "source_unreachable",
        ["secrets_manager"],
        "error",
        "missing",
    ),
    "postgres not written, no word why": (
        seen(stale(PG), VK, SM),
        "source_not_written",
        ["postgres"],
        "error",
        "has not said why",
    ),
    "postgres not written, and the worker thinks that it is": (
        seen(stale(PG, last_result="ok"), VK, SM),
        "source_not_written",
        ["postgres"],
        "error",
        "has not said why",
    ),
    "postgres not written, the worker says why": (
        seen(stale(PG, last_result=E.FULL, write_failing_since=LONG_AGO), VK, SM),
        "source_not_written",
        ["postgres"],
        "error",
        "(full): its disk or memory is full",
    ),
    "valkey never written": (
        seen(PG, missing(VK, last_result=E.PERMISSION), SM),
        "source_not_written",
        ["valkey"],
        "error",
        "lacks a right",
    ),
    "postgres turned read-only": (
        seen(replace(PG, error=E.READ_ONLY), VK, SM),
        "source_not_written",
        ["postgres"],
        "error",
        "connect to the primary",
    ),
    "valkey holds something else": (
        seen(PG, missing(VK, error=E.INVALID_DATA), SM),
        "source_not_written",
        ["valkey"],
        "error",
        "not written by Heartbeat",
    ),
    "a stamp in the future": (
        seen(missing(PG, error=E.CLOCK), VK, SM),
        "source_not_written",
        ["postgres"],
        "error",
        "NTP",
    ),
    "the secret is being deleted": (
        seen(PG, VK, replace(SM, error=E.NOT_FOUND)),
        "source_not_written",
        ["secrets_manager"],
        "error",
        "restore it",
    ),
    "two not written for different reasons": (
        seen(stale(PG, last_result=E.FULL), stale(VK, last_result=E.AUTH), SM),
        "source_not_written",
        ["postgres", "valkey"],
        "error",
        "(auth)",
    ),
    "the description's quota": (
        seen(PG, VK, stale(SM, last_result=E.QUOTA)),
        "quota",
        ["secrets_manager"],
        "error",
        "less often",
    ),
    "the table is missing": (
        seen(missing(PG, error=E.NOT_FOUND, schema_behind=True), VK, SM),
        "schema",
        ["postgres"],
        "error",
        "migrate job",
    ),
    "the schema is behind but works": (
        seen(replace(PG, schema_behind=True), VK, SM),
        "schema",
        ["postgres"],
        "degraded",
        "python -m service migrate",
    ),
    "the value's quota": (
        seen(PG, VK, replace(SM, warning=E.QUOTA)),
        "quota",
        ["secrets_manager"],
        "degraded",
        "quota of versions",
    ),
    "the value may not be written": (
        seen(PG, VK, replace(SM, warning=E.PERMISSION)),
        "source_not_written",
        ["secrets_manager"],
        "degraded",
        "the value is not written",
    ),
    "the value is overdue": (
        seen(PG, VK, replace(SM, part_stale=True)),
        "source_not_written",
        ["secrets_manager"],
        "degraded",
        "the stamp lands",
    ),
    "the certificate is refused": (
        seen(
            PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH, refusal=Refusal.UNTRUSTED_CA)
        ),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "trust anchor",
    ),
    "the certificate has expired": (
        seen(
            PG,
            VK,
            lost(SM, E.AUTH),
            iam=replace(IAM, error=E.AUTH, refusal=Refusal.CERTIFICATE_EXPIRED),
        ),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "pulumi up",
    ),
    "our clock is wrong for AWS": (
        seen(
            PG, VK, lost(SM, E.CLOCK), iam=replace(IAM, error=E.CLOCK, refusal=Refusal.CLOCK_SKEW)
        ),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "clock is wrong",
    ),
    "the role does not allow it": (
        seen(PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH, refusal=Refusal.NOT_ALLOWED)),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "trust policy",
    ),
    "a refusal of no known kind": (
        seen(PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH)),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "log",
    ),
    "the role lacks a right, and a refusal is not known": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.PERMISSION)),
        "credentials",
        ["iam"],
        "error",
        "(permission)",
    ),
    "our clock is wrong for STS alone": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.CLOCK)),
        "credentials",
        ["iam"],
        "error",
        "(clock)",
    ),
    "refused, while old credentials still work": (
        seen(PG, VK, SM, iam=replace(IAM, refusal=Refusal.UNTRUSTED_CA)),
        "credentials",
        ["iam"],
        "degraded",
        "trust anchor",
    ),
    "refused, and a secret is stale": (
        seen(PG, VK, stale(SM), iam=replace(IAM, error=E.AUTH)),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "Also: AWS Secrets Manager answers",
    ),
    "refused, and a secret may not be read": (
        seen(PG, VK, replace(SM, error=E.PERMISSION), iam=replace(IAM, error=E.AUTH)),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "Also: AWS Secrets Manager answers",
    ),
    "refused, and postgres away too": (
        seen(lost(PG), VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH)),
        "credentials",
        ["iam", "secrets_manager"],
        "error",
        "Also: PostgreSQL cannot be read",
    ),
    "STS does not answer": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.TIMEOUT)),
        "source_unreachable",
        ["iam"],
        "error",
        "AWS STS gives no answer",
    ),
    "the certificate ends in 20 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=20))),
        "credentials",
        ["iam"],
        "degraded",
        "ends on 2026-12-14",
    ),
    "the certificate ends in 30 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=30))),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "the certificate ends in 7 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=7))),
        "credentials",
        ["iam"],
        "degraded",
        "pulumi up",
    ),
    "the certificate ends in 3 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=3))),
        "credentials",
        ["iam"],
        "error",
        "pulumi up",
    ),
    "the credentials are not renewed": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW + timedelta(minutes=5))),
        "credentials",
        ["iam"],
        "degraded",
        "22:05:00 UTC",
    ),
    "credentials that end in less than ten minutes": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW + timedelta(seconds=599))),
        "credentials",
        ["iam"],
        "degraded",
        "22:09:59 UTC",
    ),
    "credentials that end in ten minutes": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW + timedelta(minutes=10))),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "freshly renewed credentials": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW + timedelta(minutes=50))),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "stamps of different cycles for too long": (
        seen(old(PG), old(VK, 41), old(SM)),
        "out_of_step",
        ["valkey"],
        "degraded",
        "different cycles",
    ),
    "one cycle, and one write deadline is over": (
        seen(old(PG), old(VK), old(SM)),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "different cycles, and one write deadline is just over": (
        seen(old(PG, 20), old(VK, 80), old(SM, 20)),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
    "different cycles, but one write deadline is not over": (
        seen(old(PG, 19), old(VK, 79), old(SM, 19)),
        "healthy",
        [],
        "ok",
        "reads back",
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_has_its_diagnosis(name: str) -> None:
    situation, code, sources, verdict, part = SITUATIONS[name]

    said = diagnose(situation)

    assert (said.code, said.sources) == (code, sources)
    assert overall(said, situation) == Overall(verdict)
    assert part in said.message


def test_there_are_enough_situations() -> None:
    assert len(SITUATIONS) >= 40


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_sentence_reads_like_one(name: str) -> None:
    message = diagnose(SITUATIONS[name][0]).message

    assert message[0].isupper()
    assert message.endswith(".")
    assert "  " not in message
    assert "None" not in message


BEHIND = replace(PG, schema_behind=True)
QUOTA = replace(SM, warning=E.QUOTA)
ENDING = replace(IAM, certificate_expiry=NOW + timedelta(days=20))


@pytest.mark.parametrize(
    ("situation", "code", "also"),
    [
        (seen(unread(PG), iam=replace(IAM, error=E.AUTH)), "starting", "AWS refuses"),
        (seen(lost(PG), VK, SM, iam=replace(IAM, error=E.AUTH)), "credentials", "PostgreSQL"),
        (seen(lost(PG), stale(VK), stale(SM)), "source_unreachable", "The worker has not"),
        (seen(stale(PG), stale(VK), QUOTA), "source_not_written", "AWS Secrets Manager"),
        (seen(BEHIND, stale(VK), SM), "source_not_written", "The database's schema"),
        (seen(BEHIND, VK, QUOTA), "schema", "AWS Secrets Manager has reached"),
        (seen(PG, VK, QUOTA, iam=ENDING), "quota", "The client certificate ends"),
        (seen(old(PG), old(VK, 41), iam=ENDING), "credentials", "The stores hold stamps"),
    ],
)
def test_of_two_things_that_are_wrong_the_graver_leads(
    situation: Situation, code: str, also: str
) -> None:
    said = diagnose(situation)

    assert said.code == code
    assert f"Also: {also}" in said.message


def test_every_word_and_every_refusal_has_a_remedy() -> None:
    assert set(REMEDIES) == set(ErrorWord)
    assert set(REFUSALS) == set(Refusal)


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
        (seen(stale(PG), VK, SM), LONG_AGO),
        (seen(stale(PG, write_failing_since=WATCHING), VK, SM), WATCHING),
        (seen(missing(PG, write_failing_since=NOW), stale(VK), SM), LONG_AGO),
        (seen(PG, iam=replace(IAM, error=E.AUTH, failing_since=LONG_AGO)), LONG_AGO),
        (seen(old(PG), old(VK, 41)), NOW - timedelta(seconds=40)),
        (seen(replace(PG, schema_behind=True)), None),
    ],
)
def test_since_tells_when_it_began(situation: Situation, since: datetime | None) -> None:
    assert diagnose(situation).since == since


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("all fresh and in step", "Every store was written in the last cycle and reads back."),
        (
            "nothing read yet",
            "No store has answered yet; this process has just begun to look.",
        ),
        (
            "one answers, the others not yet",
            "Not answered yet: Valkey, AWS Secrets Manager; this process has just begun to look.",
        ),
        (
            "empty stores for long",
            "The worker has never written, to any store that answers: see that it runs, and read "
            "its log; the stores themselves are fine.",
        ),
        (
            "all stale",
            "The worker has not written since 21:50:00 UTC, to any store that answers: see that "
            "it runs, and read its log; the stores themselves are fine.",
        ),
        (
            "everything away",
            f"PostgreSQL cannot be read (timeout): {REMEDIES[E.TIMEOUT]} "
            f"Valkey cannot be read (timeout): {REMEDIES[E.TIMEOUT]} "
            f"AWS Secrets Manager cannot be read (timeout): {REMEDIES[E.TIMEOUT]} "
            f"AWS STS gives no answer (timeout): {REMEDIES[E.TIMEOUT]}",
        ),
        (
            "postgres not written, and the worker thinks that it is",
            "PostgreSQL answers and is not written, and the worker has not said why: "
            "read the worker's log.",
        ),
        (
            "two not written for different reasons",
            f"PostgreSQL answers and is not written (full): {REMEDIES[E.FULL]} "
            f"Valkey answers and is not written (auth): {REMEDIES[E.AUTH]}",
        ),
        (
            "the schema is behind but works",
            "The database's schema is older than this version: run the migrate job (`python -m "
            "service migrate`), or restart the worker, which migrates when it starts.",
        ),
        (
            "the value's quota",
            "AWS Secrets Manager has reached its quota of versions: the stamp goes on in the "
            "description, and the value will be written again as versions of the last 24 h age; "
            "write this secret's value less often.",
        ),
        (
            "the value may not be written",
            "AWS Secrets Manager: the stamp lands, but the value is not written: "
            f"{REMEDIES[E.PERMISSION]}",
        ),
        (
            "the value is overdue",
            "AWS Secrets Manager: the stamp lands, but the value is not written: "
            "read the worker's log.",
        ),
        (
            "refused, and postgres away too",
            f"AWS refuses this app's identity (auth): {REFUSALS[Refusal.OTHER]} "
            f"Also: PostgreSQL cannot be read (timeout): {REMEDIES[E.TIMEOUT]}",
        ),
        (
            "the certificate ends in 20 days",
            "The client certificate ends on 2026-12-14: run `pulumi up`, which renews it, before "
            "that day.",
        ),
        (
            "the credentials are not renewed",
            "The AWS credentials end at 22:05:00 UTC and could not be renewed so far: see whether "
            "IAM Roles Anywhere can be reached.",
        ),
        (
            "stamps of different cycles for too long",
            "The stores hold stamps of different cycles: the last write did not reach all of "
            "them, or two workers with different names or intervals share them.",
        ),
    ],
)
def test_what_people_read_is_one_thing_after_the_other(name: str, sentence: str) -> None:
    assert diagnose(SITUATIONS[name][0]).message == sentence


def test_before_the_first_cycle_people_read_that_it_is_due_and_nothing_else() -> None:
    message = diagnose(SITUATIONS["empty stores, just started"][0]).message

    assert message == "The stores answer and hold no stamp yet: the worker's first cycle is due."
