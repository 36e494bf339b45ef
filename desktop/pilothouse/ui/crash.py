"""What nobody caught: logged, counted by place, told in the window; at most once a place.

The handlers run on any thread and make no widget: they publish, and the window shows.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections import Counter
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from pilothouse.ui.bridge import Bridge

log = logging.getLogger("pilothouse.window")
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Defect(Exception):
    """A defect of ours, told to the person in one sentence."""


class CrashHook:
    """Catches what is left over; `install` for the run of the window, `remove` afterwards."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._seen: Counter[str] = Counter()
        self._gate = threading.Lock()

    def install(self) -> None:
        """Take over from Python and Qt."""
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook = self.on_exception
        threading.excepthook = self._on_thread
        sys.unraisablehook = self._on_unraisable
        qInstallMessageHandler(on_qt_message)

    def remove(self) -> None:
        """Give back what was taken over."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        qInstallMessageHandler(None)

    def on_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """Log it, and tell of it unless the same place told already."""
        frames = traceback.extract_tb(trace)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else kind.__name__
        with self._gate:
            self._seen[place] += 1
            first = self._seen[place] == 1
        if not first:
            return
        log.error("Not caught, at %s", place, exc_info=(kind, error, trace))
        where = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"
        said = f"A defect in the window ({kind.__name__} in {where}). Deployments go on without it."
        self._bridge.publish(Defect(said))

    def _on_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def _on_unraisable(self, args: sys.UnraisableHookArgs) -> None:
        if args.exc_value is not None:
            self.on_exception(args.exc_type, args.exc_value, args.exc_traceback)


def on_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt's own complaints go to the log."""
    log.log(LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
