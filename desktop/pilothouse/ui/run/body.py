"""Everything that a run's page shows, laid out; `show_run` brings it up to what the feed knows."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from pilothouse.domain.deployment import Progress
from pilothouse.domain.evidence import Probe
from pilothouse.domain.model import Platform
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
from pilothouse.ui.run.spans import milliseconds
from pilothouse.ui.run.step_rows import step_rows
from pilothouse.ui.run.steps_view import StepsView
from pilothouse.ui.run.ways_out import WaysOut
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import HairSplitter, Rule, Surface


def names_of(progress: Progress) -> dict[Side, str]:
    """What the two sides are called."""
    plan = progress.plan
    return {Side.OLD: endings.incumbent(plan), Side.NEW: endings.newcomer(plan)}


class RunBody(QWidget):
    """Head, end, steps | machines and evidence | log, ribbon, ways out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.head = RunHead(self)
        self.ending = EndingView(self)
        self.steps = StepsView(self)
        self.aside = Aside(self)
        self.machines = Machines()
        self.evidence = EvidenceView()
        self.log = LogView(self)
        self.outside = Outside(self)
        self.ways_out = WaysOut(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addWidget(self.ending)
        middle = HairSplitter(Qt.Orientation.Horizontal, self)
        middle.addWidget(self._make_left())
        middle.addWidget(self._make_centre())
        middle.addWidget(self.log)
        middle.setSizes([272, 588, 372])
        middle.setStretchFactor(1, 1)
        whole.addWidget(middle, 1)
        whole.addWidget(Rule(self))
        whole.addWidget(self.outside)
        whole.addWidget(self.ways_out)

    def _make_left(self) -> QWidget:
        left = Surface("base", self)
        left.setMinimumWidth(220)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(0)
        column.addWidget(self.steps, 1)
        column.addWidget(self.aside)
        return left

    def _make_centre(self) -> QWidget:
        centre = Surface("base")
        centre.setMinimumWidth(320)
        column = QVBoxLayout(centre)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        self._instances = Text("Machines", centre, weight=BOLD)
        column.addWidget(self._instances)
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

    def restart(self) -> None:
        """Forget the run that was shown."""
        self.outside.restart()
        self.ways_out.restart()
        self.log.restart(())

    def show_run(self, feed: RunFeed, now: datetime) -> None:
        """Work everything out again; cheap, as all of it is small."""
        progress = feed.progress
        if progress is None:
            return
        names = names_of(progress)
        self.head.show_run(feed, now)
        self.steps.show_rows(step_rows(progress, now))
        self.aside.show_plan(progress)
        below = {
            name: milliseconds(typical)
            for name, strand in feed.tally.by_instance.items()
            if (typical := strand.quantile(0.5)) is not None
        }
        heroku = progress.plan.app.platform is Platform.HEROKU
        self._instances.setText("Dynos" if heroku else "Machines")
        self.machines.show_cells(feed.cells, below, names)
        self.evidence.show_evidence(feed.tally, progress, names)
        self.outside.set_pace(progress.plan.policy.timing.probe_gap_s)
        self.outside.show_counts(feed.tally, feed.told)
        self.outside.show_marks(progress, feed.events)
        heading = outline.current(progress)
        self.log.set_step(heading.title if heading is not None else "")
        self.ways_out.show_run(progress, trouble=feed.trouble)
        self._show_ending(feed, progress)

    def show_probes(self, feed: RunFeed, probes: tuple[Probe, ...]) -> None:
        """Add requests to the ribbon."""
        if feed.progress is not None:
            sides = {cell.id: cell.side for cell in feed.cells if not cell.gone}
            self.outside.add(probes, sides, names_of(feed.progress))

    def _show_ending(self, feed: RunFeed, progress: Progress) -> None:
        end = endings.ending(progress, feed.told)
        self.ending.setVisible(end is not None)
        if end is None:
            return
        hold = feed.view.hold_reason if feed.view is not None else None
        held = "Held: no deploys until a person says so." if hold is not None else ""
        told = endings.answers(progress, feed.notice)
        parts = endings.recovery(progress, feed.events, feed.first_loss_at)
        self.ending.show_ending(end, told, parts, held=held)
        open_notice = feed.notice is not None and feed.notice.seen_at is None
        self.ending.seen.setVisible(open_notice)
