"""The Machines API's rate limits, exact and in real seconds since they bind clients.

Per action and per identifier: 1 request a second, burst 3; `Get Machine` 5 a second, burst 10
(Fly.io, Machines API, "Rate limits").
"""

from __future__ import annotations

import time

from pilothouse.sandbox.fly.errors import FlyError

_USUAL = (1.0, 3.0)
_LIMITS = {"get": (5.0, 10.0), "delete_app": (100 / 60, 100.0)}


class RateLimits:
    """A token bucket for each action on each machine or app."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def spend(self, action: str, identifier: str) -> None:
        """Let one request pass.

        Raises:
            FlyError: 429, and nothing is spent.
        """
        rate, burst = _LIMITS.get(action, _USUAL)
        now = time.monotonic()
        left, at = self._buckets.get((action, identifier), (burst, now))
        left = min(burst, left + (now - at) * rate)
        if left < 1.0:
            raise FlyError(429, f"resource_exhausted: rate limit exceeded for {action}")
        self._buckets[action, identifier] = (left - 1.0, now)
