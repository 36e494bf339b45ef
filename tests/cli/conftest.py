"""The command line over a pretend platform: each call opens the engine and closes it again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pilothouse.cli.main import run
from pilothouse.cli.tools import Tools
from pilothouse.engine.service import Service
from tests.engine.conftest import Rig, rig
from tests.engine.pretend import Cloud


class Typed(io.StringIO):
    """What a person types; `terminal` False: what is piped in."""

    def __init__(self, text: str = "", *, terminal: bool = True) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@dataclass(frozen=True)
class Said:
    """What one command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Every line of output as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        return self.rows[-1]


@dataclass
class Desk:
    """Runs commands as `pilothouse …` would, each with an engine of its own."""

    rig: Rig
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    log_file: Path
    opened: Callable[[], Rig]
    windows: list[bool] = field(default_factory=list)

    @property
    def cloud(self) -> Cloud:
        return self.rig.cloud

    @contextmanager
    def open_service(self, _sandbox: bool) -> Iterator[Service]:
        made = self.opened()
        try:
            yield made.service
        finally:
            made.service.close()

    def open_window(self, sandbox: bool) -> int:
        self.windows.append(sandbox)
        return 0

    def tools(self) -> Tools:
        return Tools(
            open_service=self.open_service,
            open_window=self.open_window,
            doctor=lambda _sandbox: [("journal", True, "Fine."), ("keyring", False, "None.")],
            sandbox_folder=self.log_file.parent / "sandbox",
            actor="ann",
            log_file=self.log_file,
        )

    def run(self, *words: str, typed: str | None = None) -> Said:
        """Run one command; `typed` is what a person types at a terminal, None: there is none."""
        return self._run(words, Typed(terminal=False) if typed is None else Typed(typed))

    def pipe(self, text: str, *words: str) -> Said:
        """Run one command with something piped into it."""
        return self._run(words, Typed(text, terminal=False))

    def _run(self, words: tuple[str, ...], stdin: Typed) -> Said:
        self.monkeypatch.setattr("sys.stdin", stdin)
        self.capsys.readouterr()
        code = run(words, self.tools())
        printed = self.capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        return Said(code, printed.out, printed.err)

    def deploy(self, image: str = "new", *more: str) -> Said:
        return self.run("deploy", "fly:pier", "--image", image, "--yes", "--json", *more)


@pytest.fixture
def desk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Desk:
    rig.cloud.addresses = ()  # proven by the platform's signs, which is quick
    return Desk(rig, monkeypatch, capsys, tmp_path / "pilothouse.log", rig.again)


__all__ = ["Desk", "Said", "desk", "rig"]
