"""A tick box in the window's own look: filled with a tick, or an empty square."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from pilothouse.ui.theme import colour, font, tokens


class TickBox(QCheckBox):
    """Says by shape, not by colour alone, whether it is ticked."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(font())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Box and text, 24 high at least."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self.text()) + 26, 24)

    def minimumSizeHint(self) -> QSize:
        """It is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint box, tick and text."""
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1.5, self.height() / 2 - 7, 14, 14)
        on = self.isChecked()
        painter.setPen(QPen(colour(look.fill if on else look.field), 1))
        painter.setBrush(colour(look.fill if on else look.base))
        painter.drawRoundedRect(box, 4, 4)
        if on:
            tick = QPen(colour(look.on_fill), 1.7)
            tick.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(tick)
            x, y = box.left(), box.top()
            corners = [
                QPointF(x + 3.3, y + 7.4),
                QPointF(x + 5.9, y + 10),
                QPointF(x + 10.8, y + 4.2),
            ]
            painter.drawPolyline(QPolygonF(corners))
        painter.setFont(self.font())
        painter.setPen(colour(look.text if self.isEnabled() else look.text3))
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(24, 0, 0, 0), align, self.text())
        painter.end()
