"""The fleet as a table model: sorted by need, filtered in memory, the sandbox always last.

A row that changes tells only of itself unless its place changes. `rows` is what is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from pilothouse.ui.models.fleet_rows import FleetRow

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, in order."""

    STATE = 0
    APP = 1
    ACCOUNT = 2
    RELEASE = 3
    HEALTH = 4
    LAST = 5
    BACK = 6
    MARK = 7


class Filter:
    """Which of the fleet is shown: one of the segments, and what was typed."""

    def __init__(self) -> None:
        self.segment = "all"
        self.text = ""

    def lets(self, row: FleetRow) -> bool:
        """Whether a row is shown."""
        return in_segment(row, self.segment) and all(
            word in row.search for word in self.text.casefold().split()
        )


def in_segment(row: FleetRow, segment: str) -> bool:
    """Whether a row belongs to a segment."""
    match segment:
        case "need":
            return row.needs_you
        case "running":
            return row.need in {3, 4}
        case "sandbox":
            return row.sandbox
        case _:
            return True


def _by_need(row: FleetRow) -> tuple[object, ...]:
    return row.need, row.name


KEYS: dict[Column, Callable[[FleetRow], Any]] = {
    Column.STATE: _by_need,
    Column.APP: lambda row: row.name,
    Column.ACCOUNT: lambda row: (row.letter, row.account, row.name),
    Column.RELEASE: lambda row: (row.age_key, row.name),
    Column.HEALTH: lambda row: (row.share_key, row.name),
    Column.LAST: lambda row: (row.last.word, row.name),
    Column.BACK: lambda row: (row.back.tone.value, row.back.word),
    Column.MARK: lambda row: (-len(row.marks), row.name),
}


class FleetModel(QAbstractTableModel):
    """All apps, of which `rows` are shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: dict[str, FleetRow] = {}
        self.rows: list[FleetRow] = []
        self._filter = Filter()
        self.sorted_by = Column.STATE
        self.descending = False
        self._titles = (
            self.tr("State"),
            self.tr("App"),
            self.tr("Account"),
            self.tr("Live release"),
            self.tr("Health, last hour"),
            self.tr("Last deploy"),
            self.tr("Way back"),
            "",
        )

    @property
    def everything(self) -> Iterable[FleetRow]:
        """All rows, shown or not."""
        return self._all.values()

    def put(self, rows: Iterable[FleetRow], *, whole: bool) -> None:
        """Take rows: all there are, or some that changed."""
        fresh = {row.app_id: row for row in rows}
        self._all = fresh if whole else {**self._all, **fresh}
        self._arrange()

    def choose(self, *, segment: str | None = None, text: str | None = None) -> None:
        """Show another part of the fleet."""
        self._filter.segment = self._filter.segment if segment is None else segment
        self._filter.text = self._filter.text if text is None else text
        self._arrange()

    def _arrange(self) -> None:
        rows = [row for row in self._all.values() if self._filter.lets(row)]
        rows.sort(key=KEYS[self.sorted_by], reverse=self.descending)
        rows.sort(key=lambda row: row.sandbox)
        if [row.app_id for row in rows] != [row.app_id for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        last = len(Column) - 1
        for at, row in enumerate(rows):
            if row != self.rows[at]:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, last))

    def place_of(self, app_id: str) -> int | None:
        """The row of an app, if it is shown."""
        return next((at for at, row in enumerate(self.rows) if row.app_id == app_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Rows shown."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        """Always the same."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words for a screen reader and for copying; the delegate paints from `rows`."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], Column(index.column())
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken if column is Column.STATE else _text(row, column)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Titles of columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; the sandbox stays last."""
        self.sorted_by = Column(max(0, column))
        self.descending = order is Qt.SortOrder.DescendingOrder
        self._arrange()


def _text(row: FleetRow, column: Column) -> str:
    match column:
        case Column.STATE:
            return row.state.word
        case Column.APP:
            return row.name
        case Column.ACCOUNT:
            return row.account
        case Column.RELEASE:
            return f"{row.version} {row.release}"
        case Column.HEALTH:
            return row.share
        case Column.LAST:
            return row.last.word
        case Column.BACK:
            return row.back.word
        case Column.MARK:
            return ", ".join(mark.word for mark in row.marks)
