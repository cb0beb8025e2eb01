"""The tables of the docs list exactly what the code contains."""

import re

from schema.errors import RETRYABLE, ErrorWord
from schema.heartbeat import Refusal
from schema.status import DiagnosisCode
from tests.docs import facts
from tests.docs.pages import ROOT, Page

CONTRIBUTING = Page("CONTRIBUTING.md")
SETTINGS, API = Page("docs/settings.md"), Page("docs/api.md")
RUNBOOK, MONITORING = Page("docs/runbook.md"), Page("docs/monitoring.md")
STACK, CLIENT = Page("docs/stack.md"), Page("docs/client.md")


def test_every_setting_is_in_the_docs_with_its_default() -> None:
    sections = SETTINGS.sections("Settings")
    named = [name for section in sections for name in sorted(SETTINGS.named(section))]

    assert sorted(named) == sorted(facts.settings())  # each once
    for section in sections:
        for variables, default, _ in SETTINGS.rows(section)[1:]:
            for name in re.findall(r"`(\w+)`", variables):
                value = _shown(facts.settings()[name])
                assert value is None or value in default, f"{name}: {value!r} is not in {default!r}"


def test_every_endpoint_is_in_the_docs() -> None:
    assert API.named("Endpoints") == facts.endpoints()


def test_every_setting_of_the_stack_is_in_the_docs_with_its_default() -> None:
    configuration = facts.configuration() | {"aws:region": None}

    assert STACK.named("Settings") == set(configuration)
    for key, default, _ in STACK.rows("Settings")[1:]:
        value = _shown(configuration[key.strip("`")]) or ""
        assert default.strip("`") == value, key


def test_every_output_of_the_stack_is_in_the_docs() -> None:
    assert STACK.named("Outputs") == facts.outputs()


def test_every_target_is_in_the_docs() -> None:
    assert CONTRIBUTING.named("Working on it") == {f"make {name}" for name in facts.targets()}


def test_every_metric_is_in_the_docs() -> None:
    assert MONITORING.named("Metrics") == facts.metrics()


def test_every_diagnosis_is_in_the_runbook() -> None:
    assert RUNBOOK.named("Diagnoses") == set(DiagnosisCode)


def test_every_error_word_is_in_the_runbook_with_whether_it_is_retried() -> None:
    assert RUNBOOK.named("Error words") == set(ErrorWord)
    marked = {row[0].split("`")[1] for row in RUNBOOK.rows("Error words") if "↻" in row[0]}
    assert marked == RETRYABLE


def test_every_refusal_is_in_the_runbook() -> None:
    assert RUNBOOK.named("Refusals") == set(Refusal)


def test_every_log_line_is_in_the_runbook() -> None:
    assert RUNBOOK.named("Log lines") == facts.events()


def test_every_function_of_the_client_is_in_its_docs_and_every_method_of_its_watcher() -> None:
    text = (ROOT / "web" / "client.js").read_text()
    options = re.findall(r"@property \{[^\n]*\} \[(\w+)\]", text)
    functions = re.findall(r"^export function (\w+)", text, re.MULTILINE)
    watcher = text[text.index("class Watcher") :].partition("\n}\n")[0]
    methods = re.findall(r"^  (?:async )?([a-z]\w*)\(.*\) \{", watcher, re.MULTILINE)

    named = {name.partition("(")[0] for name in CLIENT.named("Functions")}
    assert named == {*functions, *options}
    shown = {name.partition("(")[0] for name in CLIENT.named("Watching")}
    assert shown == {*methods} - {"constructor"}


def test_every_alert_is_in_the_runbook() -> None:
    assert RUNBOOK.named("Alerts") == facts.alerts()


def _shown(default: object) -> str | None:
    """Return a default as tables show it, None for an empty one."""
    if default is None or default in ((), ""):
        return None
    if isinstance(default, float):
        return f"{default:g}"
    return str(default).lower() if isinstance(default, bool) else str(default)
