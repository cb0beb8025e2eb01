"""Rules on readings: stores that have not answered yet, and stores that cannot be read."""

from schema.errors import ErrorWord
from schema.findings import Finding, FindingCode, Severity
from schema.heartbeat import IDENTITY
from service.verdict import credentials
from service.verdict.situation import Situation, SourceView, is_starting

NETWORK = frozenset({ErrorWord.TIMEOUT, ErrorWord.UNREACHABLE})
READINGS = "Wait some seconds for the readings in flight."
OWN_NETWORK = (
    "Check this app's own network first, since all stores fail alike; then whether they run and "
    "let this app in."
)


def starting(situation: Situation) -> list[Finding]:
    """Find a start: nothing was read yet, or nothing can have been written yet."""
    if not is_starting(situation):
        return []
    if any(source.observed for source in situation.sources):
        title = "The stores answer and hold no stamp yet"
        return [_too_early(situation, [], title, "Wait for the worker's first cycle.")]
    return [_too_early(situation, [], "No store has answered yet", READINGS)]


def pending(situation: Situation) -> list[Finding]:
    """Find stores that have not had the time to answer, at the start or now, while others have."""
    late = [source for source in situation.sources if not source.observed]
    if not late or is_starting(situation):
        return []
    title = f"Not answered yet: {', '.join(source.title for source in late)}"
    return [_too_early(situation, [source.name for source in late], title, READINGS)]


def none_readable(situation: Situation) -> list[Finding]:
    """Find that no store can be read: one finding, because the cause is not a single store."""
    if not situation.all_away:
        return []
    explained = credentials.explained(situation)
    own = [source for source in situation.sources if source.name not in explained]
    words: list[str] = [_word(source) for source in own]
    titles: dict[str, list[str]] = {}
    for source in own:
        titles.setdefault(source.remedy(_word(source)), []).append(source.title)
    names = [source.name for source in situation.sources]
    if situation.iam is not None and situation.iam.troubled:
        word, remedy = credentials.cause(situation.iam)
        words.append(word)
        titles.setdefault(remedy, []).append(credentials.TITLE)
        names.append(IDENTITY)
    begins = [source.failing_since for source in situation.sources if source.failing_since]
    return [
        Finding(
            code=FindingCode.SOURCE_UNREACHABLE,
            severity=Severity.ERROR,
            sources=names,
            since=max(begins, default=None),  # when the last of them failed
            title=f"No store can be read ({', '.join(dict.fromkeys(words))})",
            remedy=OWN_NETWORK if set(words) <= NETWORK else _together(titles),
            runbook="no-store-can-be-read",
        )
    ]


def unreachable(situation: Situation) -> list[Finding]:
    """Find stores that cannot be read, each for its own reason."""
    if situation.all_away:
        return []
    explained = credentials.explained(situation)
    return [
        Finding(
            code=FindingCode.SOURCE_UNREACHABLE,
            severity=Severity.ERROR,
            sources=[source.name],
            since=source.failing_since,
            title=f"{source.title} cannot be read ({_word(source)})",
            remedy=source.remedy(_word(source)),
            runbook=FindingCode.SOURCE_UNREACHABLE,
        )
        for source in situation.sources
        if not source.reachable and source.name not in explained
    ]


def _too_early(situation: Situation, names: list[str], title: str, remedy: str) -> Finding:
    return Finding(
        code=FindingCode.STARTING,
        severity=Severity.DEGRADED,
        sources=names,
        since=situation.watching_since,
        title=title,
        remedy=remedy,
        runbook=FindingCode.STARTING,
    )


def _word(source: SourceView) -> ErrorWord:
    return source.error or ErrorWord.FAILED


def _together(titles: dict[str, list[str]]) -> str:
    """Join several remedies in one sentence, each with its sources."""
    if len(titles) == 1:
        return next(iter(titles))
    return (
        "; ".join(
            f"{' and '.join(names)}: {remedy[0].lower()}{remedy[1:].removesuffix('.')}"
            for remedy, names in titles.items()
        )
        + "."
    )
