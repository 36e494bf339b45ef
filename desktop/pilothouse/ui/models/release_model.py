"""The history as a table model: newest first, read in pages, filtered in memory.

Releases are kept by version; a line is prepared when it is first looked at and forgotten once a
minute, as ages change. Pages come in batches, so that a hundred thousand rows block nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.domain.model import Release, ReleaseKind
from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui.models.arcs import Gutter, Piece
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


class Sieve:
    """Which releases are shown: those of a kind, with each of the words typed."""

    def __init__(self) -> None:
        self.kind = "all"
        self.text = ""

    @property
    def holds_back(self) -> bool:
        """Whether some may be left out."""
        return self.kind != "all" or bool(self.text)

    def of(self, releases: Sequence[Release], search: Mapping[int, str]) -> list[Release]:
        """All that are shown; one pass a word, as a hundred thousand rows want short loops."""
        rows = list(releases)
        kinds = KINDS.get(self.kind)
        if kinds is not None:
            rows = [release for release in rows if release.kind in kinds]
        for word in self.text.casefold().split():
            rows = [release for release in rows if word in search[release.version]]
        return rows


class ReleaseModel(QAbstractTableModel):
    """One app's releases."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._releases: list[Release] = []
        self._search: dict[int, str] = {}
        self._shown = self._releases
        self._rows: dict[int, ReleaseRow] = {}
        self._gutter = Gutter()
        self._proofs: Mapping[int, DeploymentRecord] = {}
        self._now = datetime.now(UTC)
        self._sieve = Sieve()
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
        return self._sieve.holds_back

    @property
    def filter_text(self) -> str:
        """What was typed."""
        return self._sieve.text

    def clear(self) -> None:
        """Forget everything, as for another app."""
        self.beginResetModel()
        self._releases = []
        self._shown = self._releases
        self._search.clear()
        self._rows.clear()
        self._gutter = Gutter()
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
        if not self._releases:
            self._insert(0, list(fresh))
            return
        newest, oldest = self._releases[0].version, self._releases[-1].version
        self._replace([one for one in fresh if oldest <= one.version <= newest])
        self._insert(0, [one for one in fresh if one.version > newest])
        older = [one for one in fresh if one.version < oldest]
        self._insert(len(self._releases), older)

    def _insert(self, at: int, fresh: list[Release]) -> None:
        """Put releases on top or at the end."""
        shown = self._sieve.of(fresh, self._search)
        if not fresh:
            return
        place = 0 if at == 0 else len(self._shown)
        if shown:
            self.beginInsertRows(QModelIndex(), place, place + len(shown) - 1)
        if self._shown is not self._releases:
            self._shown[place:place] = shown
        self._releases[at:at] = fresh
        self._gutter.grow(fresh, self._releases[-1].version)
        if shown:
            self.endInsertRows()

    def _replace(self, fresh: Sequence[Release]) -> None:
        """Take what is known of known releases; those in between that were missing, too."""
        changed = []
        for release in fresh:
            place = _place(self._releases, release.version)
            if place is None:
                self._rebuild(fresh)
                return
            if self._releases[place] != release:
                changed.append((self._releases[place], release))
                self._releases[place] = release
        if any(_arc_differs(old, new) for old, new in changed):
            self._regrow()
        if self._shown is not self._releases and changed:
            self._arrange()
        for _old, new in changed:
            row = self.place_of(new.version)
            if row is not None:
                self.dataChanged.emit(self.index(row, 0), self.index(row, len(Column) - 1))

    def _rebuild(self, fresh: Sequence[Release]) -> None:
        merged = {release.version: release for release in self._releases}
        merged.update((release.version, release) for release in fresh)
        self._releases = sorted(merged.values(), key=_version, reverse=True)
        self._regrow()
        self._arrange()

    def _regrow(self) -> None:
        self._gutter = Gutter()
        self._gutter.grow(self._releases, self._releases[-1].version)

    def choose(self, *, kind: str | None = None, text: str | None = None) -> None:
        """Show what matches."""
        self._sieve.kind = self._sieve.kind if kind is None else kind
        self._sieve.text = self._sieve.text if text is None else text.strip()
        self._arrange()

    def _arrange(self) -> None:
        self.beginResetModel()
        if self.filtered:
            self._shown = self._sieve.of(self._releases, self._search)
        else:
            self._shown = self._releases
        self.endResetModel()

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

    def pieces(self, place: int) -> tuple[Piece, ...]:
        """The arcs in a row; a filter takes out rows that they would lead through."""
        return () if self.filtered else self._gutter.pieces(self._shown[place].version)

    def place_of(self, version: int) -> int | None:
        """The row of a version, if it is shown."""
        return _place(self._shown, version)

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


def _version(release: Release) -> int:
    return release.version


def _place(releases: Sequence[Release], version: int) -> int | None:
    """Where a version stands in a list that is newest first."""
    at = bisect_left(releases, -version, key=_falling)
    found = at < len(releases) and releases[at].version == version
    return at if found else None


def _falling(release: Release) -> int:
    return -release.version


def _arc_differs(old: Release, new: Release) -> bool:
    return (old.verdict, old.went_back_to, old.kind) != (new.verdict, new.went_back_to, new.kind)
