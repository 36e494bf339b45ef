"""Notices through the desktop's notification daemon, on a thread of their own.

A daemon that is missing, dies or comes back is normal: then `show` answers False, and the next
notice tries again. A deployment has at most one notice on the screen. Bad news stays until it is
dismissed. Text is plain: where the daemon reads markup it is escaped.
"""

from __future__ import annotations

import html
import logging
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from pilothouse.domain.deployment import State
from pilothouse.domain.news import Notice, Urgency

if TYPE_CHECKING:
    from pilothouse.notifications.daemon import Daemon, Display, Signal

log = logging.getLogger(__name__)
T = TypeVar("T")

APP = "Pilothouse"
DESKTOP_ENTRY = "pilothouse"
"""The name of our desktop entry and icon, by which a desktop groups our notices."""

OPEN, SEEN = "open", "seen"
"""What `on_action` may hear."""

REPLY_S = 5.0
"""For one answer of the daemon, which may have to be started first."""

ANSWER_S = 4 * REPLY_S
"""For all that one notice may need: connecting, asking what the daemon can do, showing."""

CAN_BE_SEEN = frozenset({State.FAILED_SAFE.value, State.ROLLED_BACK.value})
"""States whose notice offers to be marked as seen at once; the others want to be opened."""

URGENCIES = {Urgency.SILENT: 0, Urgency.NORMAL: 1, Urgency.CRITICAL: 2}


class FreedesktopNotifier:
    """`domain.ports.Notifier` over D-Bus; its thread begins with the first notice.

    Args:
        on_action: hears (deployment id, `OPEN` or `SEEN`) on the notifier's own thread.
        reply_s: how long the daemon may take for one answer.
    """

    def __init__(self, on_action: Callable[[str, str], None], *, reply_s: float = REPLY_S) -> None:
        self._on_action, self._reply_s = on_action, reply_s
        self._lock = threading.Lock()
        self._jobs: deque[Callable[[], None]] = deque()
        self._wake, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None
        self._closing = False
        # The thread's own from here on.
        self._daemon: Daemon | None = None
        self._numbers: dict[str, int] = {}

    def show(self, notice: Notice) -> bool:
        """Show it, in place of an earlier one of the same deployment; False: it could not."""
        return self._on_thread(lambda: self._show(notice)) or False

    def withdraw(self, deployment_id: str) -> None:
        """Take a notice back, if it is still there."""
        self._on_thread(lambda: self._withdraw(deployment_id))

    def state(self) -> str:
        """A sentence: whether notices reach the desktop, and by whom."""
        return self._on_thread(self._describe) or "The notification daemon does not answer."

    def close(self) -> None:
        """Stop; bad news that is on the screen stays there."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            thread = self._thread
        self._wake.send(b"\0")
        if thread is not None:
            thread.join(ANSWER_S)
        self._wake.close()
        self._woken.close()

    # -- any thread --------------------------------------------------------------------------

    def _on_thread(self, work: Callable[[], T]) -> T | None:
        """Do it on our thread; None when it could not be done in time, or we are closing."""
        future: Future[T] = Future()

        def job() -> None:
            try:
                future.set_result(work())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                future.set_exception(error)

        with self._lock:
            if self._closing:
                return None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="pilothouse-notices", daemon=True
                )
                self._thread.start()
            self._jobs.append(job)
            self._wake.send(b"\0")
        try:
            return future.result(ANSWER_S)
        except TimeoutError:
            log.warning("The notification daemon did not answer within %s s.", ANSWER_S)
            return None

    # -- our thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            readable = [self._woken] + ([self._daemon.socket] if self._daemon else [])
            ready, _, _ = select.select(readable, [], [])
            if self._woken in ready:
                self._woken.recv(4096)
            while self._jobs and not self._closing:
                self._jobs.popleft()()
            self._listen()
        self._hang_up()

    def _show(self, notice: Notice) -> bool:
        # A connection that has died since the last notice is told only by its use.
        for daemon in (self._daemon, None):
            used = daemon or self._connect()
            if used is None:
                return False
            try:
                self._put_up(used, notice)
            except self._unreachable() as error:
                log.info("The desktop did not take a notice: %s", type(error).__name__)
                self._hang_up()
                if daemon is None or isinstance(error, TimeoutError):
                    return False
            else:
                return True
        return False

    def _put_up(self, daemon: Daemon, notice: Notice) -> None:
        self._listen()
        replaces = self._numbers.get(notice.deployment_id, 0)
        number = daemon.show(_display(daemon, notice), replaces, app=APP, entry=DESKTOP_ENTRY)
        self._numbers[notice.deployment_id] = number

    def _withdraw(self, deployment_id: str) -> None:
        number = self._numbers.pop(deployment_id, None)
        if number is None or self._daemon is None:
            return
        try:
            self._daemon.withdraw(number)
        except self._unreachable():
            self._hang_up()

    def _describe(self) -> str:
        daemon = self._daemon or self._connect()
        if daemon is None:
            return "There is no desktop bus, so notices can only be shown by the tray."
        try:
            name, version = daemon.information()
            buttons = "with buttons" if daemon.can("actions") else "without buttons"
        except self._unreachable():
            self._hang_up()
            return "No notification daemon answers, so notices can only be shown by the tray."
        return f"Notices are shown by {name} {version}, {buttons}."

    def _listen(self) -> None:
        if self._daemon is None:
            return
        try:
            signals = self._daemon.signals()
        except self._unreachable():
            self._hang_up()
            return
        for signal in signals:
            self._heard(signal)

    def _heard(self, signal: Signal) -> None:
        if signal.member == "NameOwnerChanged":
            self._numbers.clear()  # another daemon counts anew
            return
        known = [key for key, number in self._numbers.items() if number == signal.number]
        for deployment_id in known:
            if signal.member == "NotificationClosed":
                del self._numbers[deployment_id]
            elif signal.action in {"default", SEEN}:
                self._tell(deployment_id, SEEN if signal.action == SEEN else OPEN)

    def _tell(self, deployment_id: str, action: str) -> None:
        try:
            self._on_action(deployment_id, action)
        except Exception:
            # What somebody else does with a click must not end all notices.
            log.exception("A click on a notice could not be followed")

    def _connect(self) -> Daemon | None:
        try:
            from pilothouse.notifications.daemon import Daemon
        except ImportError:
            return None  # the bus is spoken to on Linux only
        try:
            self._daemon = Daemon.open(self._reply_s)
        except self._unreachable() as error:
            log.info("There is no desktop bus: %s", type(error).__name__)
            return None
        return self._daemon

    def _hang_up(self) -> None:
        if self._daemon is not None:
            self._daemon.close()
            self._daemon = None
        self._numbers.clear()

    @staticmethod
    def _unreachable() -> tuple[type[Exception], ...]:
        from pilothouse.notifications.daemon import Unreachable

        return Unreachable


def _display(daemon: Daemon, notice: Notice) -> Display:
    from pilothouse.notifications.daemon import Display

    text = html.escape(notice.text, quote=False) if daemon.can("body-markup") else notice.text
    actions: list[str] = []
    if daemon.can("actions"):
        actions = ["default", "Open"]
        if notice.state in CAN_BE_SEEN:
            actions += [SEEN, "Mark as seen"]
    return Display(
        title=notice.title,
        text=text,
        urgency=URGENCIES[notice.urgency],
        actions=actions,
        stays=notice.urgency is not Urgency.SILENT,
    )
