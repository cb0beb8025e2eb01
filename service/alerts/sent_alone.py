"""Alerts that one process sent while it reached no store that decides."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from schema.alerts import EventKind
from service.alerts.events import Event, Look, event
from service.alerts.state import Alert, State, alert_key


class SentAlone:
    """The alerts that receivers know from this process, and that PostgreSQL may not have.

    Args:
        name: `HEARTBEAT_NAME`.
        yield_s: How long a standby waits before it resolves them: the decider may not yet have
            written what it decided without the stores.
        clock: Monotonic seconds.
    """

    def __init__(self, name: str, yield_s: float, clock: Callable[[], float]) -> None:
        self._name = name
        self._yield_s = yield_s
        self._clock = clock
        self._alerts: dict[UUID, Alert] = {}
        self._left: set[UUID] = set()
        self._waits_since = 0.0

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._alerts)

    def state(self) -> State:
        """Return them as a state, to merge with the stored one."""
        return State(alerts=tuple(self._alerts.values()))

    def replace(self, alerts: Iterable[Alert]) -> None:
        """Remember the alerts among these that receivers know, instead of the former ones."""
        self._alerts = {alert.id: alert for alert in alerts if alert.told}

    def unknown_to(self, stored: State) -> list[Alert]:
        """Return those that the decider's state lacks."""
        known = {alert.id for alert in stored.alerts} | set(stored.closed)
        return [alert for alert in self._alerts.values() if alert.id not in known]

    def note_left(self, alerts: Iterable[Alert]) -> None:
        """Note that Valkey has these, so that only the decider ends them."""
        self._left |= {alert.id for alert in alerts}

    def start_waiting(self) -> None:
        """Note that this process has just stopped deciding."""
        self._waits_since = self._clock()

    def resolve(self, stored: State, now: datetime) -> list[Event]:
        """Return events that end the alerts which the decider does not know.

        An alert waits while the decider has another one with the same key: receivers have folded
        the two, and would end both.

        Args:
            stored: The decider's state.
            now: The wall clock.
        """
        if self._clock() - self._waits_since < self._yield_s:
            return []
        keys = {alert_key(self._name, alert) for alert in stored.alerts if alert.told}
        unknown = self.unknown_to(stored)
        ended = [
            alert
            for alert in unknown
            if alert.id not in self._left and alert_key(self._name, alert) not in keys
        ]
        self._alerts = {alert.id: alert for alert in unknown if alert not in ended}
        look = Look(at=now, elapsed_s=0.0, findings=())
        return [event(EventKind.RESOLVED, _ended(each, now), look, self._name) for each in ended]


def _ended(alert: Alert, at: datetime) -> Alert:
    return alert.model_copy(update={"ended": alert.ended or at})
