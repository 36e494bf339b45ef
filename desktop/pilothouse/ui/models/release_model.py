"""The history as a table model: newest first, read in pages, filtered in memory.

Releases are kept by version; a line is prepared when it is first looked at and forgotten once a
minute, as ages change. Pages come in batches, so that a hundred thousand rows block nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.domain.model import Release, ReleaseKind
from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui.models import arcs
from pilothouse.ui.models.release_rows import ReleaseRow, row_of, search_text

Index = QModelIndex | QPersistentModelIndex
KINDS = {
    "code": frozenset({ReleaseKind.CODE, ReleaseKind.ROLLBACK}),
    "config": frozenset({ReleaseKind.CONFIG}),
    "scale": frozenset({ReleaseKind.SCALE}),
}


class Column(IntEnum):
    """The columns, in order."""

    GUTTER = 0
    RELEASE = 1
    VERDICT = 2
    CHANGE = 3
    WHEN = 4
    CERTIFICATE = 5


class ReleaseModel(QAbstractTableModel):
    """One app's releases."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._releases: list[Release] = []
        self._search: dict[int, str] = {}
        self._shown: list[Release] = []
        self._rows: dict[int, ReleaseRow] = {}
        self._pieces: dict[int, tuple[arcs.Piece, ...]] = {}
        self._proofs: Mapping[int, DeploymentRecord] = {}
        self._now = datetime.now(UTC)
        self._kind, self._text = "all", ""
        self._titles = (
            "",
            self.tr("Release"),
            self.tr("Verdict"),
            self.tr("Change"),
            self.tr("When"),
            self.tr("Certificate"),
        )

    @property
    def releases(self) -> Sequence[Release]:
        """All of them, newest first."""
        return self._releases

    @property
    def filtered(self) -> bool:
        """Whether some are left out."""
        return self._kind != "all" or bool(self._text)

    @property
    def filter_text(self) -> str:
        """What was typed."""
        return self._text

    def clear(self) -> None:
        """Forget everything, as for another app."""
        self.beginResetModel()
        self._releases, self._shown = [], []
        self._search.clear()
        self._rows.clear()
        self._pieces.clear()
        self._proofs = {}
        self.endResetModel()

    def set_now(self, now: datetime) -> None:
        """Say ages anew."""
        self._now = now
        self._rows.clear()

    def set_proofs(self, proofs: Mapping[int, DeploymentRecord]) -> None:
        """Take what our own deployments proved."""
        self._proofs = proofs
        self._rows.clear()

    def merge(self, fresh: Sequence[Release]) -> None:
        """Take a page of releases, newest first: older, newer, or known ones that changed."""
        if not fresh:
            return
        for release in fresh:
            self._search[release.version] = search_text(release)
            self._rows.pop(release.version, None)
        oldest = self._releases[-1].version if self._releases else None
        if oldest is None or fresh[0].version < oldest:
            self._append(fresh)
            return
        merged = {release.version: release for release in self._releases}
        merged.update((release.version, release) for release in fresh)
        newest_first = sorted(merged.values(), key=lambda one: one.version, reverse=True)
        if [r.version for r in newest_first] == [r.version for r in self._releases]:
            self._releases = newest_first
            self._refresh()
        else:
            self._releases = newest_first
            self._arrange()

    def _append(self, fresh: Sequence[Release]) -> None:
        self._releases.extend(fresh)
        shown = [release for release in fresh if self._lets(release)]
        if shown:
            at = len(self._shown)
            self.beginInsertRows(QModelIndex(), at, at + len(shown) - 1)
            self._shown.extend(shown)
            self._draw_arcs()
            self.endInsertRows()

    def _refresh(self) -> None:
        """Same rows, other content."""
        shown = [release for release in self._releases if self._lets(release)]
        if [r.version for r in shown] != [r.version for r in self._shown]:
            self._arrange()
            return
        self._shown = shown
        self._draw_arcs()
        self.dataChanged.emit(self.index(0, 0), self.index(len(shown) - 1, len(Column) - 1))

    def choose(self, *, kind: str | None = None, text: str | None = None) -> None:
        """Show what matches."""
        self._kind = self._kind if kind is None else kind
        self._text = self._text if text is None else text.strip()
        self._arrange()

    def _lets(self, release: Release) -> bool:
        kinds = KINDS.get(self._kind)
        if kinds is not None and release.kind not in kinds:
            return False
        if not self._text:
            return True
        search = self._search[release.version]
        return all(word in search for word in self._text.casefold().split())

    def _arrange(self) -> None:
        self.beginResetModel()
        if self.filtered:
            self._shown = [release for release in self._releases if self._lets(release)]
        else:
            self._shown = list(self._releases)
        self._draw_arcs()
        self.endResetModel()

    def _draw_arcs(self) -> None:
        ends = arcs.ends_of(self._shown)
        wanted = {version for pair in ends for version in pair}
        rows = {r.version: at for at, r in enumerate(self._shown) if r.version in wanted}
        self._pieces = arcs.pieces_of(arcs.arcs_of(ends, rows))

    def release(self, place: int) -> Release:
        """The release in a row."""
        return self._shown[place]

    def row(self, place: int) -> ReleaseRow:
        """The prepared line of a row."""
        release = self._shown[place]
        found = self._rows.get(release.version)
        if found is None:
            found = row_of(release, self._proofs, self._now)
            self._rows[release.version] = found
        return found

    def pieces(self, place: int) -> tuple[arcs.Piece, ...]:
        """The arcs in a row."""
        return self._pieces.get(place, ())

    def place_of(self, version: int) -> int | None:
        """The row of a version, if it is shown."""
        low, high = 0, len(self._shown)
        while low < high:
            middle = (low + high) // 2
            if self._shown[middle].version > version:
                low = middle + 1
            else:
                high = middle
        found = low < len(self._shown) and self._shown[low].version == version
        return low if found else None

    def proof(self, version: int) -> DeploymentRecord | None:
        """Our own deployment that made a release."""
        return self._proofs.get(version)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Rows shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        """Always the same."""
        return 0 if parent.isValid() else len(Column)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words for a screen reader; the delegate paints from `row`."""
        if not index.isValid() or index.row() >= len(self._shown):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(self.row(index.row()), Column(index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            row, column = self.row(index.row()), Column(index.column())
            return row.spoken if column is Column.GUTTER else _text(row, column)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        return None


def _text(row: ReleaseRow, column: Column) -> str:
    match column:
        case Column.GUTTER:
            return row.kind_word
        case Column.RELEASE:
            return row.number
        case Column.VERDICT:
            return row.verdict.word
        case Column.CHANGE:
            return row.title
        case Column.WHEN:
            return row.age
        case Column.CERTIFICATE:
            return row.certificate.word
