"""The Sandbox page: nothing here is real; how fast it goes, what goes wrong, what was asked.

It looks at the sandbox once a second while it is seen, and never otherwise.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, Slot
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from pilothouse.ui import words
from pilothouse.ui.desk import Desk
from pilothouse.ui.practice.absent_view import AbsentView
from pilothouse.ui.practice.call_rows import CallRow
from pilothouse.ui.practice.call_view import CallView
from pilothouse.ui.practice.fault_view import FaultView
from pilothouse.ui.practice.form import PracticeForm
from pilothouse.ui.practice.sentences import pace_sentence, silence
from pilothouse.ui.practice.tools_view import ToolsView
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, Text
from pilothouse.ui.widgets.strip import Strip
from pilothouse.ui.widgets.surface import HairSplitter, Rule, Surface

MARGIN = 16
FORM, FORM_NARROW, NARROW = 384, 328, 1000
REQUESTS, ABSENT = 0, 1


class Banner(Surface):
    """The hatched head; its words lie on plain plates."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("base", parent, edges=frozenset({Qt.Edge.BottomEdge}))
        said = self.tr("Sandbox: nothing here is real")
        self.title = Text(said, self, size=Size.TITLE, weight=BOLD)
        self.pace = Text(parent=self, ink="text2")
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 12, MARGIN, 12)
        column.setSpacing(2)
        for line in (self.title, self.pace):
            column.addWidget(line, 0, Qt.AlignmentFlag.AlignLeft)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hatch, then a plate behind each line."""
        super().paintEvent(event)
        look = tokens()
        painter = QPainter(self)
        paint_hatch(painter, self.rect().adjusted(0, 0, 0, -1).toRectF(), look.line)
        for line in (self.title, self.pace):
            plate: QRect = line.geometry().adjusted(-8, -1, 8, 1)
            painter.fillRect(plate, colour(look.base))
        painter.end()


class PracticePage(Surface):
    """The page."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._outlook = outlook = desk.outlook.practice
        self.setAccessibleName(self.tr("Sandbox"))
        self.banner = Banner(self)
        self.strip = Strip(self.tr("Sight of the sandbox"), self)
        self.faults = FaultView(desk.actions, outlook, self)
        self.tabs = self._make_tabs()
        self.filter = FilterField(self.tr("Filter requests"), self)
        self.filter.setFixedWidth(176)
        self.calls = CallView(desk.actions, outlook, self)
        self.absent = AbsentView(desk.actions, outlook, self)
        self.tools = ToolsView(outlook, self)
        self.form = PracticeForm(outlook, self)
        self._stack = QStackedWidget(self)
        self._lay_out()
        self.setFocusProxy(self.calls)
        self.tabs.currentChanged.connect(self.on_tab_changed)
        self.filter.textChanged.connect(self.on_filter_changed)
        self.calls.aimed.connect(self.on_aimed)
        outlook.changed.connect(self.on_changed)
        self.on_changed()

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar(self)
        tabs.setAccessibleName(self.tr("Parts of the sandbox"))
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setFont(font(weight=MEDIUM))
        for text in (self.tr("Requests"), self.tr("Not in the sandbox"), self.tr("Tools")):
            tabs.addTab(text)
        tabs.setFixedHeight(40)
        return tabs

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(MARGIN, 0, MARGIN, 0)
        bar.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        bar.addStretch(1)
        bar.addWidget(self.filter)
        for part in (self.calls, self.absent, self.tools):
            self._stack.addWidget(part)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.faults)
        column.addWidget(Rule(left))
        column.addLayout(bar)
        column.addWidget(Rule(left))
        column.addWidget(self._stack, 1)
        split = HairSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.form)
        split.setStretchFactor(0, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.banner)
        whole.addWidget(self.strip)
        whole.addWidget(split, 1)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the sandbox while it is seen."""
        super().showEvent(event)
        self._outlook.watch()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no more."""
        super().hideEvent(event)
        self._outlook.rest()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the form what it needs and the tables the rest."""
        super().resizeEvent(event)
        self.form.setFixedWidth(FORM if self.width() >= NARROW else FORM_NARROW)

    @Slot()
    def on_changed(self) -> None:
        """It said something, or does not answer."""
        outlook = self._outlook
        self.banner.pace.setText(pace_sentence(outlook.about))
        since = outlook.silent_since
        said = silence(words.clock_time(since)) if since is not None else ""
        self.strip.say(Tone.UNK, Shape.BLIND, said)
        self.strip.setToolTip(outlook.reason)
        asked = sum(call.count for call in outlook.absent)
        absent = self.tr("Not in the sandbox {count}").format(count=words.number(asked))
        self.tabs.setTabText(ABSENT, absent if asked else self.tr("Not in the sandbox"))

    @Slot(int)
    def on_tab_changed(self, at: int) -> None:
        """Show another part."""
        self._stack.setCurrentIndex(at)
        self.filter.setVisible(at == REQUESTS)

    @Slot(str)
    def on_filter_changed(self, text: str) -> None:
        """Show what matches."""
        self.calls.choose(text)

    @Slot(object)
    def on_aimed(self, call: CallRow) -> None:
        """Let such calls be struck."""
        self.form.aim(call)
