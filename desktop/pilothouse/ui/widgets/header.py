"""A table's header: its titles stand exactly over what the delegate paints."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QHeaderView, QWidget

from pilothouse.ui import icons
from pilothouse.ui.theme import Size, colour, font, tokens


class RowHeader(QHeaderView):
    """A flat header with the sorted column's arrow; `margin` is the first column's own."""

    def __init__(self, margin: int, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._margin = margin
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setMinimumSectionSize(1)
        self.setFixedHeight(28)
        self.setFont(font(Size.SMALL))

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        """Paint one title."""
        look = tokens()
        painter.save()
        painter.fillRect(rect, colour(look.base))
        painter.setPen(QPen(colour(look.line), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        title = str(self.model().headerData(logical, Qt.Orientation.Horizontal) or "")
        inner = rect.adjusted(self._margin if logical == 0 else 0, 0, 0, 0)
        painter.setFont(self.font())
        painter.setPen(colour(look.text2))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, title)
        if self.isSortIndicatorShown() and logical == self.sortIndicatorSection() and title:
            left = inner.left() + painter.fontMetrics().horizontalAdvance(title) + 6
            falling = self.sortIndicatorOrder() is Qt.SortOrder.AscendingOrder
            box = QRectF(left, rect.center().y() - 4.5, 10, 10)
            icons.paint(painter, "down" if falling else "up", box, look.text3)
        painter.restore()
