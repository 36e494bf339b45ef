"""The field where production asks for the app's name; case counts, pasting works."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from pilothouse.ui import shapes
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import font


class NameField(QLineEdit):
    """Shows a tick as soon as the name fits."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setFont(font())
        self.setFixedSize(210, 32)
        self.setTextMargins(0, 0, 24, 0)
        self.setMaxLength(200)
        self.setAccessibleName(f"Type {name} to confirm")

    @property
    def fits(self) -> bool:
        """Whether just the name was typed."""
        return self.text() == self._name

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the field, then the tick."""
        super().paintEvent(event)
        if self.fits:
            painter = QPainter(self)
            box = QRectF(self.width() - 28, (self.height() - 14) / 2, 14, 14)
            shapes.paint(painter, Shape.PASSES, box)
            painter.end()
