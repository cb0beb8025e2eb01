"""Collect every query for users: from the rules, the dashboard, and the docs."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from tests.docs.pages import Page
from tests.service.processes import ROOT

FOLDER = ROOT / "monitoring"
SLO = Page("docs/slo.md")
SELECTOR = re.compile(r"\bheartbeat[\w:]*(?:\{[^}]*\})?")
NAMES = re.compile(r"\b(?:by|on) \([^)]*\)")  # labels, and no metrics


@dataclass(frozen=True)
class Query:
    """One query.

    Attributes:
        origin: Where it is written, for messages.
        text: PromQL.
        rare: Whether it has data only after something has gone wrong.
    """

    origin: str
    text: str
    rare: bool = False


def recordings() -> Iterator[Query]:
    """Yield the series that rules record."""
    for rule in _rules():
        if "record" in rule:
            yield Query(f"rule {rule['record']}", rule["record"])


def inputs() -> Iterator[Query]:
    """Yield the selectors of each alert."""
    for rule in _rules():
        if "alert" in rule:
            for selector in dict.fromkeys(SELECTOR.findall(NAMES.sub("", rule["expr"]))):
                yield Query(f"alert {rule['alert']}", selector)


def panels() -> Iterator[Query]:
    """Yield the dashboard's queries, for all jobs and deployments."""
    for panel in json.loads((FOLDER / "dashboard.json").read_text())["panels"]:
        for target in panel["targets"]:
            text = target["expr"].replace("$job", ".*").replace("$name", ".*")
            yield Query(f"panel {panel['id']}: {panel['title']}", text, 'word!="ok"' in text)


def questions() -> Iterator[Query]:
    """Yield the queries of docs/slo.md, one for each question."""
    for row in SLO.rows("Queries for daily questions")[1:]:
        for text in re.findall(r"`([^`]+)`", row[1].replace("\\|", "|")):
            yield Query(f"question: {row[0]}", text)


def everything() -> list[Query]:
    """Return all queries."""
    return [*recordings(), *inputs(), *panels(), *questions()]


def _rules() -> list[dict[str, str]]:
    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]
