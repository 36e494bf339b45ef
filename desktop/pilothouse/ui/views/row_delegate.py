"""How rows are painted: background by state, then each cell from a picture kept until it changes.

A cell's picture is keyed by what it shows, so that scrolling costs copies and no text layout.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from pilothouse.ui import shapes
from pilothouse.ui.theme import colour, font, generation, tokens
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.words import StateWord

Row = TypeVar("Row", bound=Hashable)
LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
MOST_PICTURES = 3000


def draw(
    painter: QPainter,
    box: QRectF,
    text: str,
    ink: str,
    face: QFont | None = None,
    align: Qt.AlignmentFlag = LEFT,
) -> float:
    """One line of text, elided; answers how wide it came out."""
    face = face or font()
    metrics = QFontMetricsF(face)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.setFont(face)
    painter.setPen(colour(ink))
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter, shown)
    return metrics.horizontalAdvance(shown)


def draw_word(
    painter: QPainter, box: QRectF, word: StateWord, face: QFont | None = None, *, loud: bool
) -> None:
    """A shape with its word; a quiet word is grey, as what is normal needs no colour."""
    middle = box.center().y()
    shapes.paint(painter, word.shape, QRectF(box.left(), middle - 8, 16, 16))
    look = tokens()
    draw(painter, box.adjusted(24, 0, 0, 0), word.word, _ink(word, loud=loud), face)
    painter.setPen(colour(look.text))


def _ink(word: StateWord, *, loud: bool) -> str:
    look = tokens()
    return look.ink(word.tone) if loud else look.text2


class RowDelegate(QStyledItemDelegate, Generic[Row]):
    """Paints rows of one fixed height; a subclass says what is in a cell."""

    def __init__(self, height: int, parent: QObject) -> None:
        super().__init__(parent)
        self._height = height
        self._pictures: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self.hovered = -1
        self.rings = False

    @abstractmethod
    def row_at(self, place: int) -> Row:
        """The prepared row at a place."""

    @abstractmethod
    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: Row) -> None:
        """Paint one cell's content."""

    def is_hatched(self, _row: Row) -> bool:
        """Whether the row belongs to the sandbox."""
        return False

    def tint_of(self, _row: Row) -> str | None:
        """A colour behind the row, for one that needs a person."""
        return None

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high."""
        return QSize(80, self._height)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Background, hairline, picture, and the ring on the current cell."""
        row = self.row_at(index.row())
        box = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        self._paint_ground(painter, box, row, index.row(), state)
        ratio = painter.device().devicePixelRatioF()
        key = (row, index.column(), box.width(), ratio, generation())
        picture = self._pictures.get(key)
        if picture is None:
            picture = self._make(box, index.column(), row, ratio)
            self._pictures[key] = picture
            if len(self._pictures) > MOST_PICTURES:
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        painter.drawPixmap(box.topLeft(), picture)
        if self.rings and option.state & QStyle.StateFlag.State_HasFocus:
            self._paint_ring(painter, box)

    @staticmethod
    def _paint_ring(painter: QPainter, box: QRectF) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens().accent), 2))
        painter.drawRoundedRect(box.adjusted(3, 3, -3, -4), 5, 5)
        painter.restore()

    def _make(self, box: QRectF, column: int, row: Row, ratio: float) -> QPixmap:
        picture = QPixmap(QSize(round(box.width()), round(box.height())) * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        inner = QPainter(picture)
        self.paint_cell(inner, QRectF(0, 0, box.width(), box.height()), column, row)
        inner.end()
        return picture

    def _paint_ground(
        self, painter: QPainter, box: QRectF, row: Row, place: int, state: QStyle.StateFlag
    ) -> None:
        look = tokens()
        tint = self.tint_of(row)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour(look.select))
        elif tint is not None:
            painter.fillRect(box, colour(tint))
        elif place == self.hovered:
            painter.fillRect(box, colour(look.hover))
        if self.is_hatched(row):
            paint_hatch(painter, box, look.hair)
        painter.setPen(QPen(colour(look.hair), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
