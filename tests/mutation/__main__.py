"""Mutate the most important rules, and print each mutation that no test notices.

pyproject.toml names the mutated files and the tests under `tool.mutmut`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Set
from pathlib import Path

from tests.mutation.equivalent import EQUIVALENT

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "mutants"  # a copy, so that the checkout stays unchanged
COPIED = ("schema", "service", "local", "tests", "docs")
NOTICED = "timeout"  # by a test that never ends; killed ones are not listed
PROCESSES = "2"


def main() -> int:
    """Print each surviving mutation, with its reason if it has one.

    Returns:
        1 if a mutation has no reason or a reason is out of date, else 0.
    """
    os.nice(10)
    copy()
    print("this takes some four minutes where nothing else runs", flush=True)
    output = mutmut("run", "--max-children", PROCESSES)
    names = survivors(mutmut("results"))
    print(f"{total(output)} changes, of which no test notices {len(names)}:")
    unexplained, seen = 0, set()
    for name in names:
        diff = mutmut("show", name)
        seen.add(change(diff))
        reason = EQUIVALENT.get(change(diff))
        unexplained += reason is None
        print(f"{name}: {reason}" if reason else f"{name}: WITHOUT A REASON\n{diff}")
    old = out_of_date(seen, EQUIVALENT)
    for line in old:
        print(f"{line}: its reason in tests/mutation/equivalent.py is out of date")
    return 1 if unexplained or old else 0


def out_of_date(seen: Set[tuple[str, str]], reasons: Mapping[tuple[str, str], str]) -> list[str]:
    """Return the lines with a reason but without a surviving mutation."""
    return [line for line, new in reasons if (line, new) not in seen]


def copy() -> None:
    """Create a new copy of the repository."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name in COPIED:
        shutil.copytree(ROOT / name, FOLDER / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", FOLDER)


def mutmut(*arguments: str) -> str:
    """Run mutmut; return its output. Errors go to stderr."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout)
    return done.stdout


def total(output: str) -> int:
    """Return the number of mutations from mutmut's last line of progress, such as `⠧ 876/876`."""
    return int(re.findall(r"(\d+)/\1 ", output)[-1])


def survivors(results: str) -> list[str]:
    """Return the names of the mutations that no test noticed."""
    lines = [line.strip().rpartition(": ") for line in results.splitlines()]
    return [name for name, colon, status in lines if colon and status != NOTICED]


def change(diff: str) -> tuple[str, str]:
    """Return the removed and the added lines of a diff, without indentation."""
    lines = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    old, new = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return "\n".join(old), "\n".join(new)


if __name__ == "__main__":
    sys.exit(main())
