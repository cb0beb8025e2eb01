"""A rule on replicas: stamps arrive late at the copy of a store, or it cannot be read."""

from schema.findings import Finding, FindingCode, Severity
from schema.heartbeat import ReplicaReport
from service.remedies import REMEDIES
from service.verdict.situation import Situation, SourceView

FOLLOW = (
    "Check the replica's replication: whether it is connected to the primary and has room on its "
    "disk, and whether long queries on it hold up the replay."
)


def behind(situation: Situation) -> list[Finding]:
    """Find replicas that did not show the last stamp in time; the store itself is well."""
    return [
        Finding(
            code=FindingCode.REPLICA_BEHIND,
            severity=Severity.DEGRADED,
            sources=[source.name],
            since=source.replica.failing_since,
            title=_title(situation, source, source.replica),
            remedy=FOLLOW if source.replica.error is None else REMEDIES[source.replica.error],
            runbook=FindingCode.REPLICA_BEHIND,
        )
        for source in situation.sources
        if source.replica is not None and source.replica.failing_since is not None and source.alive
    ]


def _title(situation: Situation, source: SourceView, replica: ReplicaReport) -> str:
    name = f"{source.title}'s replica"
    if replica.error is not None:
        return f"{name} cannot be read ({replica.error})"
    after = f"{replica.waited_seconds or 0.0:.3g} s after the last write"
    if replica.stamp is None:
        return f"{name} holds no stamp {after}"
    return f"{name} is behind: {after} it held that of {situation.moment(replica.stamp)}"
