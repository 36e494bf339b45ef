"""The steps of a run as a list: all of them from the first second, each with how far it is.

Rows are worked out once for every change and painted from that; the list is read only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from pilothouse.ui import shapes
from pilothouse.ui.run.outline import Line, Stand
from pilothouse.ui.run.spans import clock
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import paint_plate
from pilothouse.ui.widgets.labels import BOLD, MEDIUM
from pilothouse.ui.words import about, duration

ROW = 28
TITLE = 34
EDGE = 8
SHAPES = {
    Stand.DONE: Shape.PASSES,
    Stand.CURRENT: Shape.DEPLOYING,
    Stand.LATER: Shape.LATER,
    Stand.FAILED: Shape.FAILED_SAFE,
    Stand.UNKNOWN: Shape.UNKNOWN,
    Stand.NOT_DONE: Shape.NOT_WATCHED,
}
INKS = {Stand.FAILED: "bad", Stand.UNKNOWN: "unk", Stand.LATER: "text3", Stand.NOT_DONE: "text3"}
ROWS = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row: a title over steps, or a step."""

    title: str
    time: str = ""
    sentence: str = ""
    line: Line | None = None
    time_ink: str = "text3"

    @property
    def spoken(self) -> str:
        """The row as those hear it who do not see it."""
        parts = [self.title, self.line.stand.value if self.line else "", self.time, self.sentence]
        return ", ".join(part for part in parts if part)


def row_of(line: Line) -> StepRow:
    """The row for one heading of the plan."""
    ink = "text3"
    match line.stand:
        case Stand.CURRENT:
            time = clock(line.taken_s or 0.0)
            ink = "warn" if line.late else "text2"
        case Stand.LATER:
            time = about(line.heading.expected_s)
        case Stand.NOT_DONE:
            time = "not done"
        case _:
            time = duration(line.taken_s) if line.taken_s is not None else ""
    sentence = line.sentence
    if line.late and sentence:
        sentence += f" Later than {about(line.heading.expected_s)}."
    return StepRow(line.heading.title, time, sentence, line, ink)


class StepsModel(QAbstractListModel):
    """Titles and steps, in order."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[StepRow, ...] = ()

    @property
    def rows(self) -> tuple[StepRow, ...]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: Sequence[StepRow]) -> None:
        """Show these rows; as long as their number stays, only changed ones are told."""
        new = tuple(rows)
        if len(new) != len(self._rows):
            self.beginResetModel()
            self._rows = new
            self.endResetModel()
            return
        old, self._rows = self._rows, new
        for at, (was, now) in enumerate(zip(old, new, strict=True)):
            if was != now:
                index = self.index(at)
                self.dataChanged.emit(index, index)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row for the delegate, its words for everybody else."""
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.ToolTipRole:
                return row.sentence or row.title
            case _ if role == ROWS:
                return row
        return None


class StepsDelegate(QStyledItemDelegate):
    """Paints titles, steps, and the current step with its sentence on a tint."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """One line, or as many as the current sentence needs."""
        row = index.data(ROWS)
        width = option.rect.width() or 240
        if not isinstance(row, StepRow) or row.line is None:
            return QSize(width, TITLE)
        return QSize(width, ROW + _sentence_height(row, width))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint a row."""
        row = index.data(ROWS)
        if not isinstance(row, StepRow):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.line is None:
            self._paint_title(painter, option.rect, row)
        else:
            self._paint_step(painter, option.rect, row, row.line)
        painter.restore()

    @staticmethod
    def _paint_title(painter: QPainter, area: QRect, row: StepRow) -> None:
        look = tokens()
        box = area.adjusted(EDGE + 8, 4, -EDGE - 8, 0)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(Size.BODY, BOLD))
        painter.setPen(colour(look.text))
        painter.drawText(box, centre, row.title)
        painter.setFont(font())
        painter.setPen(colour(str(getattr(look, row.time_ink))))
        painter.drawText(box, centre | Qt.AlignmentFlag.AlignRight, row.time)

    @staticmethod
    def _paint_step(painter: QPainter, area: QRect, row: StepRow, line: Line) -> None:
        look = tokens()
        current = line.stand is Stand.CURRENT
        plate = area.adjusted(EDGE, 0, -EDGE, 0)
        if current:
            paint_plate(painter, plate.toRectF(), look.select, None)
        share = 0.0
        if current and line.taken_s is not None and line.heading.expected_s:
            share = min(0.95, line.taken_s / line.heading.expected_s)
        mark = QRectF(plate.left() + 8, plate.top() + 6, 16, 16)
        shapes.paint(painter, SHAPES[line.stand], mark, progress=share)
        top = QRect(plate.left() + 32, plate.top(), plate.width() - 40, ROW)
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font())
        painter.setPen(colour(str(getattr(look, row.time_ink))))
        painter.drawText(top, centre | Qt.AlignmentFlag.AlignRight, row.time)
        room = top.width() - painter.fontMetrics().horizontalAdvance(row.time) - 8
        painter.setFont(font(Size.BODY, MEDIUM if current else font().weight()))
        painter.setPen(colour(str(getattr(look, INKS.get(line.stand, "text")))))
        title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(top, centre, title)
        if row.sentence:
            painter.setFont(font(Size.SMALL))
            ink = INKS.get(line.stand, "text2")
            painter.setPen(colour(look.text2 if current else str(getattr(look, ink))))
            box = QRect(top.left(), area.top() + ROW - 4, top.width(), area.height() - ROW)
            painter.drawText(
                box, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, row.sentence
            )


def _sentence_height(row: StepRow, width: int) -> int:
    if not row.sentence:
        return 0
    metrics = QFontMetrics(font(Size.SMALL))
    room = QRect(0, 0, max(40, width - 2 * EDGE - 40), 400)
    box = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, row.sentence)
    return min(box.height(), metrics.lineSpacing() * 6) + 4


class StepsView(QListView):
    """The list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Steps")
        self.model_of_steps = StepsModel(self)
        self.setModel(self.model_of_steps)
        self.setItemDelegate(StepsDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self._current: int | None = None

    def show_rows(self, rows: Sequence[StepRow]) -> None:
        """Show these rows; a step that begins is scrolled into sight."""
        before = [len(row.sentence) > 0 for row in self.model_of_steps.rows]
        self.model_of_steps.show_rows(rows)
        if [len(row.sentence) > 0 for row in rows] != before or self._is_wrapped(rows):
            self.scheduleDelayedItemsLayout()
        now = next(
            (at for at, row in enumerate(rows) if row.line and row.line.stand is Stand.CURRENT),
            None,
        )
        if now is not None and now != self._current:
            self.scrollTo(self.model_of_steps.index(now))
        self._current = now

    @staticmethod
    def _is_wrapped(rows: Sequence[StepRow]) -> bool:
        return any(len(row.sentence) > 30 for row in rows)
