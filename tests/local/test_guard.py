import os
import signal
import subprocess
from pathlib import Path

import pytest

from local.guard import guard


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives its rights up")
def test_a_server_of_root_runs_as_a_user_who_may_enter_but_not_write_roots_folders(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "roots"
    folder.mkdir(mode=0o700)
    program = folder / "program"
    program.write_text("#!/bin/sh\nid -un; id -gn; id -Gn; touch written || echo refused\n")
    program.chmod(0o755)
    command = [*guard("nobody", signal.SIGKILL), "/bin/sh", "-c", f"test -x {program} && {program}"]

    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert done.stdout.split() == ["nobody", "nogroup", "nogroup", "refused"]
    assert list(folder.iterdir()) == [program]


def test_without_root_or_a_user_only_the_death_signal_is_set() -> None:
    options = guard(None, signal.SIGQUIT)

    assert options[1:] == ["--pdeathsig=QUIT", "--"]
