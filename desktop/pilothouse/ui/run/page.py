"""The page of one deployment: live while it runs, and the same page for ever after.

Everything is worked out from the feed; one timer of a second moves the times while it is live.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QGuiApplication,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pilothouse.domain.deployment import Event, EventKind, Progress
from pilothouse.domain.evidence import Probe
from pilothouse.domain.records import RequestKind
from pilothouse.ui.desk import Desk
from pilothouse.ui.face import Face
from pilothouse.ui.run import endings
from pilothouse.ui.run.body import RunBody
from pilothouse.ui.run.feed import RunFeed
from pilothouse.ui.run.report import report
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Surface

STOP_KEYS = "Ctrl+Shift+Backspace"


class RunPage(Surface):
    """One deployment; `show_deployment` says which."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self._wanted = ""
        self.feed: RunFeed | None = None
        self.setAccessibleName("Deployment")
        self.body = RunBody(self)
        self.missing = Text("", self, ink="text2").wrapping()
        self.missing.setContentsMargins(16, 24, 16, 24)
        self.missing.setAlignment(Qt.AlignmentFlag.AlignTop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.missing, 1)
        whole.addWidget(self.body, 1)
        self.body.ending.copy.clicked.connect(self.on_copy_clicked)
        self.body.ending.release.clicked.connect(self.on_release_clicked)
        self.body.ending.seen.clicked.connect(self.on_seen_clicked)
        self.body.ways_out.wished.connect(self.on_wished)
        desk.outlook.changed.connect(self.on_outlook_changed)
        stop = QShortcut(QKeySequence(STOP_KEYS), self)
        stop.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        stop.activated.connect(self.on_stop_keys)
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.on_second)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(50)
        self._soon.timeout.connect(self.on_soon)
        self.setFocusProxy(self.body.steps)
        self._show_nothing("Reading the journal…")

    # -- which -------------------------------------------------------------------------------

    @property
    def face(self) -> Face | None:
        """The engine, once it is there."""
        return self._desk.outlook.face

    def show_deployment(self, deployment_id: str) -> None:
        """Show a deployment."""
        if self.feed is not None and deployment_id == self.feed.id:
            return
        self._wanted = deployment_id
        if self.feed is not None:
            self.feed.deleteLater()
            self.feed = None
        self._second.stop()
        self.body.restart()
        self._show_nothing("Reading the journal…")
        self._begin()

    def _begin(self) -> None:
        face = self.face
        if face is None or not self._wanted or self.feed is not None:
            return
        self.feed = RunFeed(face, self._desk.bridge, self._wanted, self)
        self.feed.loaded.connect(self.on_loaded)
        self.feed.advanced.connect(self.on_advanced)
        self.feed.probed.connect(self.on_probed)

    def _show_nothing(self, sentence: str) -> None:
        self.missing.setText(sentence)
        self.missing.show()
        self.body.hide()

    # -- what --------------------------------------------------------------------------------

    def _refresh(self) -> None:
        feed = self.feed
        if feed is None or feed.progress is None:
            return
        self.body.show_run(feed, self._desk.outlook.now)
        if feed.is_live != self._second.isActive():
            (self._second.start if feed.is_live else self._second.stop)()

    def _announce(self, event: Event, progress: Progress) -> None:
        """Tell those who listen: a step done politely, a bad end at once."""
        end = endings.ending(progress, self.feed.told if self.feed is not None else None)
        if event.kind is EventKind.ENDED and end is not None:
            said = QAccessibleAnnouncementEvent(self, end.sentence)
            if end.alarming:
                said.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
            QAccessible.updateAccessibility(said)

    # -- slots -------------------------------------------------------------------------------

    @Slot(object)
    def on_outlook_changed(self, _ids: object) -> None:
        """The engine may be there now."""
        self._begin()

    @Slot()
    def on_loaded(self) -> None:
        """It was read, or it cannot be."""
        feed = self.feed
        if feed is None:
            return
        if feed.progress is None:
            self._show_nothing(str(feed.error) if feed.error else "There is no such deployment.")
            return
        self.missing.hide()
        self.body.show()
        if self.body.log.lines != tuple(feed.lines):
            self.body.log.restart(feed.lines)
        self._refresh()

    @Slot(object)
    def on_advanced(self, event: Event) -> None:
        """An event was written."""
        feed = self.feed
        if feed is None or feed.progress is None:
            return
        if feed.lines and feed.lines[-1].seq == event.seq:
            self.body.log.add(feed.lines[-1])
        self.body.ways_out.note(event)
        self._announce(event, feed.progress)
        self._later()

    @Slot(object)
    def on_probed(self, probes: tuple[Probe, ...]) -> None:
        """Requests were answered."""
        if self.feed is not None:
            self.body.show_probes(self.feed, probes)
            self._later()

    def _later(self) -> None:
        """Bursts of events are one refresh."""
        if not self._soon.isActive():
            self._soon.start()

    @Slot()
    def on_soon(self) -> None:
        """Refresh."""
        self._refresh()

    @Slot()
    def on_second(self) -> None:
        """Times move."""
        self.body.outside.tick(self._desk.outlook.now, live=True)
        self._refresh()

    @Slot(object)
    def on_wished(self, kind: RequestKind) -> None:
        """Write a wish down."""
        face, feed = self.face, self.feed
        if face is not None and feed is not None:
            call = partial(face.ask, kind, feed.id)
            self._desk.bridge.ask(call, self.on_wish_written, self.on_wish_failed)
            self._refresh()

    @Slot(object)
    def on_wish_written(self, _nothing: None) -> None:
        """The run will hear it within half a second."""

    @Slot(object)
    def on_wish_failed(self, error: Exception) -> None:
        """It was not written down: the button is to be pressed again."""
        self.body.ways_out.restart()
        self._desk.bridge.troubled.emit(error)
        self._refresh()

    @Slot()
    def on_stop_keys(self) -> None:
        """Stop and go back, by key."""
        if self.body.ways_out.isVisible() and self.body.ways_out.stop.isEnabled():
            self.body.ways_out.stop.click()

    @Slot()
    def on_copy_clicked(self) -> None:
        """Copy the report."""
        if self.feed is not None:
            QGuiApplication.clipboard().setText(report(self.feed, self._desk.outlook.now))

    @Slot()
    def on_release_clicked(self) -> None:
        """Open the sheet that releases the hold."""
        if self.feed is not None and self.feed.view is not None:
            self._desk.sheets.hold_or_release(self.feed.view, self.window())

    @Slot()
    def on_seen_clicked(self) -> None:
        """A person has seen how it ended."""
        self.on_wished(RequestKind.SEEN)
