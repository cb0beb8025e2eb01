"""Incidents as an Atom feed, RFC 4287."""

from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from schema.incidents import Incident, IncidentKind, Incidents

WITHOUT_ERROR = {
    IncidentKind.FAILED: "failed",
    IncidentKind.UNKNOWN: "nothing was recorded",
    IncidentKind.PROMOTED: "another server took over",
}
ATOM = "http://www.w3.org/2005/Atom"


def atom(found: Incidents, title: str, root: str) -> bytes:
    """Render the feed, newest first.

    Args:
        found: The incidents.
        title: The deployment's title.
        root: The page's address, ending with a slash.
    """
    feed = Element("feed", xmlns=ATOM)
    _text(feed, "id", uuid5(NAMESPACE_URL, root).urn)
    _text(feed, "title", f"{title}: incidents")
    newest = [each.end or each.start for each in found.incidents]
    _text(feed, "updated", max(newest, default=found.start).isoformat())
    SubElement(feed, "link", href=root)
    SubElement(SubElement(feed, "author"), "name").text = title
    for incident in found.incidents:
        _entry(feed, incident, root)
    text: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return text


def _entry(feed: Element, incident: Incident, root: str) -> None:
    entry = SubElement(feed, "entry")
    address = f"{root}?range=1y#incident-{incident.id}"
    what = incident.error.replace("_", " ") if incident.error else WITHOUT_ERROR[incident.kind]
    until = f"to {incident.end.isoformat()}" if incident.end else "and lasting"
    _text(entry, "id", uuid5(NAMESPACE_URL, address).urn)
    _text(entry, "title", f"{incident.title}: {what}")
    _text(entry, "updated", (incident.end or incident.start).isoformat())
    SubElement(entry, "link", href=address)
    missed = f"{incident.beats_missed} missed"
    _text(entry, "summary", f"From {incident.start.isoformat()} {until}; beats: {missed}.")


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
