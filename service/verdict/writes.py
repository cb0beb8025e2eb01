"""Rules on writes: a silent worker, stores that are not written, stamps that differ."""

from datetime import datetime, timedelta

from schema.errors import Cause, ErrorWord
from schema.findings import Finding, FindingCode, Severity
from schema.freshness import stale_after_s
from service.observation import Replacement
from service.remedies import CAUSES
from service.verdict import credentials
from service.verdict.situation import Situation, SourceView, is_starting

READ_THE_LOG = "Read the worker's log."
TWO_WORKERS = (
    "Check whether two workers of different names or intervals share the stores, and read the "
    "worker's log."
)
SEPARATE = "Give Heartbeat a secret of its own if another program rotates this one."
NEXT_CYCLE = "Wait for the worker's next cycle, which writes the stamp into it."
NEXT_SLOT = (
    "Wait: the worker writes the stamp again when the next value is due, because AWS limits the "
    "versions of a secret in 24 h."
)
MIGRATE = (
    "Run the migrate job (`python -m service migrate`), or wait a minute: a worker of this version "
    "checks its tables that often."
)


def silent(situation: Situation) -> list[Finding]:
    """Find a silent worker: no readable store was written."""
    seen = _unwritten_alike(situation)
    explained = credentials.explained(situation)
    names = [source.name for source in seen if source.name not in explained]
    if not names:
        return []
    newest = max(situation.stamps, default=None)
    what = "has never written" if newest is None else "has not written"
    since = None if newest is None else newest + timedelta(seconds=situation.interval_s)
    where = "to any store" if len(seen) == len(situation.sources) else "to any store that answers"
    when = "" if newest is None else f" since {situation.moment(newest)}"
    return [
        Finding(
            code=FindingCode.WORKER_SILENT,
            severity=Severity.ERROR,
            sources=names,
            since=since,
            title=f"The worker {what} {where}{when}",
            remedy="Check that the worker runs, and read its log.",
            runbook=FindingCode.WORKER_SILENT,
        )
    ]


def not_written(situation: Situation) -> list[Finding]:
    """Find stores that answer but are not written, or that report an error themselves."""
    if is_starting(situation):
        return []
    swallowed = credentials.explained(situation)
    swallowed |= {source.name for source in _unwritten_alike(situation)}
    return [
        _about(source)
        for source in situation.sources
        if source.reachable and source.failing and source.name not in swallowed
        if not _is_schemas_fault(source)
    ]


def schema_behind(situation: Situation) -> list[Finding]:
    """Find schemas that are older than this version needs; an error if the stamp is affected.

    Not before it is time to judge, and not if no store is written: then the worker is silent, and
    its last result about the schema is old.
    """
    judged = not is_starting(situation)
    silent_about = {source.name for source in _unwritten_alike(situation)}
    return [
        Finding(
            code=FindingCode.SCHEMA,
            severity=Severity.ERROR
            if judged and _is_schemas_fault(source) and source.name not in silent_about
            else Severity.DEGRADED,
            sources=[source.name],
            since=None,
            title=_schema(source),
            remedy=_restore(source),
            runbook=FindingCode.SCHEMA,
        )
        for source in situation.sources
        if source.schema_behind and source.reachable
    ]


def _schema(source: SourceView) -> str:
    if source.schema_missing:
        return f"{source.title} lacks {', '.join(source.schema_missing)}"
    return f"{source.title}'s schema is not the one that this version needs"


def _restore(source: SourceView) -> str:
    lacks_column = any("." in name for name in source.schema_missing)
    return CAUSES[Cause.COLUMN_MISSING] if lacks_column else MIGRATE


def part_not_written(situation: Situation) -> list[Finding]:
    """Find secrets whose value is not written although the description is."""
    return [
        _about_part(
            source,
            _code(source.warning),
            "the stamp lands, but the value is not written"
            + (f" ({source.warning})" if source.warning else ""),
            source.remedy(source.warning) if source.warning else READ_THE_LOG,
        )
        for source in situation.sources
        if source.alive and not source.failing
        if source.warning or (source.part_stale and source.replacement is None)
    ]


def part_replaced(situation: Situation) -> list[Finding]:
    """Find replaced values; report them until they are stamped again, and shortly after."""
    return [
        _about_part(source, FindingCode.SOURCE_NOT_WRITTEN, *_replaced(situation, part))
        for source in situation.sources
        if source.alive and not source.failing and not source.warning
        if (part := source.replacement) and (source.part_stale or _is_news(situation, part))
    ]


def _is_news(situation: Situation, part: Replacement) -> bool:
    if part.rewritten_at is None:
        return False
    age_s = (situation.now - part.rewritten_at).total_seconds()
    return age_s <= stale_after_s(situation.interval_s)


def _replaced(situation: Situation, part: Replacement) -> tuple[str, str]:
    """Return title and remedy; they contain no guess."""
    at = "" if part.made_at is None else f" at {situation.moment(part.made_at)}"
    if part.rewritten_at is not None:
        again = situation.moment(part.rewritten_at)
        return f"somebody else replaced the value{at}; written again at {again}", SEPARATE
    if part.noticed:
        return f"somebody else replaced the value{at}", NEXT_SLOT
    return f"the value has no stamp: somebody else wrote it{at}", NEXT_CYCLE


def _about_part(source: SourceView, code: FindingCode, what: str, remedy: str | None) -> Finding:
    return Finding(
        code=code,
        severity=Severity.DEGRADED,
        sources=[source.name],
        since=source.replacement.made_at if source.replacement else None,
        title=f"{source.title}: {what}",
        remedy=remedy,
        runbook="value-not-written",
    )


def out_of_step(situation: Situation) -> list[Finding]:
    """Find recent stamps of different cycles, for longer than a cycle can take."""
    if situation.in_step or not all(source.alive for source in situation.sources):
        return []
    newest = max(situation.stamps)
    if (situation.now - newest).total_seconds() <= situation.write_deadline_s:
        return []
    behind = [s for s in situation.sources if s.stamp != newest and not s.failing]
    unexplained = [source for source in behind if source.word is None]
    found = [
        _behind([source], newest, f"The last write did not reach {source.title} ({word})", remedy)
        for source in behind
        if (word := source.word) and (remedy := source.remedy(word))
    ]
    if unexplained:
        title = "The stores hold stamps of different cycles"
        found.append(_behind(unexplained, newest, title, TWO_WORKERS))
    return found


def _behind(sources: list[SourceView], since: datetime, title: str, remedy: str) -> Finding:
    return Finding(
        code=FindingCode.OUT_OF_STEP,
        severity=Severity.DEGRADED,
        sources=[source.name for source in sources],
        since=since,
        title=title,
        remedy=remedy,
        runbook=FindingCode.OUT_OF_STEP,
    )


def _unwritten_alike(situation: Situation) -> list[SourceView]:
    """Return the stores that answer, if none of them is written and enough of them were read."""
    if is_starting(situation):
        return []
    seen = [source for source in situation.sources if source.reachable and source.observed]
    enough = len(seen) > 1 or len(seen) == len(situation.sources)
    return seen if enough and not any(s.alive or s.error for s in seen) else []


def _about(source: SourceView) -> Finding:
    word = source.word
    if source.error is not None:
        title = f"{source.title} answers with an error ({source.error})"
    elif word is not None:
        title = f"{source.title} is not written ({word})"
    else:
        title = f"{source.title} is not written, and the worker has not reported why"
    return Finding(
        code=_code(word),
        severity=Severity.ERROR,
        sources=[source.name],
        # A recent stamp shows how long writes worked, not when the problem began.
        since=source.write_failing_since or (None if source.alive else source.stamp),
        title=title,
        remedy=source.remedy(word) if word else READ_THE_LOG,
        runbook=_code(word),
    )


def _code(word: ErrorWord | None) -> FindingCode:
    return FindingCode.QUOTA if word is ErrorWord.QUOTA else FindingCode.SOURCE_NOT_WRITTEN


def _is_schemas_fault(source: SourceView) -> bool:
    """Tell whether the store's schema is what is missing."""
    return source.schema_behind and source.failing and source.word is ErrorWord.NOT_FOUND
