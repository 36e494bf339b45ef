"""Reads an app's history into its model: newest page first, older ones, then what news says."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from pilothouse.domain.model import Release
from pilothouse.domain.news import HistoryRead, Journaled
from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.release_model import ReleaseModel
from pilothouse.ui.models.release_rows import proofs_of

FIRST, PAGE = 200, 2000
GATHER_MS = 120


@dataclass(frozen=True, slots=True)
class _Page:
    app_id: str
    releases: tuple[Release, ...]
    records: tuple[DeploymentRecord, ...] | None
    asked: int
    older: bool


class History(QObject):
    """Fills one model with one app's releases.

    Signals:
        grew: rows came or changed.
    """

    grew = Signal()

    def __init__(self, desk: Desk, model: ReleaseModel, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._model = desk, model
        self._app_id = ""
        self.complete = False
        self.asked_platform = False
        self.awake = True
        self._stale = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(GATHER_MS)
        self._soon.timeout.connect(self.on_soon)
        desk.bridge.arrived.connect(self.on_arrived)

    def show_app(self, app_id: str) -> None:
        """Read another app's history from the beginning."""
        if app_id == self._app_id and self._model.releases:
            self._read_newest()
            return
        self._app_id = app_id
        self.complete = False
        self.asked_platform = False
        self._model.clear()
        self._read_newest()

    def _read_newest(self) -> None:
        self._ask(before=None, limit=FIRST)

    def _ask(self, *, before: int | None, limit: int) -> None:
        face, app_id = self._desk.outlook.face, self._app_id
        if face is None or not app_id:
            return

        def read() -> _Page:
            book = face.logbook
            rows = book.history(app_id, before=before, limit=limit)
            records = book.deployments(app_id, limit=1000) if before is None else None
            return _Page(app_id, rows, records, limit, before is not None)

        self._desk.bridge.ask(read, self.on_read)

    @Slot(object)
    def on_read(self, page: _Page) -> None:
        """A page was read: take it, and ask for the next older one."""
        if page.app_id != self._app_id:
            return
        known_oldest = self._model.releases[-1].version if self._model.releases else None
        self._model.set_now(self._desk.outlook.now)
        if page.records is not None:
            self._model.set_proofs(proofs_of(page.records))
        self._model.merge(page.releases)
        self.grew.emit()
        oldest = self._model.releases[-1].version if self._model.releases else None
        more = len(page.releases) == page.asked and (page.older or known_oldest is None)
        if more and oldest is not None and oldest != known_oldest:
            self._ask(before=oldest, limit=PAGE)

    def read_older(self) -> None:
        """Let the platform's next older page be read, once at a time."""
        face, app_id = self._desk.outlook.face, self._app_id
        if face is None or self.complete or self.asked_platform:
            return
        self.asked_platform = True

        def look() -> None:
            face.look(app_id, older=True)

        self._desk.bridge.ask(look, self.on_looked, self.on_not_looked)

    @Slot(object)
    def on_looked(self, _nothing: object) -> None:
        """The next one may be asked for."""
        self.asked_platform = False

    @Slot(object)
    def on_not_looked(self, _error: Exception) -> None:
        """No answer: the account's own mark says so already; scrolling asks again."""
        self.asked_platform = False

    @Slot(object)
    def on_arrived(self, news: object) -> None:
        """Something about this app changed."""
        match news:
            case HistoryRead(app_id=app_id, complete=complete) if app_id == self._app_id:
                self.complete = complete
            case Journaled(app_id=app_id) if app_id == self._app_id:
                pass
            case _:
                return
        self._stale = True
        if self.awake and not self._soon.isActive():
            self._soon.start()

    def wake(self, *, awake: bool) -> None:
        """Keep up while somebody looks; catch up when somebody looks again."""
        self.awake = awake
        if awake and self._stale:
            self._soon.start()

    @Slot()
    def on_soon(self) -> None:
        """Read the newest page, and what became known below the oldest row."""
        self._stale = False
        self._read_newest()
        if self._model.releases:
            self._ask(before=self._model.releases[-1].version, limit=PAGE)
