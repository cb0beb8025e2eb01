from stack import doctor
from stack.preflight import finding


def test_a_line_shows_a_finding_and_its_remedy() -> None:
    lines = doctor.report(finding.bad("tool", "no uv", "install it"))

    assert lines == "BAD  tool: no uv\n       -> install it"


def test_a_good_line_needs_no_remedy() -> None:
    assert doctor.report(finding.good("tool", "git")) == "ok   tool: git"
