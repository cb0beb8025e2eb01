from stack.preflight import tools
from stack.preflight.world import Done
from tests.stack.preflight.worlds import FakeWorld

ALL = {*tools.REQUIRED, *tools.USEFUL}
LOGGED_IN = {"pulumi whoami": Done(code=0, out="ada")}


def test_all_tools_and_a_login_are_good() -> None:
    found = list(tools.check(FakeWorld(tools=ALL, commands=LOGGED_IN)))

    assert {f.verdict for f in found} == {"good"}
    assert found[-1].says == "logged in as ada"


def test_a_missing_tool_is_bad_only_if_an_up_needs_it() -> None:
    found = tools.check(FakeWorld(tools=ALL - {"uv", "doctl"}, commands=LOGGED_IN))

    verdicts = {f.says: f.verdict for f in found}
    assert verdicts["no uv"] == "bad"
    assert verdicts["no doctl"] == "warning"


def test_no_login_is_bad() -> None:
    found = list(tools.check(FakeWorld(tools=ALL)))

    assert (found[-1].verdict, found[-1].subject) == ("bad", "Pulumi")
    assert "pulumi login" in found[-1].remedy
