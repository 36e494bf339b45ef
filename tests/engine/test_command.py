"""The owner's own check: its exit code, its output, its time, and how long a good one is good."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from pilothouse.engine.command import GOOD_FOR, KEPT_CHARS, Commands
from tests.fakes import FakeClock
from tests.waiting import until

PYTHON = f'"{sys.executable}" -c'
LONG_S = 30.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def commands(clock: FakeClock) -> Commands:
    return Commands(clock)


def counting(folder: Path, end: str = "true") -> str:
    """A command that leaves a line in a file each time it is run."""
    return f"echo run >> '{folder}/runs'; {end}"


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text("utf-8").splitlines())


def test_exit_code_and_output_of_both_streams_are_kept(commands: Commands) -> None:
    result = commands.run("echo fine; echo odd >&2; exit 3", LONG_S, bound_to="x")
    assert result.exit_code == 3
    assert result.output == "fine\nodd\n"


def test_a_command_that_does_not_exist_is_a_failure_with_the_shells_words(
    commands: Commands,
) -> None:
    result = commands.run("no-such-command-here", LONG_S, bound_to="x")
    assert result.exit_code == 127
    assert "no-such-command-here" in result.output


def test_of_a_long_output_the_end_is_kept(commands: Commands) -> None:
    result = commands.run(f"{PYTHON} \"print('é' * 90000, 'end')\"", LONG_S, bound_to="x")
    assert len(result.output) == KEPT_CHARS
    assert result.output.endswith("é end\n")


def test_output_that_is_no_text_breaks_nothing(commands: Commands) -> None:
    result = commands.run("printf '\\377\\376 odd'", LONG_S, bound_to="x")
    assert result.exit_code == 0
    assert result.output.endswith(" odd")


def test_it_has_no_terminal_to_ask(commands: Commands) -> None:
    assert commands.run("read answer || echo nobody", LONG_S, bound_to="x").output == "nobody\n"


def test_a_good_run_is_good_for_the_same_thing_for_a_while(
    commands: Commands, clock: FakeClock, tmp_path: Path
) -> None:
    command = counting(tmp_path)
    for _ in range(3):
        assert commands.run(command, LONG_S, bound_to="plan 1").exit_code == 0
    assert runs(tmp_path) == 1
    commands.run(command, LONG_S, bound_to="plan 2")
    assert runs(tmp_path) == 2
    clock.advance(GOOD_FOR.total_seconds())
    commands.run(command, LONG_S, bound_to="plan 1")
    assert runs(tmp_path) == 3


def test_a_bad_run_is_never_remembered(commands: Commands, tmp_path: Path) -> None:
    for _ in range(2):
        assert commands.run(counting(tmp_path, "false"), LONG_S, bound_to="x").exit_code == 1
    assert runs(tmp_path) == 2


def test_past_its_time_it_is_ended_with_all_it_started(commands: Commands, tmp_path: Path) -> None:
    command = f"sleep 60 & echo $! > '{tmp_path}/pid'; echo begun; wait"
    result = commands.run(command, 0.5, bound_to="x")
    assert result.exit_code is None
    assert result.output == "begun\n"
    child = int((tmp_path / "pid").read_text("utf-8"))
    until(lambda: not is_alive(child), "the end of the grandchild")


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    commands = Commands(FakeClock(), parting_s=0.2)
    command = f"trap '' TERM; echo $$ > '{tmp_path}/pid'; while :; do sleep 0.05; done"
    result = commands.run(command, 0.3, bound_to="x")
    assert result.exit_code is None
    until(lambda: not is_alive(int((tmp_path / "pid").read_text("utf-8"))), "its end")


def test_what_it_leaves_in_the_background_is_not_waited_for(
    commands: Commands, tmp_path: Path
) -> None:
    command = f"sleep 60 & echo $! > '{tmp_path}/pid'; echo done"
    result = commands.run(command, LONG_S, bound_to="x")
    child = int((tmp_path / "pid").read_text("utf-8"))
    os.kill(child, signal.SIGKILL)
    assert result.exit_code == 0
    assert result.output == "done\n"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
