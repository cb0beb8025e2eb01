"""All services of Apprise, by the one plugin that a target needs."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from apprise import NotifyFormat, NotifyType
from apprise.plugins.base import NotifyBase

from schema.alerts import AlertEvent, DeliveryError, EventKind
from schema.findings import Severity
from service.alerts import words
from service.alerts.plugins import PLUGINS
from service.alerts.senders.result import SendResult, result_of_status
from service.alerts.targets import Target, TargetError

MAIL = frozenset({"mailto", "mailtos"})


class Messages:
    """Sends to one target of Apprise.

    Args:
        target: A target, whose URL is Apprise's.

    Raises:
        TargetError: The plugin rejects the URL.
    """

    def __init__(self, target: Target) -> None:
        self._plugin = _plugin(target)
        self._is_mail = target.kind in MAIL  # it gets plain text and HTML

    def send(self, event: AlertEvent) -> SendResult:
        """Send it once."""
        with _answers() as answers:
            try:
                taken = self._plugin.notify(
                    title=words.subject(event),
                    body=words.html(event) if self._is_mail else words.plain(event),
                    body_format=NotifyFormat.HTML if self._is_mail else NotifyFormat.TEXT,
                    notify_type=_type(event),
                )
            except Exception:  # noqa: BLE001 - of 170 plugins; the text may hold the URL
                return SendResult(DeliveryError.FAILED)
        if taken:
            return SendResult()
        # The plugin only reports failure; its HTTP answers give the reason.
        judgements = [result_of_status(answer.status_code, answer.headers) for answer in answers]
        worst = next((sent for sent in reversed(judgements) if sent.error), None)
        return worst or SendResult(DeliveryError.FAILED if answers else DeliveryError.UNREACHABLE)


def _plugin(target: Target) -> NotifyBase:
    """Return the target's plugin; Apprise itself would import all of them, 12 MB and a second."""
    module = importlib.import_module(f"apprise.plugins.{PLUGINS[target.kind]}")
    for found in vars(module).values():
        is_plugin = isinstance(found, type) and issubclass(found, NotifyBase)
        if is_plugin and target.kind in _schemes(found):
            try:
                parsed = found.parse_url(target.url)
                if parsed:
                    plugin: NotifyBase = found(**parsed)
                    return plugin
            except Exception:  # noqa: BLE001, S110 - of 170 plugins; the text may hold the URL
                pass
    what = "has a URL that Apprise does not take: compare it with the service's page in its docs"
    raise TargetError(f"target no. {target.number} ({target.kind}) {what}")


def _schemes(plugin: type[NotifyBase]) -> list[str]:
    schemes: list[str] = []
    given: list[Any] = [plugin.protocol, plugin.secure_protocol]  # Any: a text, several or None
    for each in given:
        schemes += [each] if isinstance(each, str) else list(each or ())
    return schemes


def _type(event: AlertEvent) -> NotifyType:
    if event.kind is EventKind.RESOLVED:
        return NotifyType.SUCCESS
    if event.kind is EventKind.TEST:
        return NotifyType.INFO
    return NotifyType.FAILURE if event.severity is Severity.ERROR else NotifyType.WARNING


_recorded = threading.local()


@contextmanager
def _answers() -> Iterator[list[requests.Response]]:
    """Collect the HTTP answers of this thread."""
    if not getattr(requests.Session, "recorded_by_heartbeat", False):
        _record_answers()
    _recorded.answers = []
    try:
        yield _recorded.answers
    finally:
        _recorded.answers = None


def _record_answers() -> None:
    """Let sessions of requests record their answers, which Apprise does not report."""
    send = requests.Session.send

    def recording(self: requests.Session, request: Any, **options: Any) -> requests.Response:
        answer = send(self, request, **options)
        answers = getattr(_recorded, "answers", None)
        if answers is not None:
            answers.append(answer)
        return answer

    requests.Session.send = recording  # type: ignore[method-assign] # there is no hook for all
    requests.Session.recorded_by_heartbeat = True  # type: ignore[attr-defined] # so that it happens once
