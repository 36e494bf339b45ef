"""The plan at the right of a sheet: steps with their times, where users come in, the way back.

An old plan greys until the new one stands; nothing on it can be pressed.
"""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.change import Plan, WayBack
from pilothouse.ui.run.outline import Heading, headings
from pilothouse.ui.run.spans import in_about
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets import accessible
from pilothouse.ui.widgets.buttons import paint_plate
from pilothouse.ui.widgets.labels import BOLD, ShapeView, Text
from pilothouse.ui.widgets.surface import Surface
from pilothouse.ui.words import about, age, version

ROW = 28
BORDER = 20


class PlanSteps(QWidget):
    """The headings of a plan, numbered, with predicted times."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        accessible.install()
        self._headings: tuple[Heading, ...] = ()
        self._newcomer = ""
        self._old = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_plan(self, plan: Plan | None, *, old: bool) -> None:
        """Show a plan's steps; `old` greys them."""
        self._headings = headings(plan.steps) if plan is not None else ()
        self._newcomer = version(plan.to_version) if plan and plan.to_version else "the new one"
        self._old = old
        self.updateGeometry()
        self.update()

    def spoken(self) -> str:
        """The steps as one sentence."""
        told = [f"{one.number} {one.title}, {about(one.expected_s)}" for one in self._headings]
        return f"Plan of {len(told)} steps: " + "; ".join(told) if told else "Plan: no steps yet"

    def sizeHint(self) -> QSize:
        """A row a heading, and one for the border where users come in."""
        border = BORDER if any(one.opens_traffic for one in self._headings) else 0
        return QSize(300, ROW * len(self._headings) + border)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the rows."""
        look = tokens()
        painter = QPainter(self)
        top = 0.0
        for one in self._headings:
            if one.opens_traffic:
                self._paint_border(painter, top)
                top += BORDER
            self._paint_row(painter, one, top, look.text3 if self._old else look.text)
            top += ROW
        painter.end()

    def _paint_row(self, painter: QPainter, one: Heading, top: float, ink: str) -> None:
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font())
        painter.setPen(colour(tokens().text3))
        painter.drawText(
            QRectF(0, top, 15, ROW), centre | Qt.AlignmentFlag.AlignRight, str(one.number)
        )
        time = about(one.expected_s)
        painter.drawText(
            QRectF(0, top, self.width(), ROW), centre | Qt.AlignmentFlag.AlignRight, time
        )
        painter.setPen(colour(ink))
        room = self.width() - 28 - painter.fontMetrics().horizontalAdvance(time) - 12
        title = painter.fontMetrics().elidedText(one.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(28, top, room, ROW), centre, title)

    def _paint_border(self, painter: QPainter, top: float) -> None:
        look = tokens()
        ink = look.text3 if self._old else look.accent
        text = f"Traffic reaches {self._newcomer} here"
        painter.setFont(font(Size.CAPTION))
        wide = painter.fontMetrics().horizontalAdvance(text)
        middle = top + BORDER / 2
        painter.setPen(QPen(colour(look.run_mark), 1))
        painter.drawLine(QPointF(28, middle), QPointF(self.width() - wide - 8, middle))
        painter.setPen(colour(ink))
        box = QRectF(self.width() - wide, top, wide, BORDER)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)


class WayBackCard(QFrame):
    """Where the app goes if it turns out bad."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = Tone.GOOD
        self._shape = ShapeView(self, size=20)
        self._title = Text("", self, weight=BOLD)
        self._sentence = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(14)
        row.addWidget(self._shape)
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(self._title)
        text.addWidget(self._sentence)
        row.addLayout(text, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def show_way(self, way: WayBack) -> None:
        """Say where back leads, and how long it takes."""
        self._tone = Tone.GOOD if way.ready else Tone.BAD
        shape = Shape.BACK_READY if way.ready else Shape.BACK_NONE
        where = version(way.version) if way.version else "what serves now"
        time = f" in {in_about(way.expected_s)}" if way.expected_s else ""
        title = f"Way back: {where}{time}" if way.ready else "No way back"
        self._shape.show_shape(shape, "ready" if way.ready else "none")
        self._title.setText(title)
        self._sentence.setText(way.sentence)
        self._sentence.setVisible(bool(way.sentence))
        self.setAccessibleName(f"{title}. {way.sentence}")
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint tint and border."""
        look = tokens()
        painter = QPainter(self)
        box = self.rect().toRectF()
        paint_plate(painter, box, look.tint(self._tone), look.mark(self._tone), 8)
        painter.end()


class StepsArea(QScrollArea):
    """As high as its steps where there is room, and scrolling where there is not."""

    def __init__(self, steps: PlanSteps, parent: QWidget) -> None:
        super().__init__(parent)
        self._steps = steps
        self.setAccessibleName("Steps of the plan")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(steps)
        self.viewport().setAutoFillBackground(False)
        steps.setAutoFillBackground(False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """The steps' own size."""
        return self._steps.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Three steps at least."""
        return QSize(200, min(3 * ROW, self._steps.sizeHint().height()))


class PlanPane(Surface):
    """Heading, steps, way back, and what the plan is known by."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("well", parent, edges=frozenset({Qt.Edge.LeftEdge}))
        self._plan: Plan | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(21, 16, 20, 12)
        whole.setSpacing(12)
        head = QHBoxLayout()
        head.addWidget(Text("Plan", self, weight=BOLD))
        head.addStretch(1)
        self._time = Text("", self, ink="text3")
        head.addWidget(self._time)
        whole.addLayout(head)
        self.steps = PlanSteps()
        self._area = StepsArea(self.steps, self)
        whole.addWidget(self._area)
        self.way_back = WayBackCard(self)
        whole.addWidget(self.way_back)
        self._aside = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        whole.addWidget(self._aside)
        whole.addStretch(1)
        self._foot = Text("", self, size=Size.CAPTION, ink="text3").wrapping()
        self._foot.setContentsMargins(12, 0, 0, 0)
        whole.addWidget(self._foot)
        self.show_plan(None, making=True)

    def show_plan(self, plan: Plan | None, *, making: bool) -> None:
        """Show a plan; while another one is made it greys."""
        self._plan = plan
        self.steps.show_plan(plan, old=making)
        self._area.updateGeometry()
        self.way_back.setVisible(plan is not None)
        self._aside.setVisible(plan is None)
        if plan is None:
            self._time.setText("being made…" if making else "")
            self._aside.setText("" if making else "There is no plan yet.")
            self._foot.setText("")
            return
        self._time.setText("being made anew…" if making else in_about(plan.expected_s))
        self.way_back.show_way(plan.way_back)

    def tell_age(self, now: datetime, verb: str) -> None:
        """Say what the plan is known by and how old it is."""
        plan = self._plan
        if plan is None:
            return
        digest = plan.hash
        seconds = (now - plan.made_at).total_seconds()
        self._foot.setText(
            f"Plan {digest[:4]}…{digest[-3:]}, made {age(seconds)} ago. It is frozen when you "
            f"press {verb}; if {plan.app.name} changes before that, it is made anew."
        )
