from pathlib import Path

from stack.preflight import tools
from stack.preflight.machine import Done
from tests.stack.preflight.machines import FakeMachine

ALL = {*tools.REQUIRED, *tools.USEFUL}
LOGGED_IN = {"pulumi whoami": Done(code=0, out="ada")}


def test_all_tools_and_a_login_are_good() -> None:
    found = list(tools.check(FakeMachine(tools=ALL, commands=LOGGED_IN), None))

    assert {f.verdict for f in found} == {"good"}
    assert found[-1].says == "logged in as ada"


def test_a_missing_tool_is_bad_only_if_an_up_needs_it() -> None:
    found = tools.check(FakeMachine(tools=ALL - {"uv", "doctl"}, commands=LOGGED_IN), None)

    verdicts = {f.says: f.verdict for f in found}
    assert verdicts["no uv"] == "bad"
    assert verdicts["no doctl"] == "warning"


def test_no_login_is_bad() -> None:
    found = list(tools.check(FakeMachine(tools=ALL), None))

    assert (found[-1].verdict, found[-1].subject) == ("bad", "Pulumi")
    assert "pulumi login" in found[-1].remedy


def test_it_names_the_uv_in_use_and_the_folders_own() -> None:
    own = Path("/home/ada/heartbeat/.uv/0.13.9/uv")

    on_path = next(iter(tools.check(FakeMachine(tools=ALL), own)))
    (without,) = (f for f in tools.check(FakeMachine(tools=ALL - {"uv"}), own) if "uv" in f.says)

    assert (on_path.verdict, on_path.says) == ("good", "uv is /usr/bin/uv")
    assert (without.verdict, str(own) in without.says) == ("bad", True)
    assert without.remedy == 'export PATH="/home/ada/heartbeat/.uv/0.13.9:$PATH"'
