import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.home import HomeInUseError, default_home, locked, temporary

ROOT = Path(__file__).parents[2]


def test_data_are_in_the_checkout_but_not_in_git_or_the_image() -> None:
    assert default_home() == ROOT / ".heartbeat"
    assert "/.heartbeat/" in (ROOT / ".gitignore").read_text().splitlines()
    assert ".heartbeat" not in (ROOT / ".dockerignore").read_text()  # which names what it lets in


def test_a_folder_in_use_is_refused_with_its_users_pid(tmp_path: Path) -> None:
    refusal = pytest.raises(HomeInUseError, match=f"{tmp_path} is in use .* pid {os.getpid()}")

    with locked(tmp_path), refusal, locked(tmp_path):
        pass


def test_a_folder_is_free_after_use_and_only_for_its_owner(tmp_path: Path) -> None:
    home = tmp_path / "new"

    for _ in range(2):
        with locked(home):
            assert home.stat().st_mode & 0o777 == 0o700


def test_the_lock_of_a_killed_process_is_gone(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from local.home import locked
with locked(Path({str(tmp_path)!r})):
    print("locked", flush=True)
    input()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(HomeInUseError, match=f"pid {holder.pid}"), locked(tmp_path):
            pass
        holder.kill()

    with locked(tmp_path):
        pass


def test_a_temporary_folder_is_removed_with_its_content() -> None:
    with temporary() as home:
        (home / "file").touch()

    assert not home.exists()
