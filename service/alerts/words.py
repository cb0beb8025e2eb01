"""The text of an event, readable on a lock screen."""

from datetime import timedelta
from html import escape

from schema.alerts import AlertEvent, EventKind
from schema.findings import Severity

TEST_TITLE = "This is a test: nothing is wrong"


def subject(event: AlertEvent) -> str:
    """Return one line: deployment, state and problem."""
    return f"{event.deployment}: {headline(event)}"


def headline(event: AlertEvent) -> str:
    """Return state and problem."""
    lasted = span((event.ended or event.at) - event.began)
    match event.kind:
        case EventKind.RESOLVED:
            return f"Resolved after {lasted}: {event.title}"
        case EventKind.REMINDED | EventKind.REFRESHED:
            return f"Still, for {lasted}: {event.title}"
        case EventKind.ESCALATED:
            return f"Now an error: {event.title}"
        case EventKind.TEST:
            return event.title
        case _:
            return event.title if event.severity is Severity.ERROR else f"Degraded: {event.title}"


def plain(event: AlertEvent) -> str:
    """Return the whole text."""
    return "\n".join(f"{label}: {value}" if label else value for label, value in _lines(event))


def html(event: AlertEvent) -> str:
    """Return the whole text as HTML, for e-mail."""
    rows = []
    for label, value in _lines(event):
        shown = escape(value)
        if value.startswith(("http://", "https://")):
            shown = f'<a href="{shown}">{shown}</a>'
        rows.append(f"<p>{escape(label)}: {shown}</p>" if label else f"<p><b>{shown}</b></p>")
    return "".join(rows)


def _lines(event: AlertEvent) -> list[tuple[str, str]]:
    lines = [("", headline(event))]
    if event.kind is not EventKind.TEST:
        lines.append(("Since", f"{event.began:%Y-%m-%d %H:%M:%S} UTC"))
    if event.ended is not None:
        lines.append(("Until", f"{event.ended:%Y-%m-%d %H:%M:%S} UTC"))
    elif event.remedy:
        lines.append(("What to do", event.remedy))
    if event.page_url:
        lines.append(("Page", event.page_url))
    if event.kind is not EventKind.RESOLVED:
        lines.append(("Runbook", runbook(event)))
    return lines


def runbook(event: AlertEvent) -> str:
    """Return the address of the runbook's section, or its path in the repository."""
    return event.runbook_url or f"docs/runbook.md#{event.runbook}"


def span(lasted: timedelta) -> str:
    """Format a duration in its two largest units, such as `1 h 5 min`; a negative one is 0 s."""
    seconds = max(0, round(lasted.total_seconds()))
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")]
    first = next((i for i, (count, _) in enumerate(parts) if count), 3)
    shown = [f"{count} {unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or "0 s"
