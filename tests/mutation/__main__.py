"""Changes the rules that matter most, one place at a time, and shows what no test notices.

What is changed, and which tests must notice, stands in pyproject.toml under `tool.mutmut`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutation.equivalent import EQUIVALENT

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "mutants"  # a copy, so that nobody's checkout is changed
COPIED = ("schema", "service", "local", "tests", "docs")
NOTICED = "timeout"  # by a test that never ends; killed ones are not listed
PROCESSES = "2"


def main() -> int:
    """Print each change that survived, with its reason if there is one.

    Returns:
        1 if one of them has no reason, else 0.
    """
    os.nice(10)
    copy()
    print("this takes some four minutes where nothing else runs", flush=True)
    said = mutmut("run", "--max-children", PROCESSES)
    names = survivors(mutmut("results"))
    print(f"{total(said)} changes, of which no test notices {len(names)}:")
    unexplained = 0
    for name in names:
        diff = mutmut("show", name)
        reason = EQUIVALENT.get(change(diff))
        unexplained += reason is None
        print(f"{name}: {reason}" if reason else f"{name}: WITHOUT A REASON\n{diff}")
    return 1 if unexplained else 0


def copy() -> None:
    """Make the folder anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, FOLDER / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", FOLDER)


def mutmut(*arguments: str) -> str:
    """What mutmut says; what it complains of comes through."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout)
    return done.stdout


def total(said: str) -> int:
    """How many changes were tried, by mutmut's last line of progress, such as `⠧ 876/876`."""
    return int(re.findall(r"(\d+)/\1 ", said)[-1])


def survivors(results: str) -> list[str]:
    """The names of the changes that no test noticed, whatever the reason."""
    lines = [line.strip().rpartition(": ") for line in results.splitlines()]
    return [name for name, colon, status in lines if colon and status != NOTICED]


def change(diff: str) -> tuple[str, str]:
    """What a diff takes away and what it puts there, without their indentation."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    old, new = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return "\n".join(old), "\n".join(new)


if __name__ == "__main__":
    sys.exit(main())
