"""Derive findings from a situation: pure functions, one finding for each root cause."""

from collections.abc import Callable

from schema.findings import Finding, Severity
from schema.status import Diagnosis, DiagnosisCode, Overall
from service.verdict import credentials, deliveries, readings, replicas, writes
from service.verdict.situation import Situation

Rule = Callable[[Situation], list[Finding]]
"""Returns the findings of one kind of problem; empty if there is none."""

RULES: tuple[Rule, ...] = (
    readings.starting,
    readings.none_readable,
    credentials.refused,
    readings.unreachable,
    credentials.unproved,
    writes.silent,
    writes.not_written,
    writes.schema_behind,
    writes.part_not_written,
    writes.part_replaced,
    credentials.certificate_ends,
    credentials.not_renewed,
    writes.out_of_step,
    readings.pending,
    replicas.behind,
    deliveries.undelivered,
)
"""More serious ones first: among findings of the same severity, this order decides which leads."""

SEVERITIES = list(Severity)
HEALTHY = "Every store was written in the last cycle and reads back."


def diagnose(situation: Situation) -> Diagnosis:
    """Diagnose a situation; the worst finding comes first."""
    found = [finding for rule in RULES for finding in rule(situation)]
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    if not found:
        newest = max(situation.stamps, default=None)
        return Diagnosis(
            code=DiagnosisCode.HEALTHY, sources=[], since=newest, message=HEALTHY, findings=[]
        )
    return conclude(found)


def conclude(findings: list[Finding]) -> Diagnosis:
    """Summarise findings: at least one, worst first."""
    worst = findings[0].code
    alike = [finding for finding in findings if finding.code is worst]
    return Diagnosis(
        code=DiagnosisCode(worst),
        sources=list(dict.fromkeys(name for finding in alike for name in finding.sources)),
        since=min((finding.since for finding in alike if finding.since), default=None),
        message=message(findings),
        findings=findings,
    )


def overall(diagnosis: Diagnosis) -> Overall:
    """Return the verdict: the worst finding's severity."""
    severities = {finding.severity for finding in diagnosis.findings}
    return next((Overall(each) for each in SEVERITIES if each in severities), Overall.OK)


def message(findings: list[Finding]) -> str:
    """Write findings as text for a log or a terminal, each remedy once."""
    mentioned: set[str] = set()
    sentences = []
    for each in findings:
        if each.remedy is None or each.remedy in mentioned:
            sentences.append(f"{each.title}.")
        else:  # which begins with a verb
            sentences.append(f"{each.title}: {each.remedy[0].lower()}{each.remedy[1:]}")
            mentioned.add(each.remedy)
    return " Also: ".join(sentences)
