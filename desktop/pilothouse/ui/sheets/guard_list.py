"""The guards as rows of real widgets, so that their buttons can be reached by key.

A row settles in place: it is one widget for as long as the sheet is open, and only moves.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.guard import Family
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.checks import Act, Row, Standing, counts
from pilothouse.ui.theme import colour, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.buttons import Button, paint_plate
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, ShapeView, Text

SHAPES = {
    Standing.BLOCK: Shape.BLOCK,
    Standing.UNKNOWN: Shape.UNKNOWN,
    Standing.WARN: Shape.WARN,
    Standing.CHECKING: Shape.DEPLOYING,
    Standing.FINE: Shape.PASSES,
}
TINTS = {Standing.BLOCK: Tone.BAD, Standing.UNKNOWN: Tone.UNK}
NAME_WIDTH = 76


class Elided(Text):
    """One line that ends in an ellipsis where it does not fit; all of it when unfolded."""

    def __init__(self, parent: QWidget | None = None, *, ink: str = "text2") -> None:
        super().__init__("", parent, ink=ink)
        self._whole = ""
        self._unfolded = False
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def is_cut(self) -> bool:
        """Whether the text does not fit into one line."""
        return QFontMetrics(self.font()).horizontalAdvance(self._whole) > self.width()

    def say(self, text: str) -> None:
        """Show a text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.setText(text)
        self.update()

    def unfold(self, unfolded: bool) -> None:
        """Show all lines, or one."""
        self._unfolded = unfolded
        self.setWordWrap(unfolded)
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        """It may become as narrow as needed."""
        return QSize(40, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint one line, cut where it must be."""
        if self._unfolded:
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().windowText().color())
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class GuardRow(QWidget):
    """One guard; Enter or Space on it unfolds its sentence.

    Signals:
        acted: its button was pressed; carries the family and what is wanted.
    """

    acted = Signal(object, object)

    def __init__(self, family: Family, parent: QWidget) -> None:
        super().__init__(parent)
        self._family = family
        self._tone: Tone | None = None
        self._act: Act | None = None
        self._unfolded = False
        self.setObjectName(f"guard-{family.value}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMinimumHeight(28)
        self._shape = ShapeView(self)
        self._name = Text("", self, weight=MEDIUM)
        self._name.setFixedWidth(NAME_WIDTH)
        self._reason = Elided(self)
        self._button = Button("", self, small=True)
        self._button.setFixedHeight(22)
        self._button.clicked.connect(self.on_button_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._shape)
        row.addWidget(self._name)
        row.addWidget(self._reason, 1)
        row.addWidget(self._button)

    def show_row(self, row: Row) -> None:
        """Say how the guard stands."""
        self._shape.show_shape(SHAPES[row.standing], row.standing.value, progress=0.35)
        self._name.setText(row.name)
        self._reason.say(row.reason)
        detail = f"{row.reason}\n\n{row.detail}" if row.detail else row.reason
        self._reason.setToolTip(detail)
        self._act = row.act
        self._button.setVisible(row.act is not None)
        if row.act is not None:
            self._button.setText(row.act.value)
            self._button.setAccessibleName(f"{row.act.value.rstrip('…')} {row.name}")
            self._button.updateGeometry()
        self._tone = TINTS.get(row.standing) if row.stops else None
        self.setAccessibleName(row.spoken)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Unfold the sentence."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._unfolded = not self._unfolded
            self._reason.unfold(self._unfolded)
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the tint behind a row that needs a person, and the focus."""
        painter = QPainter(self)
        look = tokens()
        if self._tone is not None:
            border = look.mark(self._tone) if look.high_contrast else None
            paint_plate(painter, self.rect().toRectF(), look.tint(self._tone), border, 4)
        if self.hasFocus():
            painter.setPen(colour(look.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 4, 4)
        painter.end()

    @Slot()
    def on_button_clicked(self) -> None:
        """The row's one action."""
        if self._act is not None:
            self.acted.emit(self._family, self._act)


class GuardList(QWidget):
    """Heading with counts, and the rows in the order in which a person needs them.

    Signals:
        acted: as of a row.
    """

    acted = Signal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Guards")
        self._rows: dict[Family, GuardRow] = {}
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        self._counts = QHBoxLayout()
        self._counts.setSpacing(14)
        self._counts.addWidget(Text("Guards", self, weight=BOLD))
        self._counts.addStretch(1)
        self._shown_counts: list[Text] = []
        whole.addLayout(self._counts)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        whole.addLayout(self._list)

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Show these rows; one that is gone disappears."""
        families = [row.family for row in rows]
        for family in [one for one in self._rows if one not in families]:
            gone = self._rows.pop(family)
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for place, row in enumerate(rows):
            widget = self._rows.get(row.family)
            if widget is None:
                widget = GuardRow(row.family, self)
                widget.acted.connect(self.acted)
                self._rows[row.family] = widget
            if self._list.indexOf(widget) != place:
                self._list.insertWidget(place, widget)
            widget.show_row(row)
            widget.show()
        self._show_counts(rows)

    def row(self, family: Family) -> GuardRow | None:
        """The widget of one family, if it is shown."""
        return self._rows.get(family)

    def _show_counts(self, rows: Sequence[Row]) -> None:
        wanted = counts(rows)
        while len(self._shown_counts) < len(wanted):
            label = Text("", self)
            self._shown_counts.append(label)
            self._counts.addWidget(label)
        for at, label in enumerate(self._shown_counts):
            label.setVisible(at < len(wanted))
            if at < len(wanted):
                label.setText(wanted[at].words)
                label.set_ink(wanted[at].ink)
