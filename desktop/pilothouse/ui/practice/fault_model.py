"""The faults in force as a table model, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.domain.practice import EVER, FaultInForce, FaultKind
from pilothouse.ui import words
from pilothouse.ui.practice.sentences import title_of, where_words
from pilothouse.ui.words import translate

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, in order."""

    WHAT = 0
    WHERE = 1
    LEFT = 2
    STRUCK = 3


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One line; `spoken` is the whole of it in words."""

    id: str
    kind: str
    title: str
    where: str
    left: str
    struck: str
    is_over: bool
    spoken: str


def row_of(fault: FaultInForce, kinds: Sequence[FaultKind]) -> FaultRow:
    """Prepare the line of one fault."""
    title = title_of(fault, kinds)
    where = where_words(fault.scope, fault.where)
    left = words.number(fault.left)
    if fault.left in {0, EVER}:
        over, ever = translate("Practice", "used up"), translate("Practice", "no end")
        left = ever if fault.left else over
    struck = words.number(fault.struck)
    said = translate("Practice", "{title}, {where}, left {left}, struck {struck}")
    return FaultRow(
        id=fault.id,
        kind=fault.kind,
        title=title,
        where=where,
        left=left,
        struck=struck,
        is_over=fault.left == 0,
        spoken=said.format(title=title, where=where, left=left, struck=struck),
    )


class FaultModel(QAbstractTableModel):
    """What goes wrong on purpose."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[FaultRow] = []
        self._titles = (self.tr("What"), self.tr("Where"), self.tr("Left"), self.tr("Struck"))

    def put(self, faults: Sequence[FaultInForce], kinds: Sequence[FaultKind]) -> None:
        """Take all of them."""
        rows = [row_of(fault, kinds) for fault in faults]
        if [row.id for row in rows] != [row.id for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        for at, row in enumerate(rows):
            if row != self.rows[at]:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(Column) - 1))

    def place_of(self, fault_id: str) -> int | None:
        """The row of a fault, if it is in force."""
        return next((at for at, row in enumerate(self.rows) if row.id == fault_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Faults."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        """Always the same."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words for a screen reader; the delegate paints from `rows`."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (row.title, row.where, row.left, row.struck)[index.column()]
            case Qt.ItemDataRole.AccessibleTextRole | Qt.ItemDataRole.ToolTipRole:
                return row.spoken
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None
