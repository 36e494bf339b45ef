"""The sidebar as a tree of two levels: pages, then accounts with their apps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from pilothouse.ui.words import StateWord

Index = QModelIndex | QPersistentModelIndex


class Kind(Enum):
    """What a line is."""

    PAGE = "page"
    ACCOUNT = "account"
    APP = "app"


@dataclass(frozen=True, slots=True)
class Node:
    """One line: `sign` is an icon's name for a page, a letter for an account.

    `note` stands at the right; `loud` makes it a badge. `state` is an app's, `mark` what stands
    beside an account or app that is held, locked or not answered for.
    """

    kind: Kind
    key: str
    title: str
    sign: str = ""
    note: str = ""
    loud: bool = False
    state: StateWord | None = None
    progress: float = 0.0
    mark: StateWord | None = None
    sandbox: bool = False
    children: tuple[Node, ...] = ()

    @property
    def spoken(self) -> str:
        """The line as a screen reader says it."""
        parts = [self.title]
        parts += [word.word for word in (self.state, self.mark) if word is not None]
        return ", ".join([*parts, self.note] if self.note else parts)


def _shape(nodes: Sequence[Node]) -> list[tuple[str, list[str]]]:
    return [(node.key, [child.key for child in node.children]) for node in nodes]


class SidebarModel(QAbstractItemModel):
    """One column; an index's id is 0 at the top, else one more than its parent's row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._nodes: tuple[Node, ...] = ()

    def put(self, nodes: Sequence[Node]) -> bool:
        """Take the whole tree; True if lines came, went or moved."""
        fresh = tuple(nodes)
        if _shape(fresh) != _shape(self._nodes):
            self.beginResetModel()
            self._nodes = fresh
            self.endResetModel()
            return True
        old, self._nodes = self._nodes, fresh
        for at, node in enumerate(fresh):
            if node == old[at]:
                continue
            index = self.index(at, 0)
            self.dataChanged.emit(index, index)
            if node.children:
                last = len(node.children) - 1
                self.dataChanged.emit(self.index(0, 0, index), self.index(last, 0, index))
        return False

    def node(self, index: Index) -> Node:
        """The line of a valid index."""
        parent = index.internalId()
        if parent == 0:
            return self._nodes[index.row()]
        return self._nodes[parent - 1].children[index.row()]

    def find(self, key: str) -> QModelIndex:
        """The index of a line, invalid if it is not there."""
        for at, node in enumerate(self._nodes):
            if node.key == key:
                return self.index(at, 0)
            for below, child in enumerate(node.children):
                if child.key == key:
                    return self.index(below, 0, self.index(at, 0))
        return QModelIndex()

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:
        """The index of a line."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override]
        """The account of an app."""
        if not index.isValid() or index.internalId() == 0:
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        """Lines below a line."""
        if not parent.isValid():
            return len(self._nodes)
        return len(self.node(parent).children) if parent.internalId() == 0 else 0

    def columnCount(self, _parent: Index = QModelIndex()) -> int:
        """One."""
        return 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All can be reached; accounts only fold."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words; the delegate paints from `node`."""
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.node(index).title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self.node(index).spoken
        return None
