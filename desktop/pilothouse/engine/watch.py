"""Looking at the platforms, now and again: fills the cache and says how the look went.

Pages are read one at a time and put into the cache one at a time, so that history appears while
the rest is still being read.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from pilothouse.domain.errors import AccountRefused, PilothouseError
from pilothouse.domain.model import App
from pilothouse.domain.news import HistoryRead, Looked, Reach
from pilothouse.domain.ports import Clock, Listener, Provider, Providers
from pilothouse.domain.records import ReleaseStore

log = logging.getLogger(__name__)
PAGE = 50
EVERY_S = 20.0
JITTER_S = 5.0
KNOWN_ALL = 1_000_000


class Watch:
    """Looks, once or again and again."""

    def __init__(
        self, providers: Providers, releases: ReleaseStore, *, clock: Clock, publish: Listener
    ) -> None:
        self._providers, self._releases = providers, releases
        self._clock, self._publish = clock, publish
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look again and again, until closed."""
        self._thread = threading.Thread(target=self._again, name="pilothouse-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look_at_all(self) -> None:
        """Look at every account; one account's trouble never keeps the others waiting for ever."""
        threads = [
            threading.Thread(
                target=self._guarded, args=(provider,), name="pilothouse-look", daemon=True
            )
            for provider in self._providers.all()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def look_at(self, provider: Provider, app: App) -> None:
        """Look at one app: what runs, and the newest page of its history."""
        live = provider.live(app)
        self._releases.put_live(live)
        page = provider.releases(app, limit=PAGE)
        self._releases.put_releases(app.id, page.releases, self._clock.now())
        self._publish(Looked(app.account, app.id, Reach.SEEN, self._clock.now(), live=live))
        total = len(self._releases.releases(app.id, limit=KNOWN_ALL))
        self._publish(HistoryRead(app.id, total, page.cursor is None))

    def read_older(self, provider: Provider, app: App) -> None:
        """Read on until one page has something that the cache did not know."""
        known = {r.version for r in self._releases.releases(app.id, limit=KNOWN_ALL)}
        cursor: str | None = None
        while not self._stop.is_set():
            page = provider.releases(app, cursor=cursor, limit=PAGE)
            cursor = page.cursor
            new = [release for release in page.releases if release.version not in known]
            if new or cursor is None:
                self._releases.put_releases(app.id, page.releases, self._clock.now())
                self._publish(HistoryRead(app.id, len(known) + len(new), cursor is None))
                return

    def _again(self) -> None:
        while not self._stop.wait(EVERY_S + random.uniform(0, JITTER_S)):  # noqa: S311
            self.look_at_all()

    def _guarded(self, provider: Provider) -> None:
        self._told(provider, None, lambda: self._look_at_account(provider))

    def _look_at_account(self, provider: Provider) -> None:
        apps = list(provider.apps())
        self._releases.put_apps(provider.account.id, apps, self._clock.now())
        self._publish(Looked(provider.account.id, None, Reach.SEEN, self._clock.now()))
        for app in apps:
            if self._stop.is_set():
                return
            self._told(provider, app, lambda app=app: self.look_at(provider, app))  # type: ignore[misc]

    def _told(self, provider: Provider, app: App | None, look: Callable[[], None]) -> None:
        try:
            look()
        except PilothouseError as error:
            reach = Reach.REFUSED if isinstance(error, AccountRefused) else Reach.SILENT
            log.warning(
                "A look at %s went wrong: %s", app.ref if app else provider.account.id, error
            )
            self._publish(
                Looked(
                    provider.account.id,
                    app.id if app else None,
                    reach,
                    self._clock.now(),
                    str(error),
                )
            )
