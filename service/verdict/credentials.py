"""Rules on the AWS identity: refused, not confirmed, about to expire."""

from datetime import datetime, timedelta

from schema.errors import ErrorWord
from schema.findings import Finding, FindingCode, Severity
from schema.heartbeat import IDENTITY, Refusal
from service.aws.notices import ALARM, WARNING
from service.remedies import AWS_REMEDIES, CAUSES, REFUSALS, REMEDIES
from service.verdict.situation import REFUSING, IdentityView, Situation, is_starting

TITLE = "AWS identity"
NOT_RENEWED = timedelta(minutes=10)  # a renewal was due five minutes before


def explained(situation: Situation) -> frozenset[str]:
    """Return the sources whose problem follows from the identity's.

    Words that only AWS itself can give to a valid identity, such as `quota`, do not. At the start,
    a source without a stamp has no problem yet.
    """
    iam = situation.iam
    if iam is None or not iam.troubled or is_starting(situation):
        return frozenset()
    words = {None, *REFUSING} if iam.refused else {iam.error}
    return frozenset(
        source.name
        for source in situation.sources
        if source.needs_aws and source.failing and source.word in words
    )


def cause(iam: IdentityView) -> tuple[str, str]:
    """Return the identity's error word and remedy."""
    if iam.refusal is not None:
        return iam.refusal, REFUSALS[iam.refusal]
    word = iam.error or ErrorWord.FAILED
    if word is ErrorWord.CLOCK:
        return word, REFUSALS[Refusal.CLOCK_SKEW]
    if word in REFUSING:
        return word, REFUSALS[Refusal.OTHER]
    if iam.cause is not None:
        return word, AWS_REMEDIES.get(iam.cause, CAUSES[iam.cause])
    return word, AWS_REMEDIES.get(word, REMEDIES[word])


def refused(situation: Situation) -> list[Finding]:
    """Find a refusal by AWS, which explains all problems of the AWS sources."""
    iam = situation.iam
    if iam is None or not iam.refused or situation.all_away:
        return []
    affected = sorted(explained(situation))
    word, remedy = cause(iam)
    grave = iam.error or affected or iam.refusal is Refusal.CERTIFICATE_EXPIRED
    what = "refuses this app's identity" if iam.error or affected else "gives no new credentials"
    title = f"AWS {what} ({word})"
    return [
        _finding(
            FindingCode.CREDENTIALS,
            title,
            remedy,
            severity=Severity.ERROR if grave else Severity.DEGRADED,
            names=[IDENTITY, *affected],
            since=iam.failing_since,
            runbook="refusals",
        )
    ]


def unproved(situation: Situation) -> list[Finding]:
    """Find an identity that AWS neither confirms nor refuses."""
    iam = situation.iam
    if iam is None or iam.error is None or iam.refused or situation.all_away:
        return []
    word, remedy = cause(iam)
    names = [IDENTITY, *sorted(explained(situation))]
    title = f"The AWS identity cannot be proved ({word})"
    code = FindingCode.SOURCE_UNREACHABLE
    return [_finding(code, title, remedy, names=names, since=iam.failing_since)]


def certificate_ends(situation: Situation) -> list[Finding]:
    """Find a client certificate that expires soon; only a deployment renews it."""
    iam = situation.iam
    if iam is None or iam.certificate_expiry is None:
        return []
    left = iam.certificate_expiry - situation.now
    if left >= WARNING or iam.refusal is Refusal.CERTIFICATE_EXPIRED:
        return []
    verb, when = ("ends", " before that day") if left > timedelta(0) else ("ended", "")
    title = f"The client certificate {verb} on {iam.certificate_expiry:%Y-%m-%d}"
    return [
        _finding(
            FindingCode.CREDENTIALS,
            title,
            f"Run `pulumi up`, which renews it{when}.",
            severity=Severity.ERROR if left < ALARM else Severity.DEGRADED,
            runbook="certificate",
        )
    ]


def not_renewed(situation: Situation) -> list[Finding]:
    """Find credentials that expire soon although the last renewal failed."""
    iam = situation.iam
    if (
        iam is None
        or iam.refused
        or iam.error
        or not (iam.renewal_error and iam.credentials_expiry)
    ):
        return []
    if iam.credentials_expiry - situation.now >= NOT_RENEWED:
        return []
    verb = "end" if iam.credentials_expiry > situation.now else "ended"
    end = situation.moment(iam.credentials_expiry)
    title = f"The AWS credentials {verb} at {end}, and renewing them fails ({iam.renewal_error})"
    remedy = "Check whether this app can reach IAM Roles Anywhere."
    return [_finding(FindingCode.CREDENTIALS, title, remedy, severity=Severity.DEGRADED)]


def _finding(
    code: FindingCode,
    title: str,
    remedy: str,
    *,
    severity: Severity = Severity.ERROR,
    names: list[str] | None = None,
    since: datetime | None = None,
    runbook: str | None = None,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        sources=names or [IDENTITY],
        since=since,
        title=title,
        remedy=remedy,
        runbook=runbook or code,
    )
