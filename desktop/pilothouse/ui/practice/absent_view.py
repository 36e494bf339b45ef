"""What tools asked for and the sandbox does not have, each call with its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Slot,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pilothouse.domain.practice import AbsentCall
from pilothouse.ui import words
from pilothouse.ui.actions import Actions
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.run.spans import of_day
from pilothouse.ui.theme import Size, font, tokens
from pilothouse.ui.views.row_delegate import RowDelegate, draw
from pilothouse.ui.views.row_table import Room, RowTable
from pilothouse.ui.widgets.header import RowHeader
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import Surface

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 24
MARGIN = 16
ROOMS = (Room(80), Room(200, weight=1), Room(72), Room(84))


class Column(IntEnum):
    """The columns, in order."""

    METHOD = 0
    PATH = 1
    COUNT = 2
    LAST = 3


@dataclass(frozen=True, slots=True)
class AbsentRow:
    """One line."""

    method: str
    path: str
    count: str
    last: str
    spoken: str


class AbsentModel(QAbstractTableModel):
    """The calls, the latest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[AbsentRow] = []
        self._titles = (self.tr("Method"), self.tr("Path"), self.tr("Times"), self.tr("Last"))

    def put(self, calls: Sequence[AbsentCall]) -> None:
        """Take all of them."""
        rows = [self._row(call) for call in calls]
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def _row(self, call: AbsentCall) -> AbsentRow:
        count = words.number(call.count)
        last = of_day(call.last_at) if call.last_at is not None else ""
        said = self.tr("{method} {path}, asked for {count} times, last at {last}")
        spoken = said.format(method=call.method, path=call.path, count=count, last=last)
        return AbsentRow(call.method, call.path, count, last, spoken)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Calls."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        """Always the same."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words for a screen reader; the delegate paints from `rows`."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.method, row.path, row.count, row.last)[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None


class AbsentDelegate(RowDelegate[AbsentRow]):
    """Paints from the model's prepared lines."""

    def __init__(self, model: AbsentModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> AbsentRow:
        """The prepared line at a place."""
        return self._model.rows[place]

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: AbsentRow) -> None:
        """Paint one cell."""
        look, inner = tokens(), box.adjusted(0, 0, -10, 0)
        fixed, small = font(Size.SMALL, fixed=True), font(Size.SMALL)
        match Column(column):
            case Column.METHOD:
                draw(painter, inner.adjusted(MARGIN, 0, 0, 0), row.method, look.text2, fixed)
            case Column.PATH:
                draw(painter, inner, row.path, look.text, fixed)
            case Column.COUNT:
                draw(painter, inner, row.count, look.text2, small)
            case Column.LAST:
                draw(painter, inner, row.last, look.text2, small)


class AbsentView(Surface):
    """What it means, and the table."""

    def __init__(self, actions: Actions, outlook: PracticeOutlook, parent: QWidget) -> None:
        super().__init__("base", parent)
        self._outlook = outlook
        self.sentence = Text(parent=self, ink="text2").wrapping()
        self.sentence.setContentsMargins(MARGIN, 10, MARGIN, 8)
        self.model = AbsentModel(self)
        self.table = RowTable(self.tr("Not in the sandbox"), actions, self)
        self.table.setHorizontalHeader(RowHeader(MARGIN, self.table))
        self.table.setModel(self.model)
        self.table.furnish(AbsentDelegate(self.model, self.table), HEIGHT, ROOMS, ())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.sentence)
        whole.addWidget(self.table, 1)
        whole.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setFocusProxy(self.table)
        outlook.changed.connect(self.on_changed)
        self.on_changed()

    @Slot()
    def on_changed(self) -> None:
        """Calls came."""
        self.model.put(self._outlook.absent)
        self.table.setVisible(bool(self.model.rows))
        if self.model.rows:
            said = self.tr(
                "The platforms may know these calls; the sandbox does not, and said so in the "
                "platform’s own form of an error. The latest 200 are kept."
            )
        else:
            said = self.tr("Nothing was asked for that the sandbox does not have.")
        self.sentence.setText(said)
