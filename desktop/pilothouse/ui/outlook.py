"""What the window knows of the fleet: views of all apps, accounts, notices, each with its age.

Filled from the logbook at once and whenever news says that something changed; never from a
platform directly. Bursts of news become one question. Lives in the GUI thread.
What is known of the sandbox itself, beside the apps in it, is `practice`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import PilothouseError
from pilothouse.domain.model import Account
from pilothouse.domain.news import HistoryRead, Journaled, Looked, Notice, Notified
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.health_log import HealthLog
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.sights import AccountSight, after, guess

GATHER_MS = 60
TICK_MS = 1000


def utc_now() -> datetime:
    """The moment, aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Whole:
    views: tuple[AppView, ...]
    accounts: tuple[Account, ...]
    notices: tuple[Notice, ...]
    keyring: str


class Outlook(QObject):
    """Facts for every page, tray and status line.

    Signals:
        changed: some or all views changed; the ids, empty for all.
        accounts_changed: accounts, or how they are reached, changed.
        notices_changed: the inbox changed.
        ticked: a second went by; ages are to be said anew.
    """

    changed = Signal(object)
    accounts_changed = Signal()
    notices_changed = Signal()
    ticked = Signal()

    def __init__(
        self, bridge: Bridge, parent: QObject, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(parent)
        self._bridge, self._clock = bridge, clock
        self._face: Face | None = None
        self._views: dict[str, AppView] = {}
        self._sights: dict[str, AccountSight] = {}
        self._notices: tuple[Notice, ...] = ()
        self._early: dict[str, Looked] = {}
        self._dirty: set[str] = set()
        self.loaded = False
        self.keyring = ""
        self.health = HealthLog()
        self.practice = PracticeOutlook(bridge, self, clock=clock)
        self._gather = QTimer(self)
        self._gather.setSingleShot(True)
        self._gather.setInterval(GATHER_MS)
        self._gather.timeout.connect(self.on_gathered)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.ticked)
        bridge.arrived.connect(self.on_arrived)

    @property
    def face(self) -> Face | None:
        """The engine; None until it is made."""
        return self._face

    @property
    def now(self) -> datetime:
        """The moment that ages are counted from."""
        return self._clock()

    @property
    def views(self) -> tuple[AppView, ...]:
        """All apps, in no order."""
        return tuple(self._views.values())

    @property
    def sights(self) -> tuple[AccountSight, ...]:
        """All accounts, the sandbox last."""
        return tuple(sorted(self._sights.values(), key=lambda one: one.account.is_sandbox))

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The inbox, open ones first."""
        return self._notices

    @property
    def open_notices(self) -> int:
        """How many notices nobody has seen."""
        return sum(notice.seen_at is None for notice in self._notices)

    def view(self, app_id: str) -> AppView | None:
        """One app, if it is known."""
        return self._views.get(app_id)

    def age_s(self, moment: datetime | None) -> float | None:
        """Seconds since a moment."""
        return None if moment is None else max(0.0, (self._clock() - moment).total_seconds())

    def attach(self, face: Face) -> None:
        """Take the engine, read all it knows, then let it look at the platforms."""
        self._face = face
        self._tick.start()
        self.read_all()
        self.look()

    def detach(self) -> None:
        """Ask nothing any more."""
        self.practice.detach()
        self._face = None
        self._tick.stop()
        self._gather.stop()

    @Slot()
    def look(self) -> None:
        """Let the platforms be asked now."""
        if self._face is not None:
            self._bridge.ask(self._face.look, None)

    def look_at(self, app_id: str) -> None:
        """Let one app's platform be asked now."""
        if self._face is not None:
            self._bridge.ask(partial(self._face.look, app_id), None, self.on_not_looked)

    @Slot(object)
    def on_not_looked(self, error: Exception) -> None:
        """The app's own mark says that nobody answered; anything else is a defect to be told."""
        if not isinstance(error, PilothouseError):
            self._bridge.troubled.emit(error)

    @Slot()
    def read_all(self) -> None:
        """Read everything that is known."""
        face = self._face
        if face is None:
            return

        def read() -> _Whole:
            book, accounts = face.logbook, face.accounts
            return _Whole(book.fleet(), accounts.list(), book.inbox(), accounts.keyring_state())

        self._bridge.ask(read, self.on_all_read)

    @Slot(object)
    def on_all_read(self, whole: _Whole) -> None:
        """Everything was read."""
        self.loaded = True
        self.keyring = whole.keyring
        self._views = {view.app.id: view for view in whole.views}
        for view in whole.views:
            self.health.note(view, self.now)
        self._take_accounts(whole.accounts)
        self._notices = whole.notices
        self.accounts_changed.emit()
        self.notices_changed.emit()
        self.changed.emit(())

    def _take_accounts(self, accounts: tuple[Account, ...]) -> None:
        fresh: dict[str, AccountSight] = {}
        for account in accounts:
            known = self._sights.get(account.id)
            sight = known or guess(account, self._views.values())
            early = self._early.pop(account.id, None)
            fresh[account.id] = after(sight, early) if early is not None else sight
        self._sights = fresh

    @Slot(object)
    def on_arrived(self, news: object) -> None:
        """News of the engine: remember what became old; look where a deployment just ended."""
        if isinstance(news, Journaled) and news.event.kind is EventKind.ENDED:
            self.look_at(news.app_id)
        match news:
            case Looked(app_id=None):
                self._take_sight(news)
            case Looked(app_id=str(app_id)) | Journaled(app_id=app_id) | HistoryRead(app_id=app_id):
                self._dirty.add(app_id)
            case Notified():
                self._dirty.add(news.notice.app_id)
            case _:
                return
        if not self._gather.isActive():
            self._gather.start()

    def _take_sight(self, news: Looked) -> None:
        was = self._sights.get(news.account)
        if was is None:
            self._early[news.account] = news
            return
        self._sights[news.account] = after(was, news)
        self._dirty.add("")
        self.accounts_changed.emit()

    @Slot()
    def on_gathered(self) -> None:
        """Read what became old; a whole account that was looked at means all of it."""
        dirty, self._dirty = self._dirty, set()
        face = self._face
        if face is None or not dirty:
            return
        if "" in dirty or not dirty <= self._views.keys():
            self.read_all()
            return

        def read() -> tuple[tuple[AppView, ...], tuple[Notice, ...]]:
            return tuple(face.logbook.app(app_id) for app_id in dirty), face.logbook.inbox()

        self._bridge.ask(read, self.on_some_read)

    @Slot(object)
    def on_some_read(self, read: tuple[tuple[AppView, ...], tuple[Notice, ...]]) -> None:
        """Some apps were read."""
        views, notices = read
        for view in views:
            self._views[view.app.id] = view
            self.health.note(view, self.now)
        self.changed.emit(tuple(view.app.id for view in views))
        if notices != self._notices:
            self._notices = notices
            self.notices_changed.emit()
