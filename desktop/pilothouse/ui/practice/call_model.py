"""Received calls as a table model, the oldest first: fresh ones come at the end, the oldest leave.

Holds at most `LONGEST` calls. Rows are in the order of their numbers, with and without a filter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.ui.practice.call_rows import CallRow

Index = QModelIndex | QPersistentModelIndex
LONGEST = 20_000


class Column(IntEnum):
    """The columns, in order."""

    NUMBER = 0
    TIME = 1
    PLATFORM = 2
    METHOD = 3
    PATH = 4
    STATUS = 5
    FAULT = 6
    TOOK = 7


def _number(row: CallRow) -> int:
    return row.number


class CallModel(QAbstractTableModel):
    """The calls that match; `everything` counts all of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[CallRow] = []
        self.rows: list[CallRow] = []
        self._words: list[str] = []
        self._titles = (
            self.tr("No."),
            self.tr("Time"),
            "",
            self.tr("Method"),
            self.tr("Path"),
            self.tr("Status"),
            self.tr("Fault"),
            self.tr("Took"),
        )

    @property
    def everything(self) -> int:
        """How many calls are held, shown or not."""
        return len(self._all)

    def add(self, fresh: Sequence[CallRow]) -> None:
        """Append fresh calls, and let the oldest go beyond the limit."""
        self._all += fresh
        matching = [row for row in fresh if self._matches(row)]
        if matching:
            count = len(self.rows)
            self.beginInsertRows(QModelIndex(), count, count + len(matching) - 1)
            self.rows += matching
            self.endInsertRows()
        self._forget(len(self._all) - LONGEST)

    def _forget(self, count: int) -> None:
        if count <= 0:
            return
        del self._all[:count]
        gone = bisect_left(self.rows, self._all[0].number, key=_number)
        if gone:
            self.beginRemoveRows(QModelIndex(), 0, gone - 1)
            del self.rows[:gone]
            self.endRemoveRows()

    def amend(self, changed: Sequence[CallRow]) -> None:
        """Calls were answered meanwhile."""
        for row in changed:
            if self._swap(self._all, row) is None:
                continue
            shown = self._swap(self.rows, row)
            if shown is not None:
                self.dataChanged.emit(self.index(shown, 0), self.index(shown, len(Column) - 1))

    @staticmethod
    def _swap(rows: list[CallRow], row: CallRow) -> int | None:
        at = bisect_left(rows, row.number, key=_number)
        if at >= len(rows) or rows[at].number != row.number:
            return None
        rows[at] = row
        return at

    def restart(self) -> None:
        """Hold no calls."""
        self.beginResetModel()
        self._all, self.rows = [], []
        self.endResetModel()

    def choose(self, text: str) -> None:
        """Show what has every word of the text in it."""
        self._words = text.casefold().split()
        self.beginResetModel()
        self.rows = [row for row in self._all if self._matches(row)]
        self.endResetModel()

    def _matches(self, row: CallRow) -> bool:
        return all(word in row.search for word in self._words)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Rows shown."""
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
                return _cell(row, Column(index.column()))
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.spoken
            case Qt.ItemDataRole.ToolTipRole if index.column() == Column.PATH:
                return row.target
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None


def _cell(row: CallRow, column: Column) -> str:
    cells = (
        row.count,
        row.time,
        row.letter,
        row.method,
        row.target,
        row.shown_status,
        row.fault,
        row.took,
    )
    return cells[column]
