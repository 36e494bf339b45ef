"""The filter field: a magnifier before the text, the key that leads here behind it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from pilothouse.ui import icons
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import paint_plate


def paint_key(painter: QPainter, key: str, box: QRectF) -> None:
    """A key on a small plate."""
    look = tokens()
    paint_plate(painter, box, look.chrome, look.line, 4)
    painter.setFont(font(Size.CAPTION))
    painter.setPen(colour(look.text3))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, key)


class FilterField(QLineEdit):
    """Esc clears it; the arrow keys below it belong to the list it filters."""

    def __init__(self, prompt: str, parent: QWidget | None = None, *, key: str = "/") -> None:
        super().__init__(parent)
        self._key = key
        self.setObjectName("filter")
        self.setPlaceholderText(prompt)
        self.setAccessibleName(prompt)
        self.setFont(font())
        self.setFixedHeight(28)
        self.setMaxLength(200)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the field, then the magnifier and the key."""
        super().paintEvent(event)
        painter = QPainter(self)
        icons.paint(painter, "search", QRectF(10, (self.height() - 14) / 2, 14, 14))
        if self._key and not self.text():
            width = painter.fontMetrics().horizontalAdvance(self._key) + 10
            box = QRectF(self.width() - width - 8, (self.height() - 18) / 2, width, 18)
            paint_key(painter, self._key, box)
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Esc clear what was typed; a second Esc goes to whoever is outside."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)
