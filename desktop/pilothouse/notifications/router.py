"""From news to notices: who is told, and by which way.

The first way that can show a notice shows it; the others stand by. A deployment has one notice,
which is replaced when its state changes, and withdrawn when a person has seen it or when there is
nothing to say any more. Success is quiet: silent notices are not shown. Listening never blocks.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence

from pilothouse.domain.news import News, Notice, Notified, Urgency
from pilothouse.domain.ports import Notifier

log = logging.getLogger(__name__)
CLOSE_S = 15.0


def _always() -> bool:
    return True


class Router:
    """A listener of the engine's news; owns its notifiers and closes them.

    Args:
        notifiers: the ways to reach a person, best first.
        wanted: asked before each notice, whether the person wants any.
    """

    def __init__(
        self, notifiers: Sequence[Notifier], *, wanted: Callable[[], bool] = _always
    ) -> None:
        self._notifiers = tuple(notifiers)
        self._wanted = wanted
        self._queue: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pilothouse-router", daemon=True)
        self._thread.start()

    def hear(self, news: News) -> None:
        """Take news from any thread; what it means is done on the router's own."""
        if isinstance(news, Notified):
            self._queue.put(news.notice)

    def close(self) -> None:
        """Say what was heard so far, then stop and close the notifiers."""
        self._queue.put(None)
        self._thread.join(CLOSE_S)
        for notifier in self._notifiers:
            notifier.close()

    def _run(self) -> None:
        while (notice := self._queue.get()) is not None:
            try:
                self._route(notice)
            except Exception:
                # One way of telling that fails must not silence all that comes after.
                log.exception("The notice “%s” could not be shown", notice.title)

    def _route(self, notice: Notice) -> None:
        is_news = notice.seen_at is None and notice.urgency is not Urgency.SILENT
        shown_by = self._show(notice) if is_news and self._wanted() else None
        for notifier in self._notifiers:
            if notifier is not shown_by:
                notifier.withdraw(notice.deployment_id)

    def _show(self, notice: Notice) -> Notifier | None:
        for notifier in self._notifiers:
            if notifier.show(notice):
                return notifier
        log.warning("No way to show “%s” on this desktop; it waits in the inbox.", notice.title)
        return None
