"""The sandbox's clock: how fast the platforms do what they do by themselves, and what time it is.

Scale 1 is the platforms' own speed. Only boots, checks, propagation and builds are scaled;
what a client names (a lease's length, a wait's timeout) and what an app does keeps its seconds.
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime

DEFAULT_SCALE = 20.0
MOST_SCALE = 1000.0

_ahead_s = 0.0


def wall_s() -> float:
    """Return the platforms' time in epoch seconds; it is ahead of the computer's by a fault alone.

    A process has one sandbox and one clock, so that whatever stamps a moment needs no world.
    """
    return time.time() + _ahead_s


def ahead_s() -> float:
    """Return how far the platforms' clock is ahead of the computer's, in seconds."""
    return _ahead_s


def set_ahead(seconds: float) -> None:
    """Put the platforms' clock so far ahead of the computer's, or behind it."""
    global _ahead_s  # noqa: PLW0603 - the process's one clock is what it says
    _ahead_s = seconds


class Pace:
    """Turns platform seconds into real ones, and tells the platforms' time."""

    def __init__(self, scale: float = DEFAULT_SCALE) -> None:
        check_scale(scale)
        self.scale = scale

    def now(self) -> datetime:
        """Return the platforms' time, aware and in UTC."""
        return datetime.fromtimestamp(wall_s(), UTC)

    def seconds(self, platform_s: float) -> float:
        """Return how many real seconds the platform's `platform_s` take here."""
        return platform_s / self.scale

    async def sleep(self, platform_s: float) -> None:
        """Wait as long as `platform_s` platform seconds take here."""
        await asyncio.sleep(self.seconds(platform_s))


def check_scale(scale: float) -> None:
    """Refuse a scale that is out of bounds.

    Raises:
        ValueError: it is not above 0 and at most `MOST_SCALE`.
    """
    if not (math.isfinite(scale) and 0 < scale <= MOST_SCALE):
        raise ValueError(
            f"the scale must be above 0 and at most {MOST_SCALE:.0f}, not {scale:g}: it says how "
            "many of the platforms' seconds pass in a real one (1 is their own speed)"
        )
