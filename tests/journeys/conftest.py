"""One sandbox and one home for each journey; a window on them where it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fakes import RecordingNotifier
from tests.journeys.pilot import Pilot
from tests.sandbox_process import SandboxProcess

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from tests.journeys.window_pilot import WindowPilot

SCALE = 60.0


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
