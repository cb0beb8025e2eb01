"""A pytest plugin: the summary ends with how many tests lack an engine, and each file's time."""

from collections.abc import Iterator

import pytest

from tests import order
from tests.platform import docker
from tests.stack.engine import NO_CLI


@pytest.hookimpl(wrapper=True, tryfirst=True)  # after the list of what was skipped
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield
    skipped = terminalreporter.getreports("skipped")
    for title, reason in (("the engine's tests", NO_CLI), ("containers", docker.NO_ENGINE)):
        if count := len([report for report in skipped if reason in str(report.longrepr)]):
            terminalreporter.section(title)
            terminalreporter.line(f"{count} tests did not run: {reason}")
    if terminalreporter.config.getoption("durations"):
        _write_seconds_by_file(terminalreporter)


def _write_seconds_by_file(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [
        report
        for outcome in ("passed", "failed", "")  # fixtures' reports have no outcome's name
        for report in terminalreporter.stats.get(outcome, [])
        if isinstance(report, pytest.TestReport)
    ]
    terminalreporter.section("seconds by file")
    for seconds, file in order.seconds_by_file(reports):
        if seconds >= 1:
            terminalreporter.line(f"{seconds:7.1f} {file}")
