"""The table that all lists of rows share: fixed heights, whole rows, letters as commands.

Columns share the width by weight and leave in turn when it gets narrow, the least needed first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QMenu, QTableView, QWidget

from pilothouse.ui.actions import Actions, Verb
from pilothouse.ui.theme import Size, font
from pilothouse.ui.views.row_delegate import RowDelegate

BASE_WIDTH = 116.3
"""How wide "Serving provisional" is in the font that widths were drawn with."""


@dataclass(frozen=True, slots=True)
class Room:
    """How wide a column is at least, its share of what is left, and when it leaves (0: never)."""

    width: int
    weight: int = 0
    leaves: int = 0


class RowTable(QTableView):
    """A table of rows.

    Signals:
        opened: a row was opened by double click or Enter.
    """

    opened = Signal(QModelIndex)

    def __init__(self, name: str, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self._rooms: Sequence[Room] = ()
        self._verbs: Sequence[Verb] = ()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setFixedHeight(28)
        header.setMinimumSectionSize(1)
        header.setFont(font(Size.SMALL))
        self.doubleClicked.connect(self.on_double_clicked)

    def furnish(
        self, delegate: RowDelegate[Any], height: int, rooms: Sequence[Room], verbs: Sequence[Verb]
    ) -> None:
        """Say how rows are painted, how columns share the width, and what can be done to a row."""
        self._rooms, self._verbs = rooms, verbs
        self.setItemDelegate(delegate)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(height)
        rows.setDefaultSectionSize(height)
        self.share_width()

    def share_width(self) -> None:
        """Divide the width among the columns."""
        if not self._rooms or self.model() is None:
            return
        metrics = QFontMetrics(font())
        scale = max(0.9, metrics.horizontalAdvance("Serving provisional") / BASE_WIDTH)
        widths = [round(room.width * scale) for room in self._rooms]
        shown = set(range(len(widths)))
        width = self.viewport().width()
        for at in sorted(shown, key=lambda one: self._rooms[one].leaves):
            if self._rooms[at].leaves and sum(widths[one] for one in shown) > width:
                shown.discard(at)
        left = max(0, width - sum(widths[at] for at in shown))
        weights = sum(self._rooms[at].weight for at in shown) or 1
        spare = left - sum(left * self._rooms[at].weight // weights for at in shown)
        last = max(shown, default=0)
        for at, room in enumerate(self._rooms):
            self.setColumnHidden(at, at not in shown)
            if at in shown:
                more = left * room.weight // weights + (spare if at == last else 0)
                self.setColumnWidth(at, widths[at] + more)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Divide the width anew."""
        super().resizeEvent(event)
        self.share_width()

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not search: letters are commands."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters trigger their commands, j and k move, Enter opens."""
        self._ring(on=True)
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex())
            return
        if event.key() in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            count = self.model().rowCount()
            self._move(count if event.key() == Qt.Key.Key_End else -count)
            return
        plain = event.modifiers() in {
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.ShiftModifier,
        }
        if event.matches(QKeySequence.StandardKey.Copy):
            self._actions.of(Verb.COPY).trigger()
            return
        letter = event.text()
        if plain and letter and self._actions.letters_on:
            if letter in {"j", "k"}:
                self._move(1 if letter == "j" else -1)
                return
            action = self._actions.by_letter(letter)
            if action is not None:
                action.trigger()
                return
        super().keyPressEvent(event)

    def _move(self, by: int) -> None:
        model = self.model()
        count = model.rowCount()
        if count:
            at = min(count - 1, max(0, self.currentIndex().row() + by))
            self.setCurrentIndex(model.index(at, 0))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """By pointer the tint of the row is enough."""
        self._ring(on=False)
        super().mousePressEvent(event)

    def _ring(self, *, on: bool) -> None:
        delegate = self.itemDelegate()
        if isinstance(delegate, RowDelegate) and delegate.rings != on:
            delegate.rings = on
            self.viewport().update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Light the row under the pointer."""
        super().mouseMoveEvent(event)
        self._hover(self.rowAt(event.position().toPoint().y()))

    def leaveEvent(self, event: QEvent) -> None:
        """No row is under the pointer."""
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, row: int) -> None:
        delegate = self.itemDelegate()
        if isinstance(delegate, RowDelegate) and delegate.hovered != row:
            delegate.hovered = row
            self.viewport().update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the row's commands; the same as by key."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        place = event.pos()
        if by_key:
            place = self.visualRect(self.currentIndex()).bottomLeft() + QPoint(16, 0)
        index = self.indexAt(place) if not by_key else self.currentIndex()
        if not index.isValid():
            return
        self.setCurrentIndex(index)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for verb in self._verbs:
            menu.addAction(self._actions.of(verb))
        menu.popup(self.viewport().mapToGlobal(place))

    @Slot(QModelIndex)
    def on_double_clicked(self, index: QModelIndex | QPersistentModelIndex) -> None:
        """Open a row."""
        self.opened.emit(index)
