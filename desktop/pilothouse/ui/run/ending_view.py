"""The strip and the four answers of a run that ended, and the bar of the time to recover."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.ui.run.endings import Answer, Ending, Part
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets import accessible
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.labels import BOLD, ShapeView, Text
from pilothouse.ui.widgets.surface import Surface
from pilothouse.ui.words import duration


class RecoveryBar(QWidget):
    """One bar whose parts are lengths of time, each named in words below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        accessible.install()
        self._parts: tuple[Part, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_parts(self, parts: Sequence[Part]) -> None:
        """Show these parts; hidden without any."""
        self._parts = tuple(parts)
        self.setVisible(bool(parts))
        self.update()

    def spoken(self) -> str:
        """The parts in words."""
        whole = sum(part.seconds for part in self._parts)
        parts = ", ".join(f"{part.word} {duration(part.seconds)}" for part in self._parts)
        return f"{duration(whole)} to recover: {parts}"

    def sizeHint(self) -> QSize:
        """Heading, bar, words."""
        return QSize(300, 56)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint heading, parts and their words."""
        look = tokens()
        painter = QPainter(self)
        whole = sum(part.seconds for part in self._parts) or 1.0
        painter.setFont(font(Size.BODY, BOLD))
        painter.setPen(colour(look.text))
        head = QRectF(0, 0, self.width(), 18)
        painter.drawText(head, Qt.AlignmentFlag.AlignVCenter, f"{duration(whole)} to recover")
        room = self.width() - 3 * (len(self._parts) - 1)
        left = 0.0
        painter.setFont(font(Size.SMALL))
        column = self.width() / max(1, len(self._parts))
        for at, part in enumerate(self._parts):
            wide = max(3.0, room * part.seconds / whole)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(look.mark(part.tone)))
            painter.drawRoundedRect(QRectF(left, 22, wide, 8), 3, 3)
            left += wide + 3
            painter.setPen(colour(look.text2))
            box = QRectF(at * column, 34, column, 18)
            last = at and at == len(self._parts) - 1
            align = Qt.AlignmentFlag.AlignRight if last else Qt.AlignmentFlag.AlignLeft
            painter.drawText(box, align, f"{part.word} {duration(part.seconds)}")
        painter.end()


class EndingView(QWidget):
    """The strip, then the answers side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._strip = Surface("good_tint", self)
        self._strip.setMinimumHeight(56)
        row = QHBoxLayout(self._strip)
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(12)
        self._shape = ShapeView(self._strip, size=24)
        row.addWidget(self._shape)
        self._sentence = Text("", self._strip, size=Size.HEADING, weight=BOLD).wrapping()
        row.addWidget(self._sentence, 3)
        self._held = Text("", self._strip, ink="text2").wrapping()
        self._held.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._held, 2)
        self.copy = Button("Copy report", self._strip, icon="copy")
        row.addWidget(self.copy)
        self.seen = Button("Mark as seen", self._strip)
        row.addWidget(self.seen)
        self.release = Button("Release hold…", self._strip, icon=Shape.HELD)
        row.addWidget(self.release)
        whole.addWidget(self._strip)
        self._below = Surface("base", self, edges=frozenset({Qt.Edge.BottomEdge}))
        below = QHBoxLayout(self._below)
        below.setContentsMargins(52, 8, 16, 12)
        below.setSpacing(24)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(32)
        self._grid.setVerticalSpacing(2)
        below.addLayout(self._grid, 1)
        self._bar = RecoveryBar(self._below)
        below.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignTop)
        whole.addWidget(self._below)
        self._pairs: list[tuple[Text, Text]] = []

    @property
    def sentence(self) -> str:
        """What the strip says."""
        return self._sentence.text()

    @property
    def answers_shown(self) -> int:
        """How many of the four answers are shown."""
        return sum(not text.isHidden() for _, text in self._pairs)

    def show_ending(
        self, end: Ending, answers: Sequence[Answer], parts: Sequence[Part], *, held: str
    ) -> None:
        """Say how it ended."""
        self._strip.set_surface(f"{Tone(end.tone).value}_tint")
        self._shape.show_shape(end.shape, end.tone.value)
        self._sentence.setText(end.sentence)
        self._held.setText(held)
        self._held.setVisible(bool(held))
        self.release.setVisible(bool(held))
        self._bar.show_parts(parts)
        self._fill(answers)
        self._below.setVisible(bool(answers or parts))
        self.setAccessibleName(end.sentence)

    def _fill(self, answers: Sequence[Answer]) -> None:
        while len(self._pairs) < len(answers):
            at = len(self._pairs)
            question = Text("", self._below, weight=BOLD)
            text = Text("", self._below, ink="text2").wrapping().selectable()
            text.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(question, 0, at)
            self._grid.addWidget(text, 1, at)
            self._grid.setColumnStretch(at, 1)
            self._pairs.append((question, text))
        for at, (question, text) in enumerate(self._pairs):
            shown = at < len(answers)
            question.setVisible(shown)
            text.setVisible(shown)
            if shown:
                question.setText(answers[at].question)
                text.setText(answers[at].text)
