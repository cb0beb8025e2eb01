import gc
import subprocess
import sys

import pytest

from service import garbage
from tests.service.processes import BARE, ROOT


def test_the_collector_is_paused_until_it_is_resumed_and_ignores_what_exists_then() -> None:
    frozen = gc.get_freeze_count()
    garbage.pause()
    try:
        assert not gc.isenabled()
    finally:
        garbage.resume()

    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen
    gc.unfreeze()


def test_nothing_is_frozen_where_the_collector_was_not_paused() -> None:
    frozen = gc.get_freeze_count()

    garbage.resume()

    assert gc.get_freeze_count() == frozen


@pytest.mark.parametrize(
    ("step", "enabled"),
    [
        ("import service.__main__", True),
        ("import runpy; sys.argv = ['service', '--help']; run(runpy.run_module)", False),
        (
            "import service.__main__ as m; gc.disable(); run(lambda *_, **__: m.main(['check']))",
            True,
        ),
    ],
    ids=["imported", "run, before a command", "another command"],
)
def test_only_the_api_and_the_worker_start_with_the_collector_paused(
    step: str, *, enabled: bool
) -> None:
    program = f"""
import contextlib, gc, os, sys
def run(call):
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(open(os.devnull, "w")):
        call("service", run_name="__main__")
{step}
print(gc.isenabled())
"""

    done = subprocess.run(
        [sys.executable, "-c", program],
        env=BARE,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"{enabled}\n"
