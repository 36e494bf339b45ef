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
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from pilothouse.domain.deployment import Event, EventKind, Progress
from pilothouse.domain.evidence import Probe
from pilothouse.domain.records import RequestKind
from pilothouse.ui.desk import Desk
from pilothouse.ui.face import Face
from pilothouse.ui.run import endings, outline
from pilothouse.ui.run.aside import Aside
from pilothouse.ui.run.board import Side
from pilothouse.ui.run.ending_view import EndingView
from pilothouse.ui.run.evidence_view import EvidenceView
from pilothouse.ui.run.feed import RunFeed
from pilothouse.ui.run.head import RunHead
from pilothouse.ui.run.log_view import LogView
from pilothouse.ui.run.machines import Machines
from pilothouse.ui.run.outside import Outside
from pilothouse.ui.run.report import report
from pilothouse.ui.run.spans import milliseconds
from pilothouse.ui.run.step_rows import step_rows
from pilothouse.ui.run.steps_view import StepsView
from pilothouse.ui.run.ways_out import WaysOut
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import HairSplitter, Rule, Surface

STOP_KEYS = "Ctrl+Shift+Backspace"


class RunPage(Surface):
    """One deployment; `show_deployment` says which."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self._wanted = ""
        self.feed: RunFeed | None = None
        self.setAccessibleName("Deployment")
        self.head = RunHead(self)
        self.ending = EndingView(self)
        self.steps = StepsView(self)
        self.aside = Aside(self)
        self.machines = Machines()
        self.evidence = EvidenceView()
        self.log = LogView(self)
        self.outside = Outside(self)
        self.ways_out = WaysOut(self)
        self.missing = Text("", self, ink="text2").wrapping()
        self._lay_out()
        self.ending.copy.clicked.connect(self.on_copy_clicked)
        self.ending.release.clicked.connect(self.on_release_clicked)
        self.ending.seen.clicked.connect(self.on_seen_clicked)
        self.ways_out.wished.connect(self.on_wished)
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
        self.setFocusProxy(self.steps)
        self._show_nothing("Reading the journal…")

    # -- layout ------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.ending)
        self.missing.setContentsMargins(16, 24, 16, 24)
        whole.addWidget(self.missing)
        self._middle = HairSplitter(Qt.Orientation.Horizontal, self)
        self._middle.addWidget(self._make_left())
        self._middle.addWidget(self._make_centre())
        self._middle.addWidget(self.log)
        self._middle.setSizes([272, 588, 372])
        self._middle.setStretchFactor(1, 1)
        whole.addWidget(self._middle, 1)
        self._rule = Rule(self)
        whole.addWidget(self._rule)
        whole.addWidget(self.outside)
        whole.addWidget(self.ways_out)
        self._parts = (self.head, self._middle, self._rule, self.outside)

    def _make_left(self) -> QWidget:
        left = Surface("base", self)
        left.setMinimumWidth(220)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(0)
        column.addWidget(self.steps, 1)
        column.addWidget(Rule(left))
        column.addWidget(self.aside)
        return left

    def _make_centre(self) -> QWidget:
        centre = Surface("base")
        centre.setMinimumWidth(320)
        column = QVBoxLayout(centre)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(Text("Machines", centre, weight=BOLD))
        column.addWidget(self.machines)
        column.addSpacing(4)
        column.addWidget(Rule(centre))
        column.addSpacing(4)
        column.addWidget(self.evidence)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setAccessibleName("Machines and evidence")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(centre)
        return area

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
        self.outside.restart()
        self.ways_out.restart()
        self.log.restart(())
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
        for part in self._parts:
            part.hide()
        self.ending.hide()
        self.ways_out.hide()

    # -- what --------------------------------------------------------------------------------

    @property
    def _names(self) -> dict[Side, str]:
        if self.feed is None or self.feed.progress is None:
            return {Side.OLD: "old", Side.NEW: "new"}
        plan = self.feed.progress.plan
        return {Side.OLD: endings.incumbent(plan), Side.NEW: endings.newcomer(plan)}

    def _refresh(self) -> None:
        """Work everything out again; cheap, as all of it is small."""
        feed = self.feed
        progress = feed.progress if feed is not None else None
        if feed is None or progress is None:
            return
        now = self._desk.outlook.now
        self.head.show_run(feed, now)
        self.steps.show_rows(step_rows(progress, now))
        self.aside.show_plan(progress)
        below = {
            name: milliseconds(typical)
            for name, strand in feed.tally.by_instance.items()
            if (typical := strand.quantile(0.5)) is not None
        }
        self.machines.show_cells(feed.cells, below, self._names)
        self.evidence.show_evidence(feed.tally, progress, self._names)
        self.outside.show_counts(feed.tally, feed.told)
        self.outside.show_marks(progress, feed.events)
        heading = outline.current(progress)
        self.log.set_step(heading.title if heading is not None else "")
        self.ways_out.show_run(progress, trouble=feed.trouble)
        self._show_ending(feed, progress)
        if feed.is_live != self._second.isActive():
            (self._second.start if feed.is_live else self._second.stop)()

    def _show_ending(self, feed: RunFeed, progress: Progress) -> None:
        end = endings.ending(progress, feed.told)
        self.ending.setVisible(end is not None)
        if end is None:
            return
        hold = feed.view.hold_reason if feed.view is not None else None
        held = "Held: no deploys until a person says so." if hold is not None else ""
        told = endings.answers(progress, feed.notice)
        parts = endings.recovery(progress, feed.events, None)
        self.ending.show_ending(end, told, parts, held=held)
        open_notice = feed.notice is not None and feed.notice.seen_at is None
        self.ending.seen.setVisible(open_notice)

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
        for part in self._parts:
            part.show()
        if self.log.lines != tuple(feed.lines):
            self.log.restart(feed.lines)
        self._refresh()

    @Slot(object)
    def on_advanced(self, event: Event) -> None:
        """An event was written."""
        feed = self.feed
        if feed is None or feed.progress is None:
            return
        if feed.lines and feed.lines[-1].seq == event.seq:
            self.log.add(feed.lines[-1])
        self.ways_out.note(event)
        self._announce(event, feed.progress)
        self._later()

    @Slot(object)
    def on_probed(self, probes: tuple[Probe, ...]) -> None:
        """Requests were answered."""
        feed = self.feed
        if feed is not None:
            sides = {cell.id: cell.side for cell in feed.cells if not cell.gone}
            self.outside.add(probes, sides, self._names)
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
        self.outside.tick(self._desk.outlook.now, live=True)
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
        self.ways_out.restart()
        self._desk.bridge.troubled.emit(error)
        self._refresh()

    @Slot()
    def on_stop_keys(self) -> None:
        """Stop and go back, by key."""
        if self.ways_out.isVisible() and self.ways_out.stop.isEnabled():
            self.ways_out.stop.click()

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
