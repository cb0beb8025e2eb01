"""Situations with the expected verdict and findings: code, sources, title."""

from dataclasses import replace
from datetime import timedelta

from schema.errors import ErrorWord
from schema.freshness import Freshness
from schema.heartbeat import Refusal, ReplicaReport
from service.observation import Replacement
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
BEHIND = ReplicaReport(
    stamp=LONG_AGO, lag_seconds=590.0, waited_seconds=20.0, failing_since=LONG_AGO
)
FAILING = replace(IAM, renewal_error=E.TIMEOUT)


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


Expected = tuple[Situation, str, list[tuple[str, list[str], str]]]

SITUATIONS: dict[str, Expected] = {
    "all fresh and in step": (seen(PG, VK, SM), "ok", []),
    "without AWS": (seen(PG, VK, iam=None), "ok", []),
    "one store alone": (seen(PG, iam=None), "ok", []),
    "the healthy minute's moment of aging": (
        seen(*(replace(s, freshness=F.AGING) for s in (PG, VK, SM))),
        "ok",
        [],
    ),
    "in the middle of a cycle": (seen(PG, behind(VK, 60), SM), "ok", []),
    "nothing read yet": (
        seen(unread(PG), unread(VK), unread(SM)),
        "degraded",
        [("starting", [], "No store has answered yet")],
    ),
    "one answers, the others not yet": (
        seen(PG, unread(VK), unread(SM)),
        "degraded",
        [
            (
                "starting",
                ["valkey", "secrets_manager"],
                "Not answered yet: Valkey, AWS Secrets Manager",
            )
        ],
    ),
    "empty stores, just started": (
        seen(missing(PG), missing(VK), missing(SM), watching_since=NOW - timedelta(seconds=20)),
        "degraded",
        [("starting", [], "The stores answer and hold no stamp yet")],
    ),
    "empty stores, two intervals after the start": (
        seen(missing(PG), missing(VK), watching_since=NOW - timedelta(seconds=120)),
        "degraded",
        [("starting", [], "The stores answer and hold no stamp yet")],
    ),
    "empty stores, more than two intervals after the start": (
        seen(missing(PG), missing(VK), watching_since=NOW - timedelta(seconds=120.000001)),
        "error",
        [("worker_silent", ["postgres", "valkey"], "The worker has never written to any store")],
    ),
    "just started, and one store of two is empty": (
        seen(PG, missing(VK), watching_since=NOW - timedelta(seconds=20)),
        "error",
        [
            (
                "source_not_written",
                ["valkey"],
                "Valkey is not written, and the worker has not reported why",
            )
        ],
    ),
    "just started, and an empty store says what is wrong": (
        seen(
            missing(PG, error=E.NOT_FOUND), missing(VK), watching_since=NOW - timedelta(seconds=20)
        ),
        "error",
        [
            ("source_not_written", ["postgres"], "PostgreSQL answers with an error (not_found)"),
            (
                "source_not_written",
                ["valkey"],
                "Valkey is not written, and the worker has not reported why",
            ),
        ],
    ),
    "just started, and the worker still makes the tables": (
        seen(
            missing(PG, error=E.NOT_FOUND, schema_behind=True),
            missing(VK),
            watching_since=NOW - timedelta(seconds=20),
        ),
        "degraded",
        [
            ("starting", [], "The stores answer and hold no stamp yet"),
            ("schema", ["postgres"], "PostgreSQL's schema is not the one that this version needs"),
        ],
    ),
    "empty stores for long": (
        seen(missing(PG), missing(VK), missing(SM)),
        "error",
        [
            (
                "worker_silent",
                ["postgres", "valkey", "secrets_manager"],
                "The worker has never written to any store",
            )
        ],
    ),
    "all stale": (
        seen(stale(PG), stale(VK), stale(SM)),
        "error",
        [
            (
                "worker_silent",
                ["postgres", "valkey", "secrets_manager"],
                "The worker has not written to any store since 21:50:00 UTC",
            )
        ],
    ),
    "all stale at different times": (
        seen(stale(PG), replace(stale(VK), stamp=LONG_AGO - timedelta(days=1)), stale(SM)),
        "error",
        [
            (
                "worker_silent",
                ["postgres", "valkey", "secrets_manager"],
                "The worker has not written to any store since 21:50:00 UTC",
            )
        ],
    ),
    "one store alone and stale": (
        seen(stale(PG), iam=None),
        "error",
        [
            (
                "worker_silent",
                ["postgres"],
                "The worker has not written to any store since 21:50:00 UTC",
            )
        ],
    ),
    "postgres times out": (
        seen(lost(PG), VK, SM),
        "error",
        [("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)")],
    ),
    "postgres refuses connections": (
        seen(lost(PG, E.UNREACHABLE), VK, SM),
        "error",
        [("source_unreachable", ["postgres"], "PostgreSQL cannot be read (unreachable)")],
    ),
    "postgres refuses the password": (
        seen(lost(PG, E.AUTH), VK, SM),
        "error",
        [("source_unreachable", ["postgres"], "PostgreSQL cannot be read (auth)")],
    ),
    "valkey's certificate is not trusted": (
        seen(PG, lost(VK, E.TLS), SM),
        "error",
        [("source_unreachable", ["valkey"], "Valkey cannot be read (tls)")],
    ),
    "both databases away": (
        seen(lost(PG), lost(VK), SM),
        "error",
        [
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
            ("source_unreachable", ["valkey"], "Valkey cannot be read (timeout)"),
        ],
    ),
    "everything away": (
        seen(lost(PG), lost(VK), lost(SM), iam=replace(IAM, error=E.TIMEOUT)),
        "error",
        [
            (
                "source_unreachable",
                ["postgres", "valkey", "secrets_manager", "iam"],
                "No store can be read (timeout)",
            )
        ],
    ),
    "one away, the others stale": (
        seen(lost(PG), stale(VK), stale(SM)),
        "error",
        [
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
            (
                "worker_silent",
                ["valkey", "secrets_manager"],
                "The worker has not written to any store that answers since 21:50:00 UTC",
            ),
        ],
    ),
    "two away, the third stale": (
        seen(lost(PG), lost(VK), stale(SM)),
        "error",
        [
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
            ("source_unreachable", ["valkey"], "Valkey cannot be read (timeout)"),
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager is not written, and the worker has not reported why",
            ),
        ],
    ),
    "the secret does not exist": (
        seen(PG, VK, lost(SM, E.NOT_FOUND)),
        "error",
        [
            (
                "source_unreachable",
                ["secrets_manager"],
                "AWS Secrets Manager cannot be read (not_found)",
            )
        ],
    ),
    "postgres not written, no word why": (
        seen(stale(PG), VK, SM),
        "error",
        [
            (
                "source_not_written",
                ["postgres"],
                "PostgreSQL is not written, and the worker has not reported why",
            )
        ],
    ),
    "postgres not written, and the worker thinks that it is": (
        seen(stale(PG, last_result="ok"), VK, SM),
        "error",
        [
            (
                "source_not_written",
                ["postgres"],
                "PostgreSQL is not written, and the worker has not reported why",
            )
        ],
    ),
    "postgres not written, the worker says why": (
        seen(stale(PG, last_result=E.FULL, write_failing_since=LONG_AGO), VK, SM),
        "error",
        [("source_not_written", ["postgres"], "PostgreSQL is not written (full)")],
    ),
    "valkey never written": (
        seen(PG, missing(VK, last_result=E.PERMISSION), SM),
        "error",
        [("source_not_written", ["valkey"], "Valkey is not written (permission)")],
    ),
    "postgres turned read-only": (
        seen(replace(PG, error=E.READ_ONLY), VK, SM),
        "error",
        [("source_not_written", ["postgres"], "PostgreSQL answers with an error (read_only)")],
    ),
    "valkey holds something else": (
        seen(PG, missing(VK, error=E.INVALID_DATA), SM),
        "error",
        [("source_not_written", ["valkey"], "Valkey answers with an error (invalid_data)")],
    ),
    "a stamp in the future": (
        seen(missing(PG, error=E.CLOCK), VK, SM),
        "error",
        [("source_not_written", ["postgres"], "PostgreSQL answers with an error (clock)")],
    ),
    "the secret is being deleted": (
        seen(PG, VK, replace(SM, error=E.NOT_FOUND)),
        "error",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager answers with an error (not_found)",
            )
        ],
    ),
    "two not written for different reasons": (
        seen(stale(PG, last_result=E.FULL), stale(VK, last_result=E.AUTH), SM),
        "error",
        [
            ("source_not_written", ["postgres"], "PostgreSQL is not written (full)"),
            ("source_not_written", ["valkey"], "Valkey is not written (auth)"),
        ],
    ),
    "the description's quota": (
        seen(PG, VK, stale(SM, last_result=E.QUOTA)),
        "error",
        [("quota", ["secrets_manager"], "AWS Secrets Manager is not written (quota)")],
    ),
    "the table is missing": (
        seen(missing(PG, error=E.NOT_FOUND, schema_behind=True), VK, SM),
        "error",
        [("schema", ["postgres"], "PostgreSQL's schema is not the one that this version needs")],
    ),
    "the schema is behind but works": (
        seen(replace(PG, schema_behind=True), VK, SM),
        "degraded",
        [("schema", ["postgres"], "PostgreSQL's schema is not the one that this version needs")],
    ),
    "the value's quota": (
        seen(PG, VK, replace(SM, warning=E.QUOTA)),
        "degraded",
        [
            (
                "quota",
                ["secrets_manager"],
                "AWS Secrets Manager: the stamp lands, but the value is not written (quota)",
            )
        ],
    ),
    "the value may not be written": (
        seen(PG, VK, replace(SM, warning=E.PERMISSION)),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: the stamp lands, but the value is not written (permission)",
            )
        ],
    ),
    "the value is overdue": (
        seen(PG, VK, replace(SM, part_stale=True)),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: the stamp lands, but the value is not written",
            )
        ],
    ),
    "somebody replaced the value a moment ago": (
        seen(
            PG,
            VK,
            replace(SM, part_stale=True, replacement=Replacement(made_at=STAMP, noticed=False)),
        ),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: the value has no stamp: somebody else wrote it at "
                "21:59:50 UTC",
            )
        ],
    ),
    "somebody replaced the value once too often": (
        seen(
            PG,
            VK,
            replace(SM, part_stale=True, replacement=Replacement(made_at=STAMP, noticed=True)),
        ),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: somebody else replaced the value at 21:59:50 UTC",
            )
        ],
    ),
    "the worker has stamped a value that somebody replaced": (
        seen(
            PG,
            VK,
            replace(SM, replacement=Replacement(made_at=STAMP, noticed=True, rewritten_at=NOW)),
        ),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: somebody else replaced the value at 21:59:50 UTC; written "
                "again at 22:00:00 UTC",
            )
        ],
    ),
    "the worker has stamped an older version that somebody made the current one": (
        seen(
            PG,
            VK,
            replace(SM, replacement=Replacement(made_at=None, noticed=True, rewritten_at=NOW)),
        ),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: somebody else replaced the value; written again at "
                "22:00:00 UTC",
            )
        ],
    ),
    "the value was replaced and stamped long ago": (
        seen(
            PG,
            VK,
            replace(
                SM, replacement=Replacement(made_at=LONG_AGO, noticed=True, rewritten_at=LONG_AGO)
            ),
        ),
        "ok",
        [],
    ),
    "a replaced value that cannot take a stamp": (
        seen(
            PG,
            VK,
            replace(
                SM,
                part_stale=True,
                warning=E.INVALID_DATA,
                replacement=Replacement(made_at=STAMP, noticed=True),
            ),
        ),
        "degraded",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager: the stamp lands, but the value is not written (invalid_data)",
            )
        ],
    ),
    "the certificate is refused": (
        seen(
            PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH, refusal=Refusal.UNTRUSTED_CA)
        ),
        "error",
        [
            (
                "credentials",
                ["iam", "secrets_manager"],
                "AWS refuses this app's identity (untrusted_ca)",
            )
        ],
    ),
    "the certificate has expired": (
        seen(
            PG,
            VK,
            lost(SM, E.AUTH),
            iam=replace(IAM, error=E.AUTH, refusal=Refusal.CERTIFICATE_EXPIRED),
        ),
        "error",
        [
            (
                "credentials",
                ["iam", "secrets_manager"],
                "AWS refuses this app's identity (certificate_expired)",
            )
        ],
    ),
    "our clock is wrong for AWS": (
        seen(
            PG, VK, lost(SM, E.CLOCK), iam=replace(IAM, error=E.CLOCK, refusal=Refusal.CLOCK_SKEW)
        ),
        "error",
        [
            (
                "credentials",
                ["iam", "secrets_manager"],
                "AWS refuses this app's identity (clock_skew)",
            )
        ],
    ),
    "the role does not allow it": (
        seen(PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH, refusal=Refusal.NOT_ALLOWED)),
        "error",
        [
            (
                "credentials",
                ["iam", "secrets_manager"],
                "AWS refuses this app's identity (not_allowed)",
            )
        ],
    ),
    "a refusal of no known kind": (
        seen(PG, VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH)),
        "error",
        [("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)")],
    ),
    "the role lacks a right, and a refusal is not known": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.PERMISSION)),
        "error",
        [("credentials", ["iam"], "AWS refuses this app's identity (permission)")],
    ),
    "our clock is wrong for STS alone": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.CLOCK)),
        "error",
        [("credentials", ["iam"], "AWS refuses this app's identity (clock)")],
    ),
    "refused, while old credentials still work": (
        seen(PG, VK, SM, iam=replace(IAM, refusal=Refusal.UNTRUSTED_CA)),
        "degraded",
        [("credentials", ["iam"], "AWS gives no new credentials (untrusted_ca)")],
    ),
    "refused, and a secret is stale": (
        seen(PG, VK, stale(SM), iam=replace(IAM, error=E.AUTH)),
        "error",
        [("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)")],
    ),
    "refused, and a secret may not be read": (
        seen(PG, VK, replace(SM, error=E.PERMISSION), iam=replace(IAM, error=E.AUTH)),
        "error",
        [("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)")],
    ),
    "refused, and postgres away too": (
        seen(lost(PG), VK, lost(SM, E.AUTH), iam=replace(IAM, error=E.AUTH)),
        "error",
        [
            ("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)"),
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
        ],
    ),
    "STS does not answer": (
        seen(PG, VK, SM, iam=replace(IAM, error=E.TIMEOUT)),
        "error",
        [("source_unreachable", ["iam"], "The AWS identity cannot be proved (timeout)")],
    ),
    "the certificate ends in 20 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=20))),
        "degraded",
        [("credentials", ["iam"], "The client certificate ends on 2026-12-14")],
    ),
    "the certificate ends in 30 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=30))),
        "ok",
        [],
    ),
    "the certificate ends in 7 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=7))),
        "degraded",
        [("credentials", ["iam"], "The client certificate ends on 2026-12-01")],
    ),
    "the certificate ends in 3 days": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW + timedelta(days=3))),
        "error",
        [("credentials", ["iam"], "The client certificate ends on 2026-11-27")],
    ),
    "the credentials are not renewed": (
        seen(PG, VK, SM, iam=replace(FAILING, credentials_expiry=NOW + timedelta(minutes=5))),
        "degraded",
        [
            (
                "credentials",
                ["iam"],
                "The AWS credentials end at 22:05:00 UTC, and renewing them fails (timeout)",
            )
        ],
    ),
    "credentials that end in less than ten minutes": (
        seen(PG, VK, SM, iam=replace(FAILING, credentials_expiry=NOW + timedelta(seconds=599))),
        "degraded",
        [
            (
                "credentials",
                ["iam"],
                "The AWS credentials end at 22:09:59 UTC, and renewing them fails (timeout)",
            )
        ],
    ),
    "credentials that end in ten minutes": (
        seen(PG, VK, SM, iam=replace(FAILING, credentials_expiry=NOW + timedelta(minutes=10))),
        "ok",
        [],
    ),
    "freshly renewed credentials": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW + timedelta(minutes=50))),
        "ok",
        [],
    ),
    "stamps of different cycles for too long": (
        seen(old(PG), old(VK, 41), old(SM)),
        "degraded",
        [("out_of_step", ["valkey"], "The stores hold stamps of different cycles")],
    ),
    "one cycle, and one write deadline is over": (seen(old(PG), old(VK), old(SM)), "ok", []),
    "different cycles, and one write deadline is just over": (
        seen(old(PG, 20), old(VK, 80), old(SM, 20)),
        "ok",
        [],
    ),
    "different cycles, but one write deadline is not over": (
        seen(old(PG, 19), old(VK, 79), old(SM, 19)),
        "ok",
        [],
    ),
    "credentials that have ended, and nobody has tried to renew them": (
        seen(PG, VK, SM, iam=replace(IAM, credentials_expiry=NOW - timedelta(minutes=5))),
        "ok",
        [],
    ),
    "credentials that have ended, and are not renewed": (
        seen(PG, VK, SM, iam=replace(FAILING, credentials_expiry=NOW - timedelta(days=1))),
        "degraded",
        [
            (
                "credentials",
                ["iam"],
                "The AWS credentials ended at 2026-11-23 22:00:00 UTC, "
                "and renewing them fails (timeout)",
            )
        ],
    ),
    "credentials that are not renewed because they are refused": (
        seen(
            PG,
            VK,
            SM,
            iam=replace(
                FAILING, refusal=Refusal.NOT_FOUND, credentials_expiry=NOW + timedelta(minutes=5)
            ),
        ),
        "degraded",
        [("credentials", ["iam"], "AWS gives no new credentials (not_found)")],
    ),
    "everything away for different reasons": (
        seen(lost(PG), lost(VK, E.AUTH), lost(SM, E.PERMISSION)),
        "error",
        [
            (
                "source_unreachable",
                ["postgres", "valkey", "secrets_manager"],
                "No store can be read (timeout, auth, permission)",
            )
        ],
    ),
    "everything away, two alike": (
        seen(lost(PG, E.AUTH), lost(VK, E.AUTH), lost(SM, E.NOT_FOUND)),
        "error",
        [
            (
                "source_unreachable",
                ["postgres", "valkey", "secrets_manager"],
                "No store can be read (auth, not_found)",
            )
        ],
    ),
    "everything away in two ways of the network": (
        seen(lost(PG), lost(VK, E.UNREACHABLE), lost(SM), iam=replace(IAM, error=E.TIMEOUT)),
        "error",
        [
            (
                "source_unreachable",
                ["postgres", "valkey", "secrets_manager", "iam"],
                "No store can be read (timeout, unreachable)",
            )
        ],
    ),
    "everything away and alike, and not by the network": (
        seen(lost(PG, E.AUTH), lost(VK, E.AUTH)),
        "error",
        [("source_unreachable", ["postgres", "valkey"], "No store can be read (auth)")],
    ),
    "everything away, and the identity refused": (
        seen(
            lost(PG),
            lost(VK),
            lost(SM, E.AUTH),
            iam=replace(IAM, error=E.AUTH, refusal=Refusal.UNTRUSTED_CA),
        ),
        "error",
        [
            (
                "source_unreachable",
                ["postgres", "valkey", "secrets_manager", "iam"],
                "No store can be read (timeout, untrusted_ca)",
            )
        ],
    ),
    "one away, the other not answered yet": (
        seen(lost(PG), unread(VK)),
        "error",
        [
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
            ("starting", ["valkey"], "Not answered yet: Valkey"),
        ],
    ),
    "one store alone, and away": (
        seen(lost(PG), iam=None),
        "error",
        [("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)")],
    ),
    "refused, and the secret's own quota": (
        seen(PG, VK, stale(SM, last_result=E.QUOTA), iam=replace(IAM, error=E.AUTH)),
        "error",
        [
            ("credentials", ["iam"], "AWS refuses this app's identity (auth)"),
            ("quota", ["secrets_manager"], "AWS Secrets Manager is not written (quota)"),
        ],
    ),
    "refused, and nothing read yet": (
        seen(unread(PG), unread(SM), iam=replace(IAM, error=E.AUTH)),
        "error",
        [
            ("credentials", ["iam"], "AWS refuses this app's identity (auth)"),
            ("starting", [], "No store has answered yet"),
        ],
    ),
    "refused, and the worker silent": (
        seen(stale(PG), stale(VK), stale(SM), iam=replace(IAM, error=E.AUTH)),
        "error",
        [
            ("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)"),
            (
                "worker_silent",
                ["postgres", "valkey"],
                "The worker has not written to any store since 21:50:00 UTC",
            ),
        ],
    ),
    "refused, and the only store that is seen is the secret": (
        seen(lost(PG), stale(SM), iam=replace(IAM, error=E.AUTH)),
        "error",
        [
            ("credentials", ["iam", "secrets_manager"], "AWS refuses this app's identity (auth)"),
            ("source_unreachable", ["postgres"], "PostgreSQL cannot be read (timeout)"),
        ],
    ),
    "refused as expired, while old credentials still work": (
        seen(
            PG,
            VK,
            SM,
            iam=replace(IAM, refusal=Refusal.CERTIFICATE_EXPIRED, certificate_expiry=NOW),
        ),
        "error",
        [("credentials", ["iam"], "AWS gives no new credentials (certificate_expired)")],
    ),
    "refused for another reason, and the certificate ends in 3 days": (
        seen(
            PG,
            VK,
            SM,
            iam=replace(
                IAM, refusal=Refusal.NOT_ALLOWED, certificate_expiry=NOW + timedelta(days=3)
            ),
        ),
        "error",
        [
            ("credentials", ["iam"], "The client certificate ends on 2026-11-27"),
            ("credentials", ["iam"], "AWS gives no new credentials (not_allowed)"),
        ],
    ),
    "the certificate has ended": (
        seen(PG, VK, SM, iam=replace(IAM, certificate_expiry=NOW)),
        "error",
        [("credentials", ["iam"], "The client certificate ended on 2026-11-24")],
    ),
    "STS does not answer, and the secret neither": (
        seen(PG, VK, lost(SM, E.TIMEOUT), iam=replace(IAM, error=E.TIMEOUT)),
        "error",
        [
            (
                "source_unreachable",
                ["iam", "secrets_manager"],
                "The AWS identity cannot be proved (timeout)",
            )
        ],
    ),
    "STS does not answer, and the secret is missing": (
        seen(PG, VK, lost(SM, E.NOT_FOUND), iam=replace(IAM, error=E.TIMEOUT)),
        "error",
        [
            (
                "source_unreachable",
                ["secrets_manager"],
                "AWS Secrets Manager cannot be read (not_found)",
            ),
            ("source_unreachable", ["iam"], "The AWS identity cannot be proved (timeout)"),
        ],
    ),
    "the schema is behind, and the disk full": (
        seen(stale(PG, last_result=E.FULL, schema_behind=True), VK, SM),
        "error",
        [
            ("source_not_written", ["postgres"], "PostgreSQL is not written (full)"),
            ("schema", ["postgres"], "PostgreSQL's schema is not the one that this version needs"),
        ],
    ),
    "not written, and the value neither": (
        seen(PG, VK, stale(SM, last_result=E.PERMISSION, part_stale=True)),
        "error",
        [
            (
                "source_not_written",
                ["secrets_manager"],
                "AWS Secrets Manager is not written (permission)",
            )
        ],
    ),
    "read-only, and so behind": (
        seen(replace(old(PG, 80), error=E.READ_ONLY), old(VK), old(SM)),
        "error",
        [("source_not_written", ["postgres"], "PostgreSQL answers with an error (read_only)")],
    ),
    "the last write missed a store, and the worker says why": (
        seen(old(PG), replace(old(VK, 80), last_result=E.TIMEOUT), old(SM)),
        "degraded",
        [("out_of_step", ["valkey"], "The last write did not reach Valkey (timeout)")],
    ),
    "the last write missed two stores, and the worker says why of one": (
        seen(old(PG, 80), replace(old(VK, 80), last_result=E.TIMEOUT), old(SM)),
        "degraded",
        [
            ("out_of_step", ["valkey"], "The last write did not reach Valkey (timeout)"),
            ("out_of_step", ["postgres"], "The stores hold stamps of different cycles"),
        ],
    ),
    "the worker has not written since yesterday": (
        seen(replace(stale(PG), stamp=NOW - timedelta(days=1)), iam=None),
        "error",
        [
            (
                "worker_silent",
                ["postgres"],
                "The worker has not written to any store since 2026-11-23 22:00:00 UTC",
            )
        ],
    ),
    "a replica that is in time": (
        seen(replace(PG, replica=ReplicaReport(stamp=STAMP, lag_seconds=0.2)), iam=None),
        "ok",
        [],
    ),
    "a replica that is behind": (
        seen(replace(PG, replica=BEHIND), iam=None),
        "degraded",
        [
            (
                "replica_behind",
                ["postgres"],
                "PostgreSQL's replica is behind: 20 s after the last write it held that of "
                "21:50:00 UTC",
            )
        ],
    ),
    "a replica without a stamp": (
        seen(replace(PG, replica=BEHIND.model_copy(update={"stamp": None})), iam=None),
        "degraded",
        [
            (
                "replica_behind",
                ["postgres"],
                "PostgreSQL's replica holds no stamp 20 s after the last write",
            )
        ],
    ),
    "a replica that cannot be read": (
        seen(replace(PG, replica=BEHIND.model_copy(update={"error": E.AUTH})), iam=None),
        "degraded",
        [("replica_behind", ["postgres"], "PostgreSQL's replica cannot be read (auth)")],
    ),
    "a replica of a store that is not written itself": (
        seen(replace(stale(PG), replica=BEHIND), VK, iam=None),
        "error",
        [
            (
                "source_not_written",
                ["postgres"],
                "PostgreSQL is not written, and the worker has not reported why",
            )
        ],
    ),
}
