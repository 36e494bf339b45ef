"""Honest stand-ins behind the program's ports: a clock that is set by hand, a notifier that keeps.

A fake does what its port promises, only within this process and under the test's control.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pilothouse.domain.news import Notice

START = datetime(2025, 11, 22, 14, 2, tzinfo=UTC)


class FakeClock:
    """A clock that stands still until it is told how many seconds went by."""

    def __init__(self, start: datetime = START, boot_id: str = "boot-1") -> None:
        self._lock = threading.Lock()
        self._start = start
        self._gone_s = 0.0
        self._boot_id = boot_id
        self._booted_s = -1000.0

    def now(self) -> datetime:
        """The moment, aware UTC."""
        with self._lock:
            return self._start + timedelta(seconds=self._gone_s)

    def steady(self) -> float:
        """Seconds that never jump."""
        with self._lock:
            return self._gone_s

    def boot(self) -> tuple[str, float]:
        """The boot's id and the seconds since."""
        with self._lock:
            return self._boot_id, self._gone_s - self._booted_s

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        with self._lock:
            self._gone_s += seconds

    def reboot(self, boot_id: str | None = None) -> None:
        """Start the computer anew; `boot_id` None: the system cannot tell one boot from another."""
        with self._lock:
            self._boot_id = self._boot_id if boot_id is None else boot_id
            self._booted_s = self._gone_s


class RecordingNotifier:
    """A notifier whose desktop is a dictionary; `works` False: nothing can be shown."""

    def __init__(self, *, works: bool = True) -> None:
        self._lock = threading.Lock()
        self.works = works
        self.shown: dict[str, Notice] = {}
        self.history: list[Notice] = []
        self.is_closed = False

    def show(self, notice: Notice) -> bool:
        """Put a notice up in place of an earlier one of the same deployment."""
        with self._lock:
            if not self.works or self.is_closed:
                return False
            self.shown[notice.deployment_id] = notice
            self.history.append(notice)
            return True

    def withdraw(self, deployment_id: str) -> None:
        """Take a notice down."""
        with self._lock:
            self.shown.pop(deployment_id, None)

    def close(self) -> None:
        """Show nothing more; what is up stays up."""
        with self._lock:
            self.is_closed = True
