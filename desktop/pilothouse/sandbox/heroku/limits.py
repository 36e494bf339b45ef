"""The account's request budget: 4500 tokens, refilled 75 a minute.

It is kept as the platform keeps it, by the moment at which the bucket would be full again
(generic cell rate algorithm). The budget belongs to the account, not to a token, and runs in real
seconds: it is what the platform asks of its clients (Platform API reference, rate limits).
"""

from __future__ import annotations

import math
from collections.abc import Callable

CAPACITY = 4500
REFILL_PER_S = 75 / 60
_TOKEN_S = 1 / REFILL_PER_S


class RateLimit:
    """A bucket that is refilled evenly. `clock` answers seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._full_at = clock()

    @property
    def remaining(self) -> int:
        """How many whole requests are left now."""
        owed_s = max(0.0, self._full_at - self._clock())
        # A token that is whole but for an error of rounding is whole.
        return max(0, math.floor(CAPACITY - owed_s / _TOKEN_S + 1e-6))

    def take(self) -> bool:
        """Spend one token; False when none was left, and then none is spent."""
        if self.remaining < 1:
            return False
        self._full_at = max(self._full_at, self._clock()) + _TOKEN_S
        return True

    def drain(self, left: int) -> None:
        """Leave only so many tokens, as if other clients of the account had been busy."""
        self._full_at = self._clock() + (CAPACITY - min(left, self.remaining)) * _TOKEN_S
