"""Starting the window: paint first, then make the engine on another thread, then look.

No network, keyring, database or D-Bus before the first frame; a test asserts that their libraries
are not even imported by then.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication

from pilothouse.ui.bridge import Bridge
from pilothouse.ui.crash import CrashHook, Defect
from pilothouse.ui.face import Face
from pilothouse.ui.main_window import MainWindow, Options
from pilothouse.ui.memory import Memory
from pilothouse.ui.single import SingleInstance
from pilothouse.ui.theme import Theme
from pilothouse.ui.wakeup import Wakeup
from pilothouse.ui.widgets.focus_ring import FocusRing

Made = tuple[Face, Callable[[], None]]
MakeService = Callable[[], Made]


class Running(QObject):
    """Everything that lives as long as the window, in the order in which it starts and ends.

    Signals:
        ended: the window has let go of all it held.
    """

    ended = Signal()

    def __init__(self, app: QApplication, make: MakeService, options: Options) -> None:
        super().__init__(app)
        self._app, self._make = app, make
        self._close: Callable[[], None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._ending = False
        self.bridge = Bridge(self)
        self._crash = CrashHook(self.bridge)
        self._crash.install()
        self.theme = Theme(app, Memory(options.folder, self).scheme)
        self._ring = FocusRing(app)
        self.window = MainWindow(self.bridge, options)
        self.window.painted.connect(self.on_painted)
        self.window.quit_wanted.connect(self.end)
        self.bridge.arrived.connect(self.on_arrived)
        self._wakeup = Wakeup(self)
        self._wakeup.asked_to_end.connect(self.on_asked_to_end)

    @Slot()
    def on_painted(self) -> None:
        """The first frame stands: make the engine."""
        self.bridge.ask(self._make, self.on_made, self.on_not_made)

    @Slot(object)
    def on_made(self, made: Made) -> None:
        """The engine is there."""
        face, self._close = made
        if self._ending:
            return
        self._unsubscribe = face.subscribe(self.bridge.publish)
        self.window.attach(face)
        self.bridge.ask(face.recover)

    @Slot(object)
    def on_not_made(self, error: Exception) -> None:
        """The engine cannot be made: say why, and leave the window standing."""
        self.window.on_troubled(error)

    @Slot(object)
    def on_arrived(self, news: object) -> None:
        """Tell of defects."""
        if isinstance(news, Defect):
            self.window.on_troubled(news)

    @Slot()
    def on_activated(self) -> None:
        """A second start: come to the front."""
        self.window.show()
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.raise_()
        self.window.activateWindow()

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
        self.window.hide()
        self.window.outlook.detach()
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.bridge.close()
        self.ended.emit()
        self._app.quit()

    def close(self) -> None:
        """After the loop: close the engine, then give back what was taken over."""
        self.end()
        if self._close is not None:
            self._close()
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
