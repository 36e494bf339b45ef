"""A row of choices of which exactly one holds; arrow keys move inside it, Tab leaves it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import paint_plate


class Segment(QPushButton):
    """One choice, with an optional count behind its word."""

    def __init__(self, key: str, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.key = key
        self._count: int | None = None
        self.setObjectName("segment")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFont(font(Size.BODY, QFont.Weight.Medium))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_count(self, count: int | None) -> None:
        """Show a number behind the word; the accessible name says it as well."""
        if count == self._count:
            return
        self._count = count
        self.setAccessibleName(self.text() if count is None else f"{self.text()}, {count}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for word and count, 26 high."""
        metrics = QFontMetrics(self.font())
        width = metrics.horizontalAdvance(self.text()) + 24
        if self._count is not None:
            width += metrics.horizontalAdvance(str(self._count)) + 12
        return QSize(width, 26)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the word, on a raised plate when it is the one that holds."""
        look = tokens()
        painter = QPainter(self)
        if self.isChecked():
            paint_plate(painter, self.rect().toRectF(), look.raised, look.line)
        ink = look.text if self.isChecked() or self.underMouse() else look.text2
        painter.setFont(self.font())
        painter.setPen(colour(ink if self.isEnabled() else look.text3))
        room = QRect(12, 0, self.width() - 24, self.height())
        align = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, align | Qt.AlignmentFlag.AlignLeft, self.text())
        if self._count is not None:
            painter.setPen(colour(look.text3))
            painter.setFont(font())
            painter.drawText(room, align | Qt.AlignmentFlag.AlignRight, str(self._count))
        painter.end()


class Segments(QFrame):
    """The row.

    Signals:
        chosen: the key of the choice that a person made.
    """

    chosen = Signal(str)

    def __init__(
        self, name: str, choices: Sequence[tuple[str, str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("segments")
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._segments: dict[str, Segment] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(0)
        for key, text in choices:
            segment = Segment(key, text, self)
            self._group.addButton(segment)
            self._segments[key] = segment
            row.addWidget(segment)
        if choices:
            self._segments[choices[0][0]].setChecked(True)
        self._group.buttonClicked.connect(self.on_button_clicked)

    @property
    def current(self) -> str:
        """The key of the choice that holds."""
        checked = self._group.checkedButton()
        return checked.key if isinstance(checked, Segment) else ""

    def choose(self, key: str) -> None:
        """Make a choice hold without telling anybody."""
        self._segments[key].setChecked(True)

    def set_count(self, key: str, count: int | None) -> None:
        """Show a number behind one choice."""
        self._segments[key].set_count(count)

    def set_possible(self, key: str, possible: bool) -> None:
        """Whether a choice can be made now."""
        self._segments[key].setEnabled(possible)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the plate under all of them."""
        look = tokens()
        painter = QPainter(self)
        paint_plate(painter, self.rect().toRectF(), look.chrome, look.line, 7)
        painter.end()

    @Slot(QAbstractButton)
    def on_button_clicked(self, button: QAbstractButton) -> None:
        """Tell which choice was made."""
        if isinstance(button, Segment):
            self.chosen.emit(button.key)
