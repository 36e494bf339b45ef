"""One window a home: a lock file decides who is first, a local socket wakes the first one.

The lock is the truth, as a killed program's lock is taken over by itself; only its holder may
clear away a dead socket. The protocol is one line each way, `activate 1` and `ok`; others are
ignored.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal, Slot
from PySide6.QtNetwork import QLocalServer, QLocalSocket

WAIT_MS = 1500
ACTIVATE = b"activate 1\n"
OK = b"ok\n"
LONGEST = 64


class SingleInstance(QObject):
    """The guard.

    Signals:
        activated: a second start asks the window to come to the front.
    """

    activated = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
        mark = hashlib.sha256(f"{user}\0{folder.resolve()}".encode()).hexdigest()[:16]
        self._name = f"pilothouse-{mark}"
        self._lock = QLockFile(str(folder / "window.lock"))
        self._lock.setStaleLockTime(0)
        self._server: QLocalServer | None = None

    @property
    def name(self) -> str:
        """The local socket's name, the user's and the home's own."""
        return self._name

    def take(self) -> bool:
        """Become the first one; False when somebody else is."""
        if not self._lock.tryLock(0):
            return False
        QLocalServer.removeServer(self._name)
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self.on_connected)
        server.listen(self._name)
        self._server = server
        return True

    def wake_other(self) -> bool:
        """Ask the first one to come to the front; False when it does not answer."""
        line = QLocalSocket()
        line.connectToServer(self._name)
        if not line.waitForConnected(WAIT_MS):
            return False
        line.write(ACTIVATE)
        line.flush()
        answered = line.waitForReadyRead(WAIT_MS) and bytes(line.readAll().data()) == OK
        line.disconnectFromServer()
        return answered

    @Slot()
    def on_connected(self) -> None:
        """Somebody knocks."""
        server = self._server
        line = server.nextPendingConnection() if server is not None else None
        while server is not None and line is not None:
            line.setParent(self)
            line.readyRead.connect(self.on_ready)
            line.disconnected.connect(line.deleteLater)
            line = server.nextPendingConnection() if server.hasPendingConnections() else None
        self.on_ready()

    @Slot()
    def on_ready(self) -> None:
        """Read whole lines; answer the one that is known."""
        for line in self.findChildren(QLocalSocket):
            while line.canReadLine():
                if bytes(line.readLine(LONGEST).data()) == ACTIVATE:
                    line.write(OK)
                    line.flush()
                    self.activated.emit()
            if line.bytesAvailable() > LONGEST:
                line.abort()

    def close(self) -> None:
        """Let the next one be first."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()
