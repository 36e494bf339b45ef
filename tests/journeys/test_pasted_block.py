"""What `pilothouse sandbox` prints for the platforms' own tools works as it stands.

Its lines are pasted into a shell with a home and nothing else that would help, and with a proxy
that swallows whatever is sent to it.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pilothouse.sandbox import announcement
from tests.journeys.pilot import ROOT, Said, ended
from tests.journeys.tools import NO_WAY_OUT, flyctl_program, heroku_programs, private_home
from tests.sandbox_process import ControlClient
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the block is for POSIX shells")
EXPORT = "export "


class Terminal:
    """A person's two terminals: in one the sandbox runs, in the other one pastes and types."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / "state"
        self._printed = folder / "printed"
        (folder / "home").mkdir()

    def __enter__(self) -> Terminal:
        command = [sys.executable, "-m", "pilothouse", "sandbox"]
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "desktop"),
            "PILOTHOUSE_HOME": str(self._folder / "pilothouse"),
        }
        with self._printed.open("wb") as out:
            self._process = subprocess.Popen(
                [*command, "--state", str(self._state)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environ,
            )
        self.block()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(10) == 0, self._printed.read_text()

    def block(self) -> str:
        """The lines that the sandbox prints to be pasted."""

        def printed() -> list[str]:
            lines = [line.strip() for line in self._printed.read_text().splitlines()]
            return [line for line in lines if line.startswith(EXPORT)]

        return "\n".join(until(printed, "the block to paste", 30.0))

    def type(self, line: str, programs: Path) -> Said:
        """Paste the block into a new shell, then type a line; `programs` is on its path."""
        environ = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            **private_home(self._folder / "home"),
            **NO_WAY_OUT,
        }
        shell = subprocess.Popen(
            ["sh", "-c", f"{self.block()}\n{line}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        return ended(shell)

    def calls(self) -> Counter[str]:
        """What reached the platforms of the sandbox, as `METHOD PATH`."""
        told = announcement.kept(self._state)
        assert told is not None
        control = ControlClient(told)
        try:
            return Counter(f"{one['method']} {one['path']}" for one in control.requests())
        finally:
            control.close()


def test_heroku_works_with_the_pasted_block(tmp_path: Path) -> None:
    programs = heroku_programs()
    with Terminal(tmp_path) as terminal:
        said = terminal.type("heroku apps", programs)
        assert said.code == 0, said
        assert "billing (eu)" in said.out
        # The second look at the account is for the host of warnings, which is the sandbox too.
        assert terminal.calls() == {"GET /users/~/apps": 1, "GET /account": 2}
        lines = terminal.block().splitlines()
    names = [name.partition("=")[0] for line in lines for name in shlex.split(line)[1:]]
    assert len(names) == len(set(names))
    assert "DISABLE_TELEMETRY" in names


def test_flyctl_works_with_the_pasted_block(tmp_path: Path) -> None:
    program = flyctl_program()
    with Terminal(tmp_path) as terminal:
        said = terminal.type(f"{shlex.quote(str(program))} apps list", program.parent)
        assert said.code == 0, said
        assert "harbor-api" in said.out
        assert set(terminal.calls()) == {"POST /graphql"}
