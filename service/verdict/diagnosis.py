"""From what was observed to what is wrong: a pure function, and one plain sentence."""

from collections.abc import Callable
from datetime import datetime, timedelta

from schema.errors import ErrorWord
from schema.heartbeat import Refusal
from schema.responses import Diagnosis, DiagnosisCode, Overall
from service.aws.notices import ALARM, WARNING
from service.remedies import REFUSALS, REMEDIES
from service.verdict.situation import IdentityView, Situation, SourceView

STARTING_INTERVALS = 2.0  # how long empty stores are no alarm
CREDENTIALS_WARNING = timedelta(minutes=10)  # a refresh was due five minutes before
REFUSING = frozenset({ErrorWord.AUTH, ErrorWord.PERMISSION, ErrorWord.CLOCK})  # AWS, of identity


def diagnose(situation: Situation) -> Diagnosis:
    """What is wrong, the worst first; what else is wrong is named after it."""
    findings = [found for rule in RULES if (found := rule(situation)) is not None]
    if not findings:
        newest = max(situation.stamps, default=None)
        message = "Every store was written in the last cycle and reads back."
        return _finding(DiagnosisCode.HEALTHY, [], newest, message)
    first, *rest = findings
    also = [f"Also: {found.message}" for found in rest]
    return first.model_copy(update={"message": " ".join([first.message, *also])})


def overall(diagnosis: Diagnosis, situation: Situation) -> Overall:
    """The verdict in one word.

    `error` is what shall wake a person: something is not written or cannot be read. `degraded`
    heals by itself, or will become an error. `aging` is neither.
    """
    if diagnosis.code is DiagnosisCode.HEALTHY:
        return Overall.OK
    if diagnosis.code is DiagnosisCode.STARTING:
        return Overall.DEGRADED
    seen = [source for source in situation.sources if source.observed]
    broken = any(not source.alive or source.error for source in seen)
    iam = situation.iam
    refused = iam is not None and (iam.error is not None or _ends_within(situation, ALARM))
    return Overall.ERROR if broken or refused else Overall.DEGRADED


def _starting(situation: Situation) -> Diagnosis | None:
    if not any(source.observed for source in situation.sources):
        message = "No store has answered yet; this process has just begun to look."
        return _finding(DiagnosisCode.STARTING, [], situation.watching_since, message)
    waited_s = (situation.now - situation.watching_since).total_seconds()
    empty = all(s.reachable and s.stamp is None and not s.error for s in situation.sources)
    if empty and waited_s <= STARTING_INTERVALS * situation.interval_s:
        message = "The stores answer and hold no stamp yet: the worker's first cycle is due."
        return _finding(DiagnosisCode.STARTING, [], situation.watching_since, message)
    return None


def _refused(situation: Situation) -> Diagnosis | None:
    """AWS does not let us in: the cause of whatever AWS sources suffer from."""
    iam = situation.iam
    if iam is None or not _is_refused(iam):
        return None
    hurt = [s.name for s in situation.sources if s.needs_aws and (not s.alive or s.error)]
    remedy = REFUSALS[iam.refusal or Refusal.OTHER]
    message = f"AWS refuses this app's identity ({iam.error or ErrorWord.AUTH}): {remedy}"
    return _finding(DiagnosisCode.CREDENTIALS, ["iam", *hurt], iam.failing_since, message)


def _unreachable(situation: Situation) -> Diagnosis | None:
    hidden = situation.iam is not None and _is_refused(situation.iam)
    lost = [s for s in situation.sources if not s.reachable and not (hidden and s.needs_aws)]
    names = [s.name for s in lost]
    since = min((s.failing_since for s in lost if s.failing_since), default=None)
    parts = [
        f"{s.title} cannot be read ({s.error or ErrorWord.FAILED}): "
        f"{REMEDIES[s.error or ErrorWord.FAILED]}"
        for s in lost
    ]
    iam = situation.iam
    if iam is not None and iam.error is not None and not hidden:
        names.append("iam")
        parts.append(f"AWS STS gives no answer ({iam.error}): {REMEDIES[iam.error]}")
    if not parts:
        return None
    return _finding(DiagnosisCode.SOURCE_UNREACHABLE, names, since, " ".join(parts))


def _silent(situation: Situation) -> Diagnosis | None:
    """Nothing that can be read was written: then it is the worker, not a store."""
    if _starting(situation):
        return None
    seen = [source for source in situation.sources if source.reachable and source.observed]
    all_seen = len(seen) == len(situation.sources)
    if not seen or any(s.alive or s.error for s in seen) or not (all_seen or len(seen) > 1):
        return None
    newest = max(situation.stamps, default=None)
    since = None if newest is None else newest + timedelta(seconds=situation.interval_s)
    what = "has never written" if newest is None else f"has not written since {newest:%H:%M:%S} UTC"
    message = (
        f"The worker {what}, to any store that answers: see that it runs, and read its log; "
        "the stores themselves are fine."
    )
    return _finding(DiagnosisCode.WORKER_SILENT, [s.name for s in seen], since, message)


def _not_written(situation: Situation) -> Diagnosis | None:
    """A store that can be read is not written, or says itself what is wrong with it."""
    if _starting(situation) or _silent(situation):
        return None
    bad = [s for s in situation.sources if s.reachable and s.observed and (s.error or not s.alive)]
    if not bad:
        return None
    since = min((at for s in bad if (at := s.write_failing_since or s.stamp)), default=None)
    message = " ".join(_why_not_written(source) for source in bad)
    return _finding(_code_of(bad[0]), [s.name for s in bad], since, message)


def _why_not_written(source: SourceView) -> str:
    word = source.error or (None if source.last_result == "ok" else source.last_result)
    if word is None:
        return (
            f"{source.title} answers and is not written, and the worker has not said why: "
            "read the worker's log."
        )
    return f"{source.title} answers and is not written ({word}): {REMEDIES[ErrorWord(word)]}"


def _code_of(source: SourceView) -> DiagnosisCode:
    word = source.error or source.last_result
    if word == ErrorWord.QUOTA:
        return DiagnosisCode.QUOTA
    return DiagnosisCode.SCHEMA if source.schema_behind else DiagnosisCode.SOURCE_NOT_WRITTEN


def _schema(situation: Situation) -> Diagnosis | None:
    behind = [s.name for s in situation.sources if s.schema_behind and s.alive and not s.error]
    message = (
        "The database's schema is older than this version: run the migrate job "
        "(`python -m service migrate`), or restart the worker, which migrates when it starts."
    )
    return _finding(DiagnosisCode.SCHEMA, behind, None, message) if behind else None


def _quota(situation: Situation) -> Diagnosis | None:
    """A value is not written although its description is: alive, but half of it is not proved."""
    hurt = [s for s in situation.sources if s.alive and (s.warning or s.part_stale)]
    if not hurt:
        return None
    word = next((s.warning for s in hurt if s.warning), None)
    names = [s.name for s in hurt]
    if word is ErrorWord.QUOTA:
        message = (
            f"{hurt[0].title} has reached its quota of versions: the stamp goes on in the "
            "description, and the value will be written again as versions of the last 24 h age; "
            "write this secret's value less often."
        )
        return _finding(DiagnosisCode.QUOTA, names, None, message)
    remedy = REMEDIES[word] if word else "read the worker's log."
    message = f"{hurt[0].title}: the stamp lands, but the value is not written: {remedy}"
    return _finding(DiagnosisCode.SOURCE_NOT_WRITTEN, names, None, message)


def _expiring(situation: Situation) -> Diagnosis | None:
    iam = situation.iam
    if iam is None or _is_refused(iam):
        return None
    if iam.certificate_expiry and _ends_within(situation, WARNING):
        message = (
            f"The client certificate ends on {iam.certificate_expiry:%Y-%m-%d}: "
            "run `pulumi up`, which renews it, before that day."
        )
        return _finding(DiagnosisCode.CREDENTIALS, ["iam"], None, message)
    if iam.credentials_expiry and iam.credentials_expiry - situation.now < CREDENTIALS_WARNING:
        message = (
            f"The AWS credentials end at {iam.credentials_expiry:%H:%M:%S} UTC and could not be "
            "renewed so far: see whether IAM Roles Anywhere can be reached."
        )
        return _finding(DiagnosisCode.CREDENTIALS, ["iam"], None, message)
    return None


def _out_of_step(situation: Situation) -> Diagnosis | None:
    """All are alive, and yet not of one cycle, for longer than a cycle can take."""
    if situation.in_step or not all(source.alive for source in situation.sources):
        return None
    newest = max(situation.stamps)
    if (situation.now - newest).total_seconds() <= situation.write_deadline_s:
        return None
    behind = [source.name for source in situation.sources if source.stamp != newest]
    message = (
        "The stores hold stamps of different cycles: the last write did not reach all of them, "
        "or two workers with different names or intervals share them."
    )
    return _finding(DiagnosisCode.OUT_OF_STEP, behind, newest, message)


def _pending(situation: Situation) -> Diagnosis | None:
    """Some have answered, and others have had no time to."""
    pending = [source for source in situation.sources if not source.observed]
    if not pending or len(pending) == len(situation.sources):
        return None
    titles = ", ".join(source.title for source in pending)
    message = f"Not answered yet: {titles}; this process has just begun to look."
    names = [source.name for source in pending]
    return _finding(DiagnosisCode.STARTING, names, situation.watching_since, message)


RULES: tuple[Callable[[Situation], Diagnosis | None], ...] = (
    _starting,
    _refused,
    _unreachable,
    _silent,
    _not_written,
    _schema,
    _quota,
    _expiring,
    _out_of_step,
    _pending,
)


def _finding(
    code: DiagnosisCode, sources: list[str], since: datetime | None, message: str
) -> Diagnosis:
    return Diagnosis(code=code, sources=sources, since=since, message=message)


def _is_refused(iam: IdentityView) -> bool:
    return iam.refusal is not None or iam.error in REFUSING


def _ends_within(situation: Situation, span: timedelta) -> bool:
    expiry = situation.iam.certificate_expiry if situation.iam else None
    return expiry is not None and expiry - situation.now < span
