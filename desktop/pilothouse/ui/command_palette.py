"""Ctrl+K: go to an app or page, or do something, by typing a part of its name.

A panel inside the window, not a window of its own: it never covers another program and goes away
with Esc or when the focus leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from pilothouse.ui import icons
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.views.row_delegate import RIGHT, draw
from pilothouse.ui.widgets.buttons import paint_plate
from pilothouse.ui.widgets.chips import title_of
from pilothouse.ui.widgets.surface import Rule

WIDTH, HEIGHT = 560, 400
LINE = 32
HIDDEN = frozenset({Verb.PALETTE, Verb.FILTER, Verb.NEXT_REGION, Verb.PREVIOUS_REGION})


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to go to or do; either `verb` or `place` is set."""

    title: str
    note: str
    icon: str
    verb: Verb | None = None
    place: Place | None = None

    def matches(self, words: list[str]) -> bool:
        """Whether each word is somewhere in it."""
        text = f"{self.title} {self.note}".casefold()
        return all(word in text for word in words)


class EntryModel(QAbstractListModel):
    """The entries that match."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Entry] = []

    def put(self, rows: list[Entry]) -> None:
        """Show these."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        """Entries."""
        return 0 if parent.isValid() else len(self.rows)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Words; the delegate paints from `rows`."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        entry = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.title}, {entry.note}" if entry.note else entry.title
        return None


class _EntryDelegate(QStyledItemDelegate):
    def __init__(self, model: EntryModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(
        self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All are equally high."""
        return QSize(120, LINE)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Icon, title, note."""
        entry, look = self._model.rows[index.row()], tokens()
        box = QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, colour(look.select))
        if entry.icon:
            icons.paint(painter, entry.icon, QRectF(14, box.center().y() - 8, 16, 16))
        draw(painter, box.adjusted(40, 0, -180, 0), entry.title, look.text)
        note = box.adjusted(40, 0, -14, 0)
        draw(painter, note, entry.note, look.text3, font(Size.SMALL), RIGHT)


class _Field(QLineEdit):
    """Hands the arrow keys to the list."""

    def __init__(self, pass_on: Callable[[QKeyEvent], bool], parent: QWidget) -> None:
        super().__init__(parent)
        self._pass_on = pass_on

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let the panel have the keys that move and choose."""
        if not self._pass_on(event):
            super().keyPressEvent(event)


class CommandPalette(QFrame):
    """The panel; `open` shows it over the window."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._everything: list[Entry] = []
        self.setAccessibleName(self.tr("Go to or do"))
        self.model = EntryModel(self)
        self.field = _Field(self._on_key, self)
        self.field.setObjectName("palette")
        self.field.setPlaceholderText(self.tr("Go to an app or page, or do something"))
        self.field.setAccessibleName(self.field.placeholderText())
        self.list = QListView(self)
        self.list.setAccessibleName(self.tr("What fits"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_EntryDelegate(self.model, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 4, 1, 4)
        whole.setSpacing(0)
        whole.addWidget(self.field)
        whole.addWidget(Rule(self))
        whole.addWidget(self.list, 1)
        self.field.textChanged.connect(self.on_text_changed)
        self.list.clicked.connect(self.on_clicked)
        self.hide()

    @Slot()
    def open(self) -> None:
        """Show everything there is, with the cursor in the field."""
        window = self._window
        width = min(WIDTH, window.width() - 32)
        self.setGeometry(
            (window.width() - width) // 2, 64, width, min(HEIGHT, window.height() - 96)
        )
        self._everything = self._gather()
        self.field.clear()
        self.on_text_changed("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _gather(self) -> list[Entry]:
        actions = self._desk.actions
        views = sorted(self._desk.outlook.views, key=lambda view: view.app.name)
        entries = [
            Entry(view.app.name, title_of(view.account), "box", place=Place(Page.APP, view.app.id))
            for view in views
        ]
        for verb, command in actions.commands.items():
            action = actions.of(verb)
            if verb in HIDDEN or not action.isEnabled():
                continue
            keys = command.keys[0] if command.keys else command.letter
            entries.append(Entry(action.text(), keys, command.icon, verb=verb))
        return entries

    @Slot(str)
    def on_text_changed(self, text: str) -> None:
        """Show what matches."""
        words = text.casefold().split()
        self.model.put([entry for entry in self._everything if entry.matches(words)])
        if self.model.rows:
            self.list.setCurrentIndex(self.model.index(0))

    def _on_key(self, event: QKeyEvent) -> bool:
        at, count = self.list.currentIndex().row(), len(self.model.rows)
        match event.key():
            case Qt.Key.Key_Escape:
                self.leave()
            case Qt.Key.Key_Down if count:
                self.list.setCurrentIndex(self.model.index((at + 1) % count))
            case Qt.Key.Key_Up if count:
                self.list.setCurrentIndex(self.model.index((at - 1) % count))
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if count:
                self._choose(self.model.rows[max(0, at)])
            case _:
                return False
        return True

    def leave(self) -> None:
        """Close, and give the focus back to the page."""
        self.hide()
        self._window.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(QModelIndex)
    def on_clicked(self, index: QModelIndex) -> None:
        """Choose by pointer."""
        self._choose(self.model.rows[index.row()])

    def _choose(self, entry: Entry) -> None:
        self.leave()
        if entry.place is not None:
            self._desk.travels.go(entry.place)
        elif entry.verb is not None:
            self._desk.actions.of(entry.verb).trigger()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the panel with its border."""
        look = tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(look.base))
        paint_plate(painter, self.rect().toRectF(), look.raised, look.field, 8)
        painter.end()
