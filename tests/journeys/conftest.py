"""One sandbox and one home for each journey; a window on them where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes import RecordingNotifier
from tests.journeys.pilot import Pilot
from tests.journeys.tools import Tool, heroku_at, heroku_programs
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from tests.journeys.window_pilot import WindowPilot

SCALE = 60.0
TOOL_SCALE = 100.0


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[Pilot]:
    home = tmp_path / "home"
    with SandboxProcess(home / "sandbox", scale=SCALE) as sandbox:
        yield Pilot(home, sandbox)


@pytest.fixture
def notifier() -> RecordingNotifier:
    """The desktop's notices, kept."""
    return RecordingNotifier()


@pytest.fixture
def open_window(
    pilot: Pilot, qapp: QApplication, notifier: RecordingNotifier
) -> Iterator[Callable[..., WindowPilot]]:
    """Opens the window of the home, told by the recording notifier; once at a time."""
    from pilothouse.notifications.router import Router
    from tests.journeys.window_pilot import WindowPilot

    made: list[WindowPilot] = []

    def close() -> None:
        while made:
            window = made.pop()
            window.close()
            sys.stdout.write(f"longest gap of the event loop: {window.gaps.longest_ms:.0f} ms\n")

    def start(*, alerts: bool = True) -> WindowPilot:
        close()
        make = (lambda tray, _act: Router([notifier, tray])) if alerts else None
        made.append(WindowPilot(pilot.environment(), make_alerts=make))
        return made[0].start()

    yield start
    close()


@pytest.fixture
def window(open_window: Callable[..., WindowPilot]) -> WindowPilot:
    """The window, with a desktop that shows notices."""
    return open_window()


@pytest.fixture
def lacks() -> list[str]:
    """The calls that a test expects its sandbox not to have."""
    return []


def _all_up(sandbox: SandboxProcess) -> bool:
    apps = [sandbox.control.app(key) for key in ("heroku:billing", "heroku:billing-staging")]
    return all(one["serving"] for app in apps for one in app["instances"])


@pytest.fixture
def heroku(tmp_path: Path, lacks: list[str]) -> Iterator[Tool]:
    """The platform's own `heroku` at a sandbox, which had all that it was asked for."""
    heroku_programs()
    with SandboxProcess(tmp_path / "sandbox", scale=TOOL_SCALE) as sandbox:
        until(lambda: _all_up(sandbox), "all dynos")
        yield heroku_at(sandbox, tmp_path / "home")
        assert sandbox.control.absent() == lacks
        logged = [line for line in sandbox.errors().splitlines() if "not in the sandbox" in line]
        assert [line.partition("sandbox: ")[2] for line in logged] == lacks
