"""Signals of the operating system, heard at once: a wake-up socket that Qt watches.

Python runs a handler only when Python code runs; an idle event loop would wait for its next timer.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, Signal, Slot

WATCHED = (signal.SIGTERM, signal.SIGINT)


class Wakeup(QObject):
    """Tells of SIGTERM and SIGINT in the GUI thread.

    Signals:
        asked_to_end: how often it was asked so far.
    """

    asked_to_end = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._count = 0
        self._read, self._write = socket.socketpair()
        for end in (self._read, self._write):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self.on_activated)
        self._before = {one: signal.signal(one, self._note) for one in WATCHED}
        self._fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._count += 1

    @Slot()
    def on_activated(self) -> None:
        """A signal came: empty the socket, let Python run its handler, tell."""
        with contextlib.suppress(BlockingIOError):
            self._read.recv(64)
        self.asked_to_end.emit(self._count)

    def close(self) -> None:
        """Give signals back to whoever had them."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()
