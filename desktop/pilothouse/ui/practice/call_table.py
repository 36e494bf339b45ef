"""The table of requests received, and how its rows are painted."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QObject, QRectF, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
)
from PySide6.QtWidgets import QWidget

from pilothouse.ui import shapes
from pilothouse.ui.actions import Actions
from pilothouse.ui.practice.call_model import CallModel, Column
from pilothouse.ui.practice.call_rows import CallRow
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, font, tokens
from pilothouse.ui.views.row_delegate import RowDelegate, draw
from pilothouse.ui.views.row_table import Room, RowTable
from pilothouse.ui.widgets.chips import paint_letter
from pilothouse.ui.widgets.header import RowHeader

HEIGHT = 24
MARGIN = 16
FAILS, REFUSES = 500, 400
ROOMS = (
    Room(60),
    Room(64, leaves=2),
    Room(26),
    Room(56),
    Room(200, weight=1),
    Room(48),
    Room(92, leaves=3),
    Room(64, leaves=1),
)


class CallDelegate(RowDelegate[CallRow]):
    """Paints from the model's prepared lines; only what failed or was struck has colour."""

    def __init__(self, model: CallModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> CallRow:
        """The prepared line at a place."""
        return self._model.rows[place]

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: CallRow) -> None:
        """Paint one cell."""
        look = tokens()
        inner = box.adjusted(0, 0, -10, 0)
        fixed, small = font(Size.SMALL, fixed=True), font(Size.SMALL)
        match Column(column):
            case Column.NUMBER:
                draw(painter, inner.adjusted(MARGIN, 0, 0, 0), row.count, look.text3, small)
            case Column.TIME:
                draw(painter, inner, row.time, look.text2, small)
            case Column.PLATFORM:
                paint_letter(painter, row.letter, QRectF(0, box.center().y() - 7, 14, 14))
            case Column.METHOD:
                draw(painter, inner, row.method, look.text2, fixed)
            case Column.PATH:
                # Both ends tell: whose it is at the left, what it is at the right.
                middle = Qt.TextElideMode.ElideMiddle
                shown = QFontMetricsF(fixed).elidedText(row.target, middle, inner.width())
                draw(painter, inner, shown, look.text, fixed)
            case Column.STATUS:
                self._paint_status(painter, inner, row)
            case Column.FAULT:
                if row.fault:
                    mark = QRectF(0, box.center().y() - 7, 14, 14)
                    shapes.paint(painter, Shape.WARN, mark)
                    draw(painter, inner.adjusted(20, 0, 0, 0), row.fault, look.warn, small)
            case Column.TOOK:
                draw(painter, inner, row.took, look.text2, small)

    @staticmethod
    def _paint_status(painter: QPainter, box: QRectF, row: CallRow) -> None:
        look = tokens()
        status = row.status or 0
        ink, weight = look.text2, QFont.Weight.Normal
        if status >= FAILS:
            ink, weight = look.bad, QFont.Weight.DemiBold
        elif status >= REFUSES:
            ink, weight = look.text, QFont.Weight.DemiBold
        draw(painter, box, row.shown_status, ink, font(Size.SMALL, weight))


class CallTable(RowTable):
    """The table; Ctrl+C copies the row as one line."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__("", actions, parent)
        self.setAccessibleName(self.tr("Requests received"))
        self.calls = CallModel(self)
        self.setHorizontalHeader(RowHeader(MARGIN, self))
        self.setModel(self.calls)
        self.furnish(CallDelegate(self.calls, self), HEIGHT, ROOMS, ())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Begin at the newest row; Qt would begin at the oldest, and go there."""
        if self.calls.rows and not self.currentIndex().isValid():
            newest = self.calls.index(len(self.calls.rows) - 1, 0)
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(newest, flag)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy the row; all other keys as in every table."""
        at = self.currentIndex().row()
        if event.matches(QKeySequence.StandardKey.Copy) and at >= 0:
            QGuiApplication.clipboard().setText(self.calls.rows[at].line)
            return
        super().keyPressEvent(event)
