"""One deployment as the window follows it: read once from the journal, then kept by the news.

The journal is the truth: news that does not continue it makes the feed read it again. What was
probed is passing, and counts only from when the feed began to listen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from pilothouse.domain.deployment import Event, EventKind, Progress
from pilothouse.domain.errors import PilothouseError
from pilothouse.domain.evidence import Probe
from pilothouse.domain.fold import advance
from pilothouse.domain.news import Journaled, JournalTrouble, Looked, Notice, Notified, Probed
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.run.board import Cell, board
from pilothouse.ui.run.story import LogLine, line_of
from pilothouse.ui.run.tally import Tally


@dataclass(frozen=True, slots=True)
class Read:
    """All that the journal and the cache know of a deployment."""

    wanted: str
    record: DeploymentRecord | None = None
    events: tuple[Event, ...] = ()
    view: AppView | None = None
    notice: Notice | None = None
    error: PilothouseError | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What is known beside the journal: the app, and what the inbox says of the deployment."""

    view: AppView | None
    notice: Notice | None


def read_around(face: Face, app_id: str, deployment_id: str) -> Around:
    """Read what is known beside the journal; blocking."""
    notices = face.logbook.inbox()
    notice = next((one for one in notices if one.deployment_id == deployment_id), None)
    try:
        return Around(face.logbook.app(app_id), notice)
    except PilothouseError:
        return Around(None, notice)


def read(face: Face, deployment_id: str) -> Read:
    """Read a deployment; blocking."""
    try:
        record = face.logbook.deployment(deployment_id)
        events = face.logbook.events(record.id)
    except PilothouseError as error:
        return Read(deployment_id, error=error)
    around = read_around(face, record.app_id, record.id)
    return Read(deployment_id, record, events, around.view, around.notice)


class RunFeed(QObject):
    """What is known of one deployment now.

    Signals:
        loaded: it was read anew, or cannot be read.
        advanced: an event was added; carries the event.
        probed: requests were answered; carries the probes.

    Threads: the GUI's.
    """

    loaded = Signal()
    advanced = Signal(object)
    probed = Signal(object)

    def __init__(self, face: Face, bridge: Bridge, deployment_id: str, parent: QObject) -> None:
        super().__init__(parent)
        self._face, self._bridge = face, bridge
        self.id = deployment_id
        self.record: DeploymentRecord | None = None
        self.view: AppView | None = None
        self.notice: Notice | None = None
        self.error: Exception | None = None
        self.progress: Progress | None = None
        self.events: list[Event] = []
        self.lines: list[LogLine] = []
        self.tally = Tally()
        self.trouble = ""
        self.first_loss_at: datetime | None = None
        self._reading = False
        bridge.arrived.connect(self.on_news)
        self.reload()

    def reload(self) -> None:
        """Read it again; questions while one is under way are one question."""
        if not self._reading:
            self._reading = True
            self._bridge.ask(partial(read, self._face, self.id), self.on_read, self.on_failed)

    @property
    def is_live(self) -> bool:
        """Whether it goes on."""
        return self.progress is not None and not self.progress.state.is_ended

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Where every instance stands."""
        if self.progress is None:
            return ()
        return board(self.progress, self.view.live if self.view is not None else None)

    @property
    def told(self) -> tuple[int, int] | None:
        """How many were asked and lost: by the journal's last line, else by our own count."""
        for event in reversed(self.events):
            if event.kind is EventKind.ENDED and "asked" in event.data:
                return _number(event.data["asked"]), _number(event.data["lost"])
        counts = self.tally.all.counts
        return (counts.asked, counts.lost) if counts.asked else None

    def _take(self, event: Event) -> None:
        before = self.progress
        if before is None:
            return
        line = line_of(event, before)
        if line is not None:
            self.lines.append(line)
        self.events.append(event)
        self.progress = advance(before, event)

    @Slot(object)
    def on_read(self, found: Read) -> None:
        """It was read."""
        self._reading = False
        self.error = found.error
        self.record, self.view, self.notice = found.record, found.view, found.notice
        if found.record is not None:
            self.id = found.record.id
            self.events, self.lines = [], []
            self.progress = Progress(found.record.progress.plan)
            for event in found.events:
                self._take(event)
        self.loaded.emit()

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        """It cannot be read, by a defect of ours."""
        self._reading = False
        self.error = error
        self.loaded.emit()

    @Slot(object)
    def on_news(self, news: object) -> None:
        """Whatever concerns this deployment."""
        match news:
            case Journaled() if news.event.deployment_id == self.id:
                self._on_event(news.event)
            case Probed() if news.deployment_id == self.id:
                sides = {cell.id: cell.side for cell in self.cells if not cell.gone}
                self.tally.add(news.probes, sides)
                self._note_loss(news.probes)
                self.probed.emit(news.probes)
            case JournalTrouble() if news.deployment_id == self.id:
                self.trouble = news.reason
                self.loaded.emit()
            case Looked() if self.progress and news.app_id == self.progress.plan.app.id:
                self.reload_view()
            case Notified() if news.notice.deployment_id == self.id:
                self.reload_view()

    def _note_loss(self, probes: Sequence[Probe]) -> None:
        """Remember when the first request was lost, by our own clock."""
        if self.first_loss_at is None and any(one.counts and not one.good for one in probes):
            self.first_loss_at = datetime.now(UTC)

    def _on_event(self, event: Event) -> None:
        if self.progress is None or event.seq <= self.progress.last_seq:
            return
        if event.seq != self.progress.last_seq + 1:
            self.reload()
            return
        self._take(event)
        self.advanced.emit(event)
        if event.kind is EventKind.ENDED:
            self.reload_view()

    def reload_view(self) -> None:
        """Read again what is known beside the journal."""
        if self.progress is not None:
            call = partial(read_around, self._face, self.progress.plan.app.id, self.id)
            self._bridge.ask(call, self.on_around_read)

    @Slot(object)
    def on_around_read(self, around: Around) -> None:
        """The app, or what the inbox says, is known better."""
        self.view, self.notice = around.view or self.view, around.notice
        self.loaded.emit()


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
