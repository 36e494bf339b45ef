"""A box of choices that opens, with the mark that says so: the application's sheet takes Qt's."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from pilothouse.ui import icons
from pilothouse.ui.theme import font, tokens

HEIGHT = 32
MARK, INSET = 12, 10
SHEET = 22
"""What the application's sheet keeps free for the mark, beside the padding."""


class Choice(QComboBox):
    """One of several lines; `editable` boxes take other text as well."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFont(font())
        self.setMinimumHeight(HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the box with its text, elided where it is too long, then its mark."""
        if self.isEditable():
            super().paintEvent(event)
        else:
            self._paint_box()
        painter = QPainter(self)
        look = tokens()
        box = QRectF(self.width() - MARK - INSET, (self.height() - MARK) / 2, MARK, MARK)
        icons.paint(painter, "down", box, look.text2 if self.isEnabled() else look.text3)
        painter.end()

    def _paint_box(self) -> None:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.width() - 2 * INSET - MARK - SHEET
        elide = Qt.TextElideMode.ElideRight
        option.currentText = self.fontMetrics().elidedText(self.currentText(), elide, room)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()
