"""How often each dyno came up, as far as we saw it.

Heroku tells when a dyno's state last changed, not how often. A dyno that is up since another
moment than before, under the same id, crashed and was started again by the platform; one that a
person restarts, or that the daily cycling replaces, has another id.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime

from pilothouse.providers.heroku import schema


class Lives:
    """Remembers the dynos of each app that were last seen; any thread may use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, set[datetime]]] = {}

    def of(self, app_id: str, dynos: Iterable[schema.Dyno]) -> dict[str, int]:
        """For each dyno's id, in how many lives it was seen; at least one."""
        with self._lock:
            before, now = self._seen.get(app_id, {}), {}
            for dyno in dynos:
                moments = set(before.get(dyno.id, ()))
                if dyno.state == "up" and dyno.updated_at is not None:
                    moments.add(dyno.updated_at)
                now[dyno.id] = moments
            self._seen[app_id] = now
            return {key: max(1, len(moments)) for key, moments in now.items()}
