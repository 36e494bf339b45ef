"""A strip over a page: a state that needs a person, in one sentence, with what can be done."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import colour, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.labels import MEDIUM, ShapeView, Text


class Strip(QFrame):
    """Hidden until it has something to say; buttons are added by the page that owns it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tone = Tone.IDLE
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._shape = ShapeView(self)
        self._text = Text(parent=self, weight=MEDIUM).wrapping()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 6, 8, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self._shape)
        self._row.addWidget(self._text, 1)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown; empty when hidden."""
        return self._text.text() if not self.isHidden() else ""

    def add_button(self, button: QWidget) -> None:
        """Put a button at the right."""
        self._row.addWidget(button)

    def say(self, tone: Tone, shape: Shape, sentence: str) -> None:
        """Show a sentence; an empty one hides the strip."""
        self._tone = tone
        self._shape.show_shape(shape, "")
        self._text.setText(sentence)
        self._text.set_ink(tone.value)
        self.setVisible(bool(sentence))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the tint and a hairline below; with high contrast, a border in the mark."""
        look = tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(look.tint(self._tone)))
        code = look.mark(self._tone) if look.high_contrast else look.line
        painter.setPen(QPen(colour(code), 1))
        box = self.rect().toRectF()
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if look.high_contrast:
            painter.drawRect(QRectF(box).adjusted(0, 0, -1, -1))
        painter.end()
