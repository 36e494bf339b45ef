"""Whether the proxies leave a machine out of routing, which they learn only a while later."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pilothouse.sandbox.pace import Pace

_PROPAGATION_S = 5.0


class Veil:
    """What the proxies know of one machine's cordon; `learnt` is called when they know more."""

    def __init__(self, pace: Pace, hidden: bool, learnt: Callable[[], None]) -> None:
        self.hidden = hidden
        self._pace = pace
        self._learnt = learnt
        self._news: set[asyncio.TimerHandle] = set()

    def draw(self, hidden: bool) -> None:
        """Let the proxies learn, a propagation later, whether to leave the machine out."""
        loop, delay_s = asyncio.get_running_loop(), self._pace.seconds(_PROPAGATION_S)
        self._news = {timer for timer in self._news if timer.when() > loop.time()}
        self._news.add(loop.call_later(delay_s, self._learn, hidden))

    def close(self) -> None:
        """Tell the proxies nothing more."""
        for timer in self._news:
            timer.cancel()

    def _learn(self, hidden: bool) -> None:
        self.hidden = hidden
        self._learnt()
