"""Deployments as a table model, newest first: what was done to which app, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui import words
from pilothouse.ui.models.fleet_rows import last_word, share_done
from pilothouse.ui.words import StateWord, translate

Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """The columns, in order."""

    STATE = 0
    APP = 1
    CHANGE = 2
    WHEN = 3
    TOOK = 4
    BY = 5


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One line; `spoken` is the whole of it in words."""

    id: str
    state: StateWord
    progress: float
    app: str
    title: str
    reason: str
    age: str
    clock: str
    took: str
    by: str
    spoken: str
    search: str


def row_of(record: DeploymentRecord, now: datetime) -> DeploymentRow:
    """Prepare the line of one deployment."""
    progress = record.progress
    state = last_word(record)
    start, end = progress.started_at, progress.ended_at
    took = "–" if start is None else words.duration(((end or now) - start).total_seconds())
    age = words.age((now - record.created_at).total_seconds())
    said = translate("Deployments", "{title}, {state}, {age} ago, took {took}, by {by}")
    spoken = said.format(
        title=progress.plan.title, state=state.word, age=age, took=took, by=record.created_by
    )
    search = f"{progress.plan.title} {state.word} {record.created_by} {record.id}".casefold()
    return DeploymentRow(
        id=record.id,
        state=state,
        progress=share_done(record),
        app=progress.plan.app.name,
        title=progress.plan.title,
        reason=progress.reason,
        age=age,
        clock=words.clock_time(record.created_at),
        took=took,
        by=record.created_by,
        spoken=spoken,
        search=search,
    )


class DeploymentModel(QAbstractTableModel):
    """The journal, or one app's part of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[DeploymentRow] = []
        self.rows: list[DeploymentRow] = []
        self._text = ""
        self._titles = (
            self.tr("State"),
            self.tr("App"),
            self.tr("Change"),
            self.tr("When"),
            self.tr("Took"),
            self.tr("By"),
        )

    def put(self, records: Sequence[DeploymentRecord], now: datetime) -> None:
        """Take all of them."""
        self._all = [row_of(record, now) for record in records]
        self._arrange()

    def choose(self, text: str) -> None:
        """Show what matches."""
        self._text = text.casefold()
        self._arrange()

    def _arrange(self) -> None:
        wanted = self._text.split()
        rows = [row for row in self._all if all(word in row.search for word in wanted)]
        if [row.id for row in rows] != [row.id for row in self.rows]:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
            return
        for at, row in enumerate(rows):
            if row != self.rows[at]:
                self.rows[at] = row
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(Column) - 1))

    def place_of(self, deployment_id: str) -> int | None:
        """The row of a deployment, if it is shown."""
        return next((at for at, row in enumerate(self.rows) if row.id == deployment_id), None)

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
        if role == Qt.ItemDataRole.DisplayRole:
            cells = (row.state.word, row.app, row.title, row.age, row.took, row.by)
            return cells[index.column()]
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
