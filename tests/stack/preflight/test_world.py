import sys

from stack.preflight.world import ThisMachine


def test_a_command_ends_with_its_code_and_words() -> None:
    done = ThisMachine().run(sys.executable, "-c", "print('hello'); raise SystemExit(3)")

    assert (done.code, done.out) == (3, "hello")


def test_a_command_that_is_not_there_ends_with_127() -> None:
    assert ThisMachine().run("no-such-command").code == 127


def test_a_page_that_is_not_there_has_no_status() -> None:
    assert ThisMachine().get("http://127.0.0.1:1/").status == 0
