"""The table of faults in docs/alerts.md lists the faults that the test suite causes."""

import ast

from tests.docs.pages import ROOT, Page
from tests.syntax import parsed

PLAYED = ("test_faults.py", "test_killed.py")
FEATURES = {  # they show what alerts can do, and no fault
    "test_each_target_gets_reminders_by_its_own_setting",
    "test_a_webhook_has_the_deployments_name_and_the_events_id",
}


def test_the_table_lists_exactly_the_faults_that_the_suite_runs() -> None:
    played = {
        node.name
        for name in PLAYED
        for node in parsed((ROOT / "tests/service/alerts" / name).read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }

    assert Page("docs/alerts.md").named("Tested faults", column=2) == played - FEATURES
