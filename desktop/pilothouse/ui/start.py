"""Starting and ending the window: paint first, make the engine on another thread, then look.

No network, keyring, database or D-Bus before the first frame; a test asserts that their libraries
are not even imported by then.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from pilothouse.domain.practice import PracticeCloud
from pilothouse.domain.records import RequestKind
from pilothouse.ui.alerts import TEST, Alerts, NoticeActed, alerts_from, test_notice
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.crash import CrashHook, Defect
from pilothouse.ui.face import Face
from pilothouse.ui.main_window import MainWindow
from pilothouse.ui.memory import Memory
from pilothouse.ui.options import Options
from pilothouse.ui.sheets.leave import Leave, Leaving
from pilothouse.ui.single import SingleInstance
from pilothouse.ui.theme import Theme
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.tray import Tray, TrayNotifier
from pilothouse.ui.wakeup import Wakeup
from pilothouse.ui.warm import warm
from pilothouse.ui.widgets.focus_ring import FocusRing

Made = tuple[Face, Callable[[], None]]
MakeService = Callable[[], Made]


@dataclass(frozen=True, slots=True)
class MadeAll:
    """What was made after the first frame, on another thread."""

    face: Face
    cloud: PracticeCloud | None
    alerts: Alerts | None


class Running(QObject):
    """Everything that lives as long as the window, in the order in which it starts and ends.

    Signals:
        ended: the window has let go of all it held.
    """

    ended = Signal()

    def __init__(self, app: QApplication, make: MakeService, options: Options) -> None:
        super().__init__(app)
        self._app, self._make, self._options = app, make, options
        self._face: Face | None = None
        self._gate = threading.Lock()
        self._closed = False
        self._close: list[Callable[[], None]] = []
        self._alerts: Alerts | None = None
        self._leaving: Leaving | None = None
        self._ending = False
        self.bridge = Bridge(self)
        self._crash = CrashHook(self.bridge)
        self._crash.install()
        self.theme = Theme(app, Memory(options.folder, self).scheme)
        self._ring = FocusRing(app)
        self.window = MainWindow(self.bridge, options)
        self.tray = Tray(self.window.desk, self.window)
        self.notifier = TrayNotifier(self.bridge, self)
        self._wakeup = Wakeup(self)
        self._connect()

    def _connect(self) -> None:
        window, tray = self.window, self.tray
        window.painted.connect(self.on_painted)
        window.quit_wanted.connect(self.end)
        window.try_wanted.connect(self.on_try_wanted)
        window.pages.test_notice_wanted.connect(self.on_test_notice_wanted)
        window.sheets.leave_chosen.connect(self.on_leave_chosen)
        tray.available_changed.connect(self.notifier.on_available_changed)
        tray.available_changed.connect(window.on_tray_changed)
        tray.open_wanted.connect(self.on_activated)
        tray.quit_wanted.connect(window.on_quit)
        self.bridge.arrived.connect(self.on_arrived)
        self._wakeup.asked_to_end.connect(self.on_asked_to_end)

    @Slot()
    def on_painted(self) -> None:
        """The first frame stands: look for a tray, make the engine."""
        self.tray.start()
        self.bridge.ask(self._make_all, self.on_made, self.on_not_made)

    def _make_all(self) -> MadeAll:
        """On another thread: the engine, the way to the sandbox, the ways to reach a person."""
        face, close = self._make()
        self._close_later(close)
        cloud = None
        if self._options.make_practice is not None:
            cloud, close_cloud = self._options.make_practice()
            self._close_later(close_cloud)
        alerts = alerts_from(self._options, self.notifier, self.bridge)
        if alerts is not None:
            self._close_later(alerts.close)
        return MadeAll(face, cloud, alerts)

    def _close_later(self, close: Callable[[], None]) -> None:
        """Close it at the end, before what was there already; at once if the end is over."""
        with self._gate:
            if not self._closed:
                self._close.insert(0, close)
                return
        close()

    @Slot(object)
    def on_made(self, made: MadeAll) -> None:
        """The engine is there."""
        face, alerts = made.face, made.alerts
        if self._ending:
            return
        self._face, self._alerts = face, alerts
        self._close_later(face.subscribe(self.bridge.publish))
        if alerts is not None:
            self._close_later(face.subscribe(alerts.hear))
        self.bridge.ask(warm, self.on_warm)
        self.window.attach(face)
        if made.cloud is not None:
            self.window.outlook.practice.attach(made.cloud, ask=self._options.sandbox)
        self.bridge.ask(face.recover)

    @Slot(object)
    def on_warm(self, _nothing: None) -> None:
        """All modules are loaded: what is made of them may be made ahead."""
        if not self._ending:
            self.window.pages.make_ahead()

    @Slot(object)
    def on_not_made(self, error: Exception) -> None:
        """The engine cannot be made: say why, and leave the window standing."""
        self.window.on_troubled(error)

    @Slot(object)
    def on_arrived(self, news: object) -> None:
        """Tell of defects; do what was chosen on a notice."""
        if isinstance(news, Defect):
            self.window.on_troubled(news)
        elif isinstance(news, NoticeActed) and self._face is not None:
            if news.seen and news.deployment_id != TEST:
                self.bridge.ask(partial(self._face.ask, RequestKind.SEEN, news.deployment_id))
                return
            self.on_activated()
            if news.deployment_id != TEST:
                self.window.desk.travels.go(Place(Page.RUN, deployment_id=news.deployment_id))

    @Slot()
    def on_activated(self) -> None:
        """Come to the front: a second start, the tray or a notice asked for it."""
        self.window.show()
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.raise_()
        self.window.activateWindow()

    @Slot()
    def on_try_wanted(self) -> None:
        """Start the sandbox's own window beside this one."""
        if self._options.try_sandbox is not None:
            self.bridge.ask(self._options.try_sandbox)

    @Slot()
    def on_test_notice_wanted(self) -> None:
        """Send a notice by the way that all take."""
        if self._alerts is not None:
            self._alerts.hear(test_notice(self.window.outlook.now))

    @Slot(object)
    def on_leave_chosen(self, leave: Leave) -> None:
        """Go to the tray, or end once nothing is in the middle of a step."""
        if leave is Leave.KEEP_IN_TRAY:
            self.window.hide()
        elif self._face is not None:
            running = {record.id: record.progress.state for record in self.window.running}
            self._leaving = Leaving(running, self._face, self.bridge, self)
            self._leaving.may_end.connect(self.end)

    @Slot(int)
    def on_asked_to_end(self, times: int) -> None:
        """SIGTERM or SIGINT: end in order; the second time at once."""
        if times > 1:
            os._exit(130)
        self.end()

    @Slot()
    def end(self) -> None:
        """Let go of everything but the engine, whose end may take a while, then leave the loop."""
        if self._ending:
            return
        self._ending = True
        self.window.keep_geometry()
        self.tray.stop()
        self.window.hide()
        self.window.outlook.detach()
        self.bridge.close()
        self.ended.emit()
        self._app.quit()

    def close(self) -> None:
        """After the loop: end listening, close the engine, give back what was taken over."""
        self.end()
        with self._gate:
            self._closed = True
            closes, self._close = self._close, []
        for close in closes:
            close()
        self._wakeup.close()
        self._crash.remove()
        self._ring.deleteLater()
        self.window.deleteLater()


def run_window(make: MakeService, options: Options) -> int:
    """Run the window until it is left; the process's exit code.

    Args:
        make: makes the engine, and the call that closes it with all it stands on; called once, on
            another thread, after the first frame.
        options: how the window is started.
    """
    app = QApplication(sys.argv[:1])
    app.setApplicationName("pilothouse")
    app.setApplicationDisplayName("Pilothouse")
    app.setDesktopFileName("pilothouse")
    app.setQuitOnLastWindowClosed(False)
    app.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, False)
    guard = SingleInstance(options.folder, app)
    if not guard.take():
        return 0 if guard.wake_other() else 1
    running = Running(app, make, options)
    guard.activated.connect(running.on_activated)
    running.window.show()
    try:
        code = int(app.exec())
    finally:
        running.close()
        guard.close()
    return code
