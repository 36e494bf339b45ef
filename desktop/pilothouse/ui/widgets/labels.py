"""Labels: text in a role's size, weight and ink, headings of sections, a state in words."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from pilothouse.ui import shapes
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, font
from pilothouse.ui.words import StateWord

NORMAL = QFont.Weight.Normal
MEDIUM = QFont.Weight.Medium
BOLD = QFont.Weight.DemiBold


class Text(QLabel):
    """A label in one of the window's inks: `text`, `text2`, `text3`, or a tone's name.

    Plain text only, so that nothing a platform says can become markup; `rich` is for our own
    sentences with links in them.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        size: Size = Size.BODY,
        weight: QFont.Weight = NORMAL,
        ink: str = "text",
    ) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(font(size, weight))
        self.setProperty("ink", ink)

    def set_ink(self, ink: str) -> None:
        """Change the ink."""
        if self.property("ink") != ink:
            self.setProperty("ink", ink)
            self.style().unpolish(self)
            self.style().polish(self)

    def wrapping(self) -> Text:
        """The same label, breaking its lines."""
        self.setWordWrap(True)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        return self

    def selectable(self) -> Text:
        """The same label, with text that can be selected by pointer and keyboard."""
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        return self


class ShapeView(QWidget):
    """One state shape by itself; its name is the word it stands for."""

    def __init__(self, parent: QWidget | None = None, *, size: int = 16) -> None:
        super().__init__(parent)
        self._shape: Shape | None = None
        self._progress = 0.0
        self.setFixedSize(size, size)

    def show_shape(self, shape: Shape | None, name: str, progress: float = 0.0) -> None:
        """Show a shape, or nothing."""
        self._shape, self._progress = shape, progress
        self.setAccessibleName(name)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the shape over the whole widget."""
        if self._shape is None:
            return
        painter = QPainter(self)
        shapes.paint(painter, self._shape, self.rect().toRectF(), progress=self._progress)
        painter.end()


class StateLabel(QWidget):
    """Shape and word of a state, side by side."""

    def __init__(self, parent: QWidget | None = None, *, weight: QFont.Weight = MEDIUM) -> None:
        super().__init__(parent)
        self._shape = ShapeView(self)
        self._word = Text(parent=self, weight=weight)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._shape)
        row.addWidget(self._word)

    def show_state(self, state: StateWord, progress: float = 0.0) -> None:
        """Say a state."""
        self._shape.show_shape(state.shape, state.word, progress)
        self._word.setText(state.word)
        self._word.set_ink(state.tone.value)


class SectionHeading(QWidget):
    """A section's name at the left and one fact about it at the right."""

    def __init__(self, title: str, parent: QWidget | None = None, *, aside: str = "") -> None:
        super().__init__(parent)
        self._title = Text(title, self, weight=BOLD)
        self._aside = Text(aside, self, ink="text3")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self._aside)

    def set_aside(self, text: str) -> None:
        """Change the fact at the right."""
        self._aside.setText(text)


class LinkText(QLabel):
    """A sentence with links in it, made of our own words and escaped names only."""

    def __init__(self, name: str, parent: QWidget | None = None, *, ink: str = "text2") -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setFont(font())
        self.setProperty("ink", ink)
        self.setAccessibleName(name)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)


def link(target: str, words: str) -> str:
    """A link for a `LinkText`; both parts are escaped here."""
    style = "text-decoration: none; font-weight: 500"
    return f'<a href="{escape(target, quote=True)}" style="{style}">{escape(words)}</a>'
