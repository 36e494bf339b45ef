"""A box of choices that opens, with the mark that says so: the application's sheet takes Qt's."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QWidget

from pilothouse.ui import icons
from pilothouse.ui.theme import font, tokens

HEIGHT = 32
MARK, INSET = 12, 10


class Choice(QComboBox):
    """One of several lines; `editable` boxes take other text as well."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFont(font())
        self.setMinimumHeight(HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box, then its mark."""
        super().paintEvent(event)
        painter = QPainter(self)
        look = tokens()
        box = QRectF(self.width() - MARK - INSET, (self.height() - MARK) / 2, MARK, MARK)
        icons.paint(painter, "down", box, look.text2 if self.isEnabled() else look.text3)
        painter.end()
