"""The sandbox's clock: how fast the platforms do what they do by themselves.

Scale 1 is the platforms' own speed. Only boots, checks, propagation and builds are scaled;
what a client names (a lease's length, a wait's timeout) and what an app does keeps its seconds.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

DEFAULT_SCALE = 20.0


class Pace:
    """Turns platform seconds into real ones; the wall clock itself is never touched."""

    def __init__(self, scale: float = DEFAULT_SCALE) -> None:
        if scale <= 0:
            raise ValueError(f"a pace needs a scale above zero, not {scale}")
        self.scale = scale

    def now(self) -> datetime:
        """Return the wall clock, aware and in UTC."""
        return datetime.now(UTC)

    def seconds(self, platform_s: float) -> float:
        """Return how many real seconds the platform's `platform_s` take here."""
        return platform_s / self.scale

    async def sleep(self, platform_s: float) -> None:
        """Wait as long as `platform_s` platform seconds take here."""
        await asyncio.sleep(self.seconds(platform_s))
