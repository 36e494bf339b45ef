"""The sidebar: pages, accounts with their apps, commands at its foot; or a rail of icons."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from pilothouse.ui import icons
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.sidebar_model import Kind, SidebarModel
from pilothouse.ui.models.sidebar_nodes import nodes_of
from pilothouse.ui.theme import colour, font, tokens
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.views.sidebar_delegate import SidebarDelegate
from pilothouse.ui.widgets.buttons import IconButton, paint_plate
from pilothouse.ui.widgets.fields import paint_key
from pilothouse.ui.widgets.surface import Rule, Surface

PAGES = (
    (Page.FLEET, Verb.FLEET),
    (Page.INBOX, Verb.INBOX),
    (Page.DEPLOYMENTS, Verb.DEPLOYMENTS),
)
PRACTICE = (Page.SANDBOX, Verb.SANDBOX)
WIDE, RAIL = 216, 48
LEAST, MOST = 180, 320


class _Search(QPushButton):
    """Looks like a field and opens the palette."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setFixedHeight(32)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint plate, magnifier, words and key."""
        look = tokens()
        painter = QPainter(self)
        fill = look.hover if self.underMouse() else look.raised
        paint_plate(painter, self.rect().toRectF(), fill, look.line)
        icons.paint(painter, "search", QRectF(11, 9, 14, 14))
        painter.setFont(font())
        painter.setPen(colour(look.text2))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(32, 0, 0, 0), align, self.text())
        paint_key(painter, "Ctrl K", QRectF(self.width() - 50, 7, 42, 18))
        painter.end()


class _Tree(QTreeView):
    """Enter goes where the line leads; typing searches nothing."""

    def keyboardSearch(self, _search: str) -> None:
        """Typing does not search."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space act as a click."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self.clicked.emit(self.currentIndex())
            return
        super().keyPressEvent(event)


class Sidebar(Surface):
    """Wide or as a rail; both lead to the same places."""

    def __init__(self, desk: Desk, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__("chrome", parent)
        self._desk = desk
        self._folded: set[str] = set()
        self.model = SidebarModel(self)
        self.tree = self._make_tree()
        self._stack = QStackedWidget(self)
        self._rail_buttons: dict[Page, IconButton] = {}
        self._stack.addWidget(self._make_wide(menu))
        self._stack.addWidget(self._make_rail(menu))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)
        self.tree.clicked.connect(self.on_clicked)
        outlook = desk.outlook
        outlook.changed.connect(self.on_changed)
        outlook.accounts_changed.connect(self.on_changed)
        outlook.notices_changed.connect(self.on_changed)
        desk.travels.arrived.connect(self.on_arrived)
        self.fold(False)
        self.on_changed()

    @property
    def is_rail(self) -> bool:
        """Whether it is folded."""
        return self._stack.currentIndex() == 1

    def fold(self, rail: bool) -> None:
        """Fold to the rail, or unfold."""
        self._stack.setCurrentIndex(int(rail))
        self.setMinimumWidth(RAIL if rail else LEAST)
        self.setMaximumWidth(RAIL if rail else MOST)

    def _make_tree(self) -> QTreeView:
        tree = _Tree(self)
        tree.setAccessibleName(self.tr("Pages and apps"))
        tree.setModel(self.model)
        tree.setItemDelegate(SidebarDelegate(self.model, tree))
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setIndentation(0)
        tree.setExpandsOnDoubleClick(False)
        tree.setFrameShape(QFrame.Shape.NoFrame)
        tree.setMouseTracking(True)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.viewport().setAutoFillBackground(False)
        return tree

    def _make_wide(self, menu: QMenu) -> QWidget:
        wide = QWidget(self)
        search = _Search(self.tr("Go to or do…"), wide)
        search.clicked.connect(self._desk.actions.of(Verb.PALETTE).trigger)
        head = QHBoxLayout()
        head.setContentsMargins(8, 8, 8, 8)
        head.addWidget(search)
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 4)
        foot.addWidget(self._menu_button(menu, wide))
        foot.addStretch(1)
        foot.addWidget(self._verb_button(Verb.CONNECT, "plus", wide))
        foot.addWidget(self._verb_button(Verb.ALERTS, "bell", wide))
        foot.addWidget(self._verb_button(Verb.SETTINGS, "gear", wide))
        whole = QVBoxLayout(wide)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.tree, 1)
        whole.addWidget(Rule(wide))
        whole.addLayout(foot)
        return wide

    def _make_rail(self, menu: QMenu) -> QWidget:
        rail = QWidget(self)
        column = QVBoxLayout(rail)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        column.addWidget(self._verb_button(Verb.PALETTE, "search", rail, side=32))
        for page, verb in (*PAGES, PRACTICE) if self._desk.sandbox else PAGES:
            button = self._verb_button(verb, self._desk.actions.commands[verb].icon, rail, side=32)
            button.setCheckable(True)
            self._rail_buttons[page] = button
            column.addWidget(button)
        column.addStretch(1)
        column.addWidget(self._verb_button(Verb.SETTINGS, "gear", rail, side=32))
        column.addWidget(self._menu_button(menu, rail, side=32))
        return rail

    def _verb_button(self, verb: Verb, icon: str, parent: QWidget, *, side: int = 28) -> IconButton:
        command = self._desk.actions.commands[verb]
        button = IconButton(icon, command.text, parent, side=side)
        button.clicked.connect(self._desk.actions.of(verb).trigger)
        return button

    def _menu_button(self, menu: QMenu, parent: QWidget, *, side: int = 28) -> IconButton:
        button = IconButton("menu", self.tr("Menu"), parent, side=side)
        button.setMenu(menu)
        return button

    @Slot()
    @Slot(object)
    def on_changed(self, _ids: object = None) -> None:
        """Facts changed: build the lines anew."""
        moved = self.model.put(nodes_of(self._desk.outlook, sandbox=self._desk.sandbox))
        if moved:
            for at in range(self.model.rowCount()):
                index = self.model.index(at, 0)
                self.tree.setExpanded(index, self.model.node(index).key not in self._folded)
            if self._desk.travels.here is not None:
                self.on_arrived(self._desk.travels.here)
        notices = self._desk.outlook.open_notices
        inbox = self._rail_buttons[Page.INBOX]
        inbox.set_dot(notices > 0)
        said = self.tr("Inbox, {count} open").format(count=notices)
        inbox.setAccessibleName(said if notices else self.tr("Inbox"))

    @Slot(QModelIndex)
    def on_clicked(self, index: QModelIndex) -> None:
        """Go to the page or app, or fold the account."""
        if not index.isValid():
            return
        node = self.model.node(index)
        match node.kind:
            case Kind.PAGE:
                self._desk.travels.go(Place(Page(node.key)))
            case Kind.APP:
                self._desk.travels.go(Place(Page.APP, node.key))
            case Kind.ACCOUNT:
                opened = self.tree.isExpanded(index)
                self.tree.setExpanded(index, not opened)
                (self._folded.add if opened else self._folded.discard)(node.key)

    @Slot(object)
    def on_arrived(self, place: Place) -> None:
        """Show where the window is."""
        shown = Page.DEPLOYMENTS if place.page is Page.RUN else place.page
        key = place.app_id if shown is Page.APP else shown.value
        index = self.model.find(key)
        if index.isValid():
            self.tree.setCurrentIndex(index)
        else:
            self.tree.selectionModel().clear()
        for page, button in self._rail_buttons.items():
            button.setChecked(page is shown)

    def sizeHint(self) -> QSize:
        """As wide as drawn."""
        return QSize(RAIL if self.is_rail else WIDE, 600)
