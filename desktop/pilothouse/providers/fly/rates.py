"""Token buckets that keep our calls within Fly.io's rate limits, so that none is ever turned away.

One request a second with a burst of three for each action on each machine (or app); reading a
machine five a second with a burst of ten (Fly.io, Machines API, "Rate limits"). The pace is kept
a little below, since requests bunch up on their way.
"""

from __future__ import annotations

import threading
import time

SLACK = 0.9
USUAL = (1.0, 3.0)
LIMITS = {"get": (5.0, 10.0)}


class Buckets:
    """A bucket for each action, as in `update 3d8d4e2f`; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def reserve(self, action: str) -> float:
        """Take a place for one call; returns the seconds to wait before it may leave."""
        rate, burst = LIMITS.get(action.partition(" ")[0], USUAL)
        gap = 1.0 / (rate * SLACK)
        now = time.monotonic()
        with self._lock:
            # The moment at which the bucket would be full again, if nothing more were taken.
            full_at = max(self._free_at.get(action, now), now)
            self._free_at[action] = full_at + gap
        return max(0.0, full_at - now - gap * (burst - 1))
