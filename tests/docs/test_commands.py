"""Documented commands name only existing things, and the local ones run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs import commands, facts
from tests.docs.external import EXTERNAL, form_of
from tests.docs.pages import LANGUAGES, ROOT, Code, Page, pages
from tests.docs.shell import commands as simple_commands

BLOCKS = [block for page in pages() for block in page.code("sh")]


def every_command() -> dict[str, list[str]]:
    """Return the documented commands, in blocks and inline, by page and line."""
    found = {}
    for block in BLOCKS:
        for number, words in enumerate(simple_commands(block.text)):
            found[f"{block.page}:{block.line}+{number} {' '.join(words)}"] = words
    for page in pages():
        for span in page.spans():
            if span.split(" ")[0] in commands.CHECKED and " " in span:
                for words in simple_commands(span):
                    found[f"{page}: {span}"] = words
    return found


COMMANDS = every_command()


@pytest.mark.parametrize("where", COMMANDS)
def test_a_command_names_only_existing_things(where: str) -> None:
    commands.check(COMMANDS[where])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{block.page}:{block.line}")
def test_a_block_of_commands_is_valid_shell(block: Code) -> None:
    done = subprocess.run(
        ["sh", "-n"], input=block.text, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_block_declares_its_language(page: Page) -> None:
    """A block without a language could hide commands from these tests."""
    for block in page.code():
        assert block.language in LANGUAGES, f"{page}:{block.line} is {block.language!r}"


def test_the_list_of_external_programs_matches_the_docs() -> None:
    documented = list(COMMANDS.values())
    made = [commands.dry_run(tuple(words[1:])) for words in documented if words[0] == "make"]
    documented += [words for text in made for words in simple_commands(text)]
    documented = [words for words in documented if words[:2] != ["uv", "run"]]
    used = {form_of(words) for words in documented if words[0] in EXTERNAL}

    listed = {(name, form) for name, each in EXTERNAL.items() for form in each.forms}
    assert listed == used


def test_an_outer_makes_arguments_do_not_reach_a_make_that_a_test_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARGS", "--unwanted")
    monkeypatch.setenv("MAKEFLAGS", " -- ARGS=--unwanted")

    assert "--unwanted" not in commands.run("make", "--dry-run", "test").stdout


def test_a_command_of_the_makefile_does_not_get_makes_arguments() -> None:
    arguments = ["ARGS=--unwanted", "PORT=8090"]
    makefile = "include Makefile\nseen:\n\t@env\n"

    seen = subprocess.run(
        ["make", "-f", "-", "seen", *arguments],
        cwd=ROOT,
        input=makefile,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "MAKEFLAGS" in seen
    assert not [each for each in arguments if each in seen]


def test_the_list_of_targets_equals_the_output_of_make_help() -> None:
    printed = commands.run("make", "help").stdout

    assert {line.split()[0] for line in printed.splitlines()} == facts.targets()


def test_the_doctor_lists_what_a_bare_machine_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stack.doctor", "--stack", "nowhere"],
        cwd=ROOT,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    subjects = re.findall(r"^(?:ok  |\?   |warn|BAD ) ([\w ]+):", done.stdout, re.MULTILINE)
    assert {"tool", "stack", "configuration", "DigitalOcean", "AWS"} <= set(subjects)
    assert "-> install it" in done.stdout
