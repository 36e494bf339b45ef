"""The account's request budget: 4500 calls, refilled 75 a minute (Platform API, rate limits).

It belongs to the account, whatever else uses it, so each answer's `RateLimit-Remaining` corrects
our own count downwards. Looking never spends the last calls: those are for changes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

CAPACITY = 4500.0
REFILL_PER_S = 75 / 60
KEPT_FOR_CHANGES = 60.0
"""Enough for one deploy and its way back, looks of their own included."""
LOOK, RUN = "look", "run"
"""What a call is for: keeping the window fresh, which can wait, or a change under way."""


class Budget:
    """A bucket that is refilled evenly; any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._left, self._at = CAPACITY, clock()

    @property
    def left(self) -> int:
        """How many calls the account may make now, as far as we know."""
        with self._lock:
            self._refill()
            return max(0, int(self._left))

    def reserve(self, action: str) -> float:
        """Take one call; returns the seconds to wait before it may leave."""
        with self._lock:
            self._refill()
            self._left -= 1
            if action == RUN:
                return 0.0
            return max(0.0, (KEPT_FOR_CHANGES - self._left) / REFILL_PER_S)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Believe the platform when it says that less is left than we thought."""
        told = headers.get("ratelimit-remaining", "")
        if not told.isascii() or not told.isdigit():
            return
        with self._lock:
            self._refill()
            self._left = min(self._left, float(told))

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(CAPACITY, self._left + (now - self._at) * REFILL_PER_S)
        self._at = now
