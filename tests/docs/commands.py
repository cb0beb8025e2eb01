"""Check documented commands: their targets, modules, options and keys must exist.

Commands that run in a cloud or belong to other software are on the list in `external`.
"""

import functools
import importlib
import inspect
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from urllib.parse import urlsplit

from pydantic import ValidationError

from stack.settings import Settings
from tests.docs import facts
from tests.docs.external import EXTERNAL, TOOLS, form_of
from tests.docs.pages import ROOT
from tests.docs.shell import commands
from tests.stack import recorder

ASSIGNMENT = re.compile(r"(\w+)=(.*)", re.DOTALL)
# What is checked inside of lines, too.
CHECKED = {"make", "python", "pulumi", "uv", "doctl", "aws", "curl", "terraform", "docker"}
# Variables that are neither settings of the service nor made up by the docs.
KNOWN_VARIABLES = {
    "DIGITALOCEAN_TOKEN",  # the provider's
    "SPACES_ACCESS_KEY_ID",  # as above
    "SPACES_SECRET_ACCESS_KEY",  # as above
    "PULUMI_CONFIG_PASSPHRASE",  # Pulumi's, where its state is kept in files
}
PLACEHOLDER = re.compile(r"[A-Z]{2}|…|\$")


def check(words: Sequence[str]) -> None:
    """Check that everything that a command names exists.

    Raises:
        AssertionError: It names something that neither exists nor is on a list.
    """
    words = list(words)
    if words[:2] == ["uv", "run"]:
        words = words[2:]  # the command that runs in the project's environment
    while words and (found := ASSIGNMENT.fullmatch(words[0])):
        _check_variable(found[1])
        words.pop(0)
    if words[:1] == ["exec"]:
        words.pop(0)
    if not words:
        return
    program = words[0].rpartition("/")[2]
    assert program in CHECKS or program in EXTERNAL, f"{words[0]} is on no list"
    if program in CHECKS:
        CHECKS[program](words[1:])
    if program in EXTERNAL:
        form_of(words)


def _check_variable(name: str) -> None:
    known = set(facts.settings()) | KNOWN_VARIABLES
    assert name in known or name.islower(), f"{name} is no setting of anything"


def _make(arguments: list[str]) -> None:
    """Check a target and the commands that `make --dry-run` prints for it."""
    targets = [word for word in arguments if not ASSIGNMENT.fullmatch(word)]
    assert targets, "make without a target"
    assert set(targets) <= facts.targets(), f"make {targets}: no such target"
    for words in commands(dry_run(tuple(arguments))):
        if words[0] in {"exec", "pulumi", "doctl"} or words[0].endswith("python"):
            check(words)


@functools.cache
def dry_run(arguments: tuple[str, ...]) -> str:
    """Return the commands that `make` would run."""
    done = run("make", "--dry-run", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _python(arguments: list[str]) -> None:
    """Check that a module exists and that its help names the options."""
    if arguments[:1] != ["-m"]:
        assert (ROOT / arguments[0]).is_file(), f"there is no {arguments[0]}"
        return
    module, *rest = arguments[1:]
    if module == "tests.watch" and rest:  # runs what follows
        _python(rest)
        return
    if module in TOOLS:
        known = TOOLS[module] | (facts.options_of_tests() if module == "pytest" else set())
        unknown = {word for word in rest if word.startswith("-")} - known
        assert not unknown, f"{module}: {unknown} is not on the list"
        return
    path = ROOT / module.replace(".", "/")
    file = path / "__main__.py" if path.is_dir() else path.with_suffix(".py")
    assert file.is_file(), f"there is no module {module}"
    if "argparse" not in file.read_text():
        assert not [word for word in rest if word.startswith("-")], f"{module} takes no options"
        return
    shown = _help(module, tuple(rest))
    for option in (word for word in rest if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){option}(?![\w-])", shown), f"{module} has no {option}"


@functools.cache
def _help(module: str, arguments: tuple[str, ...]) -> str:
    """Return the help that a program prints after it has parsed the arguments.

    The program runs in this process, because starting a hundred would take half a minute.
    """
    package = (ROOT / module.replace(".", "/")).is_dir()
    main = importlib.import_module(f"{module}.__main__" if package else module).main
    options = [*arguments, "--help"]
    argv, printed = sys.argv, io.StringIO()
    sys.argv = [module, *options]
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            main(options) if inspect.signature(main).parameters else main()
    except SystemExit as end:
        status = end.code
    else:
        status = "main() returned"
    finally:
        sys.argv = argv
    assert status == 0, f"{module} {' '.join(options)}: {status} {printed.getvalue()}"
    return printed.getvalue()


def _pulumi(arguments: list[str]) -> None:
    operands = [word for word in arguments if not word.startswith("--")]
    if operands[:2] in (["config", "set"], ["config", "rm"]):
        key, _, _ = operands[2].partition("[")
        if key == "KEY":
            return
        assert key in facts.configuration() or key == "aws:region", f"{key} is no setting"
        if len(operands) > 3:
            _check_value(key, operands[2], operands[3])
    if operands[:2] == ["stack", "output"]:
        assert set(operands[2:3]) <= facts.outputs() | {"NAME"}, f"{operands[2]} is no output"


def _check_value(key: str, where: str, value: str) -> None:
    """Check that the stack accepts a value; placeholders are not checked."""
    if PLACEHOLDER.search(value):
        return
    _, entry, field = where.partition("].")
    if entry:  # Pulumi makes a number of what looks like one
        parsed: object = int(value) if value.isdigit() else value
        kind = "spaces" if key == "buckets" else "postgres"
        value = json.dumps([{"kind": kind, "name": "example", field: parsed}])
    elif "[" in where:
        value = f"[{value}]"
    example = {k.removeprefix("heartbeat:"): v for k, v in recorder.example().items()}
    try:
        Settings.model_validate(example | {key: value})
    except ValidationError as error:
        wrong = [each for each in error.errors() if each["loc"][0] == key]
        assert not wrong, f"{key} does not take {value}: {wrong}"


def _curl(arguments: list[str]) -> None:
    options = [word for word in arguments if word.startswith("-")]
    assert set(options) <= {"-f", "-s", "-u", "-d", "-H", "-o"}, f"curl {options}: not on the list"
    for word in arguments:
        if "/" in word:
            path = urlsplit(word.replace("$SUBSTITUTED", "http://there")).path
            assert path in facts.endpoints(), f"there is no {path}"


def _export(arguments: list[str]) -> None:
    for word in arguments:
        name, _, _ = word.partition("=")
        _check_variable(name)


def _nothing(_: list[str]) -> None:
    """Accept a builtin of the shell."""


CHECKS: dict[str, Callable[[list[str]], None]] = {
    "make": _make,
    "python": _python,
    "python3": _python,
    "pulumi": _pulumi,
    "curl": _curl,
    "export": _export,
    "cd": _nothing,
    "set": _nothing,
    ".": _nothing,
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository."""
    # The arguments of an outer make, or of a shell, are not those of the docs.
    outer = re.compile(r"MAKE\w*|MFLAGS|ARGS|PORT|STACK")
    environ = {name: value for name, value in os.environ.items() if not outer.fullmatch(name)}
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
