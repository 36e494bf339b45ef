"""The command line's frame: what is not a command, what is a defect, and nothing but sentences."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import pilothouse
from pilothouse.engine.service import Service
from tests.cli.conftest import Desk

ROOT = Path(__file__).resolve().parents[2]


def test_without_a_command_the_window_opens(desk: Desk) -> None:
    assert desk.run().code == 0
    assert desk.run("--sandbox").code == 0
    assert desk.windows == [False, True]


def test_version_and_help(desk: Desk) -> None:
    assert pilothouse.__version__ in desk.run("--version").out
    said = desk.run("--help")
    assert said.code == 0
    for command in ("deploy", "rollback", "recover", "release-hold", "accounts", "doctor"):
        assert command in said.out


@pytest.mark.parametrize("words", [("dance",), ("apps", "--twice"), ("policy",), ("--loud",)])
@pytest.mark.parametrize("json", [True, False])
def test_what_is_no_command_is_a_usage_error(
    desk: Desk, words: tuple[str, ...], *, json: bool
) -> None:
    said = desk.run(*words, *(["--json"] if json else []))
    assert said.code == 2
    assert said.err.startswith("pilothouse: ")
    assert "--help" in said.err
    assert not json or said.last["exit"] == 2


def test_a_defect_is_a_sentence_and_exit_1(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_sandbox: bool) -> AbstractContextManager[Service]:
        raise ZeroDivisionError("token=fo1_secret")

    desk.open_service = broken  # type: ignore[method-assign,assignment]
    said = desk.run("apps", "--json")
    assert said.code == 1
    assert said.last["exit"] == 1
    assert "a defect of Pilothouse" in said.err
    assert "ZeroDivisionError" in said.err
    assert "fo1_secret" not in said.err + said.out
    assert str(desk.log_file) in said.err
    assert "ZeroDivisionError" in caplog.text


def test_the_traces_of_a_defect_are_in_the_log_alone(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from pilothouse.cli.main import run\n"
        "from pilothouse.cli.tools import Tools\n"
        "def broken(sandbox): return 1 / 0\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "tools = Tools(broken, broken, broken, folder, 'ann', folder / 'pilothouse.log')\n"
        "raise SystemExit(run(['apps'], tools))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "desktop"), "PYTHONIOENCODING": "ascii"},
        timeout=60,
    )
    assert said.returncode == 1
    (line,) = said.stderr.splitlines()
    assert line.startswith("pilothouse: This is a defect of Pilothouse")
    trace = (tmp_path / "pilothouse.log").read_text("utf-8")
    assert "ZeroDivisionError" in trace
    assert "Traceback" in trace


def test_letters_that_a_terminal_cannot_spell_are_replaced(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pilothouse", "status", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PYTHONPATH": str(ROOT / "desktop"),
            "PYTHONIOENCODING": "ascii",
            "PILOTHOUSE_HOME": str(tmp_path),
        },
        timeout=60,
    )
    assert said.returncode == 2
    assert said.stderr.startswith("pilothouse: ?nonsense? names no app")


def test_a_home_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    said = subprocess.run(
        [sys.executable, "-m", "pilothouse", "apps", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={
            "PYTHONPATH": str(ROOT / "desktop"),
            "PILOTHOUSE_HOME": str(tmp_path / "file" / "home"),
        },
        timeout=60,
    )
    assert said.returncode == 2
    assert "PILOTHOUSE_HOME" in said.stderr
    assert "Traceback" not in said.stderr


def test_doctor(desk: Desk) -> None:
    row = desk.run("doctor", "--json").last
    assert row["doctor"][0] == {"what": "journal", "fine": True, "says": "Fine."}
    assert "! keyring" in desk.run("doctor").out


def test_policy_shows_and_keeps(desk: Desk) -> None:
    assert desk.run("policy", "fly:pier", "--json").last == {
        "app": "fly:pier",
        "production": True,
        "command": "",
    }
    desk.run("policy", "fly:pier", "--no-production", "--command", "make test")
    now = desk.run("policy", "fly:pier", "--json").last
    assert (now["production"], now["command"]) == (False, "make test")
    desk.run("policy", "fly:pier", "--command", "")
    assert desk.run("policy", "fly:pier", "--json").last["command"] == ""


def test_a_check_that_fails_stops_a_deploy(desk: Desk) -> None:
    desk.run("policy", "fly:pier", "--command", "echo 3 failed; exit 1")
    said = desk.deploy()
    assert said.code == 3
    assert "ended with exit 1" in said.err
    assert desk.cloud.calls == []
