"""Health of the last hour, as this window saw it look by look: thirty bars of two minutes.

A time in which nobody looked stays *not seen*; nothing is filled in afterwards.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

from pilothouse.domain.model import AppState
from pilothouse.engine.views import AppView
from pilothouse.ui.widgets.health import BAR_S, BARS, Bar

MOST = 4000


def _seen(view: AppView) -> Bar:
    live = view.live
    if live is None or not live.instances:
        return Bar.NOT_SEEN
    if view.state is AppState.BROKEN or not live.serving:
        return Bar.DOWN
    sick = any(one.healthy is False for one in live.serving)
    return Bar.SOME_LOST if sick else Bar.SERVED


class HealthLog:
    """Looks of each app, newest last, older than an hour forgotten."""

    def __init__(self) -> None:
        self._looks: dict[str, deque[tuple[datetime, Bar]]] = {}

    def note(self, view: AppView, now: datetime) -> None:
        """Keep what a view says, once for each moment at which the app was seen."""
        if view.seen_at is None:
            return
        looks = self._looks.setdefault(view.app.id, deque(maxlen=MOST))
        if looks and looks[-1][0] >= view.seen_at:
            return
        looks.append((view.seen_at, _seen(view)))
        while looks and (now - looks[0][0]).total_seconds() > BARS * BAR_S:
            looks.popleft()

    def of(self, app_id: str, now: datetime) -> tuple[tuple[Bar, ...], float | None]:
        """Bars and share together."""
        return self.bars(app_id, now), self.share(app_id, now)

    def bars(self, app_id: str, now: datetime) -> tuple[Bar, ...]:
        """The bars, oldest first; each the worst of its two minutes."""
        bars = [Bar.NOT_SEEN] * BARS
        for at, bar in self._looks.get(app_id, ()):
            place = BARS - 1 - int((now - at).total_seconds() // BAR_S)
            if 0 <= place < BARS:
                bars[place] = max(bars[place], bar)
        return tuple(bars)

    def share(self, app_id: str, now: datetime) -> float | None:
        """The share of looks in the last hour that found the app serving, None without any."""
        good = asked = 0
        for at, bar in self._looks.get(app_id, ()):
            if bar is Bar.NOT_SEEN or (now - at).total_seconds() > BARS * BAR_S:
                continue
            asked += 1
            good += bar is Bar.SERVED
        return good / asked if asked else None
