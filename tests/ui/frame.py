"""The whole window over a fake engine, and a clock for gaps in its event loop."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pilothouse.domain.model import Release
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.main_window import MainWindow
from pilothouse.ui.options import Options
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.travels import Page, Place
from tests.ui import sample
from tests.ui.fake_service import FakeService, World

API = sample.app_of(sample.HARBOR, "harbor-api").id


class Frame:
    """A window that stands; `attach` brings the engine."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        *,
        views: tuple[AppView, ...] | None = None,
        history: tuple[Release, ...] | None = None,
        sandbox: bool = False,
    ) -> None:
        self.qtbot = qtbot
        self.service = FakeService(
            World.of(
                sample.fleet() if views is None else views,
                {API: sample.history() if history is None else history},
            )
        )
        self.root = QObject()
        self.bridge = Bridge(self.root)
        self.outlook = Outlook(self.bridge, self.root, clock=_now)
        options = Options(folder, "lena", sandbox=sandbox, can_try=True)
        self.window = MainWindow(self.bridge, options, outlook=self.outlook)
        self.service.subscribe(self.bridge.publish)
        self.window.show()
        qtbot.waitExposed(self.window)

    def attach(self) -> Frame:
        """The engine is there and was read."""
        self.window.attach(self.service)
        self.qtbot.waitUntil(lambda: self.outlook.loaded)
        return self

    def go(self, page: Page, app_id: str = "") -> None:
        """Go to a page."""
        self.window.desk.travels.go(Place(page, app_id))

    def close(self) -> None:
        """Let everything go."""
        self.outlook.detach()
        for gate in self.service.gates.values():
            gate.set()
        self.bridge.close(5.0)
        self.window.hide()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _now() -> datetime:
    return sample.NOW


class Ticker(QObject):
    """Ticks every ten milliseconds and keeps the longest time between two ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.longest_ms = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self.on_tick)

    def start(self) -> None:
        """Begin."""
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> float:
        """End; the longest gap in milliseconds."""
        self._timer.stop()
        return self.longest_ms

    @Slot()
    def on_tick(self) -> None:
        """Measure."""
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1000)
        self._last = now
