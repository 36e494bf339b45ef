"""The faults in force: a small table, and how they are taken away."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from pilothouse.ui import shapes, words
from pilothouse.ui.actions import Actions
from pilothouse.ui.practice.fault_model import Column, FaultModel, FaultRow
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, font, tokens
from pilothouse.ui.views.row_delegate import RowDelegate, draw
from pilothouse.ui.views.row_table import Room, RowTable
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.header import RowHeader
from pilothouse.ui.widgets.labels import BOLD, Text
from pilothouse.ui.widgets.surface import Surface

HEIGHT, HEADER = 28, 28
MARGIN = 16
SHOWN = 3
"""How many faults are seen without scrolling."""
ROOMS = (Room(210, weight=2), Room(140, weight=3), Room(104), Room(64))


class FaultDelegate(RowDelegate[FaultRow]):
    """Paints from the model's prepared lines; one that is used up is grey."""

    def __init__(self, model: FaultModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> FaultRow:
        """The prepared line at a place."""
        return self._model.rows[place]

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: FaultRow) -> None:
        """Paint one cell."""
        look = tokens()
        inner = box.adjusted(0, 0, -12, 0)
        match Column(column):
            case Column.WHAT:
                left = inner.adjusted(MARGIN, 0, 0, 0)
                mark = QRectF(left.left(), box.center().y() - 7.5, 15, 15)
                shapes.paint(painter, Shape.NOT_WATCHED if row.is_over else Shape.WARN, mark)
                ink = look.text3 if row.is_over else look.text
                draw(painter, left.adjusted(24, 0, 0, 0), row.title, ink)
            case Column.WHERE:
                draw(painter, inner, row.where, look.text2, font(Size.SMALL, fixed=True))
            case Column.LEFT:
                draw(painter, inner, row.left, look.text3 if row.is_over else look.text2)
            case Column.STRUCK:
                draw(painter, inner, row.struck, look.text2)


class FaultTable(RowTable):
    """The table; Del takes the row's fault away by the button beside it."""

    def __init__(self, actions: Actions, take_away: Button, parent: QWidget) -> None:
        super().__init__("", actions, parent)
        self._take_away = take_away
        self.setAccessibleName(self.tr("Faults in force"))
        self.faults = FaultModel(self)
        self.setHorizontalHeader(RowHeader(MARGIN, self))
        self.setModel(self.faults)
        self.furnish(FaultDelegate(self.faults, self), HEIGHT, ROOMS, ())
        self.setFixedHeight(HEADER + SHOWN * HEIGHT)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Del takes away; all other keys as in every table."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self._take_away.click()
            return
        super().keyPressEvent(event)


class FaultView(Surface):
    """Heading with the two buttons, and the table."""

    def __init__(self, actions: Actions, outlook: PracticeOutlook, parent: QWidget) -> None:
        super().__init__("base", parent)
        self._outlook = outlook
        self.heading = Text(self.tr("Faults in force"), self, weight=BOLD)
        self.count = Text(parent=self, ink="text3")
        self.one = Button(self.tr("Take away the fault"), self, small=True)
        self.all = Button(self.tr("Take all away"), self, small=True)
        self.table = FaultTable(actions, self.one, self)
        self.empty = Text(parent=self, ink="text2").wrapping()
        self.empty.setContentsMargins(MARGIN, 6, MARGIN, 8)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._middle = QStackedWidget(self)
        self._lay_out()
        self.setFocusProxy(self.table)
        self.one.clicked.connect(self.on_one_clicked)
        self.all.clicked.connect(self.on_all_clicked)
        self.table.selectionModel().currentRowChanged.connect(self.on_row_changed)
        outlook.changed.connect(self.on_changed)
        self.on_changed()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 10, MARGIN, 6)
        head.setSpacing(8)
        head.addWidget(self.heading)
        head.addWidget(self.count)
        head.addStretch(1)
        head.addWidget(self.one)
        head.addWidget(self.all)
        self._middle.addWidget(self.table)
        self._middle.addWidget(self.empty)
        self._middle.setFixedHeight(HEADER + SHOWN * HEIGHT)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self._middle)

    @property
    def current(self) -> FaultRow | None:
        """The selected fault."""
        at = self.table.currentIndex().row()
        rows = self.table.faults.rows
        return rows[at] if 0 <= at < len(rows) else None

    @Slot()
    def on_changed(self) -> None:
        """Faults came, went or struck."""
        chosen = self.current
        at = self.table.currentIndex().row()
        self.table.faults.put(self._outlook.faults, self._outlook.kinds)
        rows = self.table.faults.rows
        place = self.table.faults.place_of(chosen.id) if chosen else None
        if place is None and rows:
            place = min(max(0, at), len(rows) - 1)
        if place is not None and place != self.table.currentIndex().row():
            self.table.setCurrentIndex(self.table.faults.index(place, 0))
        self._say()

    def _say(self) -> None:
        rows, there = self.table.faults.rows, self._outlook.is_there
        self._middle.setCurrentIndex(0 if rows else 1)
        self.count.setText(words.number(len(rows)) if rows else "")
        self.one.setEnabled(there and self.current is not None)
        self.all.setEnabled(there and bool(rows))
        if there:
            said = self.tr("Nothing goes wrong on purpose now.")
        elif self._outlook.silent_since is None:
            said = self.tr("Reading the faults in force…")
        else:
            said = self.tr("Not known while the sandbox does not answer.")
        self.empty.setText(said)

    @Slot(QModelIndex)
    def on_row_changed(self, _index: QModelIndex) -> None:
        """Another fault is selected."""
        self._say()

    @Slot()
    def on_one_clicked(self) -> None:
        """Take the selected fault away."""
        current = self.current
        if current is not None:
            self._outlook.take_away(current.id)

    @Slot()
    def on_all_clicked(self) -> None:
        """Take all away."""
        self._outlook.take_away()
