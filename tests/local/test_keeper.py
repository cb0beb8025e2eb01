from pathlib import Path

import pytest

from local.keeper import FIRST_DELAY_S, LONGEST_DELAY_S, STEADY_S, Keeper
from local.process import Process


class Failing:
    """A unit whose process ends at once."""

    name = "failing"

    def __init__(self, folder: Path) -> None:
        self.process = Process(["/bin/false"], folder, print)
        self.launches = 0

    def launch(self) -> None:
        self.launches += 1
        self.process.start()
        self.process.finish(60)

    def ready(self) -> bool:
        return False


class Sleeping:
    """A unit that keeps running, is ready at once, and has a log file with one line."""

    name = "sleeping"

    def __init__(self, folder: Path) -> None:
        log = folder / "sleeping.log"
        log.write_text("up\n")
        self.process = Process(["/bin/sleep", "600"], folder, log)

    def launch(self) -> None:
        self.process.start()

    def ready(self) -> bool:
        return True


@pytest.fixture
def unit(tmp_path: Path) -> Failing:
    unit = Failing(tmp_path)
    unit.launch()
    return unit


def test_the_delay_doubles_after_each_end_up_to_a_limit(unit: Failing) -> None:
    lines: list[str] = []
    keeper = Keeper(unit, lambda _name, line: lines.append(line), now=0)

    for now in range(200):
        keeper.tick(now)

    delays = [float(line.split()[-2]) for line in lines]
    assert delays[:7] == [1, 2, 4, 8, 16, LONGEST_DELAY_S, LONGEST_DELAY_S]
    assert lines[0] == "exit code 1; starts again in 1 s"


def test_a_restart_waits_for_the_delay(unit: Failing) -> None:
    keeper = Keeper(unit, lambda *_: None, now=0)

    keeper.tick(5)
    keeper.tick(5 + FIRST_DELAY_S - 0.01)
    launches_before = unit.launches
    keeper.tick(5 + FIRST_DELAY_S)

    assert (launches_before, unit.launches) == (1, 2)


def test_after_a_steady_run_the_first_delay_applies_again(unit: Failing) -> None:
    lines: list[str] = []
    keeper = Keeper(unit, lambda _name, line: lines.append(line), now=0)
    for now in range(10):
        keeper.tick(now)
    lines.clear()

    keeper.tick(10 + STEADY_S + LONGEST_DELAY_S)
    keeper.tick(10 + 2 * (STEADY_S + LONGEST_DELAY_S))

    assert lines == ["exit code 1; starts again in 1 s"]


def test_a_restart_is_reported_as_soon_as_it_is_ready(tmp_path: Path) -> None:
    lines: list[str] = []
    unit = Sleeping(tmp_path)
    unit.launch()
    keeper = Keeper(unit, lambda _name, line: lines.append(line), now=0)
    keeper.tick(0)
    unit.process.kill()

    keeper.tick(1)
    keeper.tick(1 + FIRST_DELAY_S)
    keeper.tick(2 + FIRST_DELAY_S)
    keeper.tick(3 + FIRST_DELAY_S)
    unit.process.kill()

    log = f"the end of {unit.process.output}:\n  up"
    assert lines == [f"killed by SIGKILL; starts again in 1 s; {log}", "ready again"]
