"""The account's request budget: 4500 tokens, refilled 75 a minute.

The budget belongs to the account, not to a token, and runs in real seconds: it is what the
platform asks of its clients (Platform API reference, rate limits).
"""

from __future__ import annotations

from collections.abc import Callable

CAPACITY = 4500
REFILL_PER_S = 75 / 60


class RateLimit:
    """A bucket that is refilled evenly. `clock` answers seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tokens = float(CAPACITY)
        self._at = clock()

    @property
    def remaining(self) -> int:
        """How many whole requests are left now."""
        now = self._clock()
        self._tokens = min(float(CAPACITY), self._tokens + (now - self._at) * REFILL_PER_S)
        self._at = now
        return int(self._tokens)

    def take(self) -> bool:
        """Spend one token; False when none was left, and then none is spent."""
        if self.remaining < 1:
            return False
        self._tokens -= 1
        return True

    def drain(self, left: int) -> None:
        """Leave only so many tokens, as if other clients of the account had been busy."""
        self._tokens = float(min(left, self.remaining))
