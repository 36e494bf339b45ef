"""The window: sidebar, one page at a time, status line; and how it is left.

It stands and is painted before the engine exists; `attach` brings the engine. Everything that may
block goes through the bridge.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui import glyph
from pilothouse.ui.actions import Actions, Verb
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.command_palette import CommandPalette
from pilothouse.ui.commander import Commander
from pilothouse.ui.desk import Desk
from pilothouse.ui.face import Face
from pilothouse.ui.main_menu import main_menu
from pilothouse.ui.memory import Memory
from pilothouse.ui.options import Options
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.page_stack import PageStack
from pilothouse.ui.regions import Regions, give_focus
from pilothouse.ui.sheets.opener import SheetOpener
from pilothouse.ui.sidebar import RAIL, WIDE, Sidebar
from pilothouse.ui.status_line import StatusLine
from pilothouse.ui.travels import Page, Place, Travels
from pilothouse.ui.widgets.surface import HairSplitter

LEAST = QSize(960, 600)
START = QSize(1280, 800)
NARROW, NARROW_RUN = 1120, 1440


class MainWindow(QMainWindow):
    """The frame.

    Signals:
        painted: the first frame was painted.
        try_wanted: the person wants the sandbox.
        quit_wanted: the window may end, and with it the program.
    """

    painted = Signal()
    try_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, bridge: Bridge, options: Options, *, outlook: Outlook | None = None) -> None:
        super().__init__()
        self._options, self._bridge = options, bridge
        self._was_painted = False
        self.keeps_in_tray = False
        self.memory = Memory(options.folder, self)
        self.outlook = outlook or Outlook(bridge, self)
        actions = Actions(self)
        actions.letters_on = self.memory.letters_on
        travels = Travels(self)
        self.sheets = SheetOpener(self._face, bridge, travels, by=options.actor, parent=self)
        self.desk = Desk(bridge, self.outlook, travels, actions, self.sheets, options.sandbox)
        self.commander = Commander(self.desk, self)
        self._menu = main_menu(actions, self)
        self.sidebar = Sidebar(self.desk, self._menu, self)
        self.pages = PageStack(self.desk, self.memory, self)
        self.pages.try_sandbox = options.can_try
        self.status = StatusLine(self.desk, self)
        self.palette_panel = CommandPalette(self.desk, self)
        self._lay_out()
        Regions((self.sidebar, self.pages, self.status), actions, self)
        self._connect()
        travels.go(Place(Page.FLEET))

    def _face(self) -> Face | None:
        return self.outlook.face

    def _lay_out(self) -> None:
        self.setWindowIcon(glyph.app_icon())
        self.setMinimumSize(LEAST)
        self.resize(START)
        self.split = HairSplitter(Qt.Orientation.Horizontal, self)
        self.split.addWidget(self.sidebar)
        self.split.addWidget(self.pages)
        self.split.setStretchFactor(1, 1)
        self.split.setSizes([WIDE, START.width() - WIDE])
        whole = QWidget(self)
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.split, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)
        geometry = self.memory.bytes_of("geometry")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)

    def _connect(self) -> None:
        of = self.desk.actions.of
        self.desk.travels.arrived.connect(self.on_arrived)
        self.pages.selected.connect(self.commander.on_selected)
        self.pages.try_wanted.connect(self.try_wanted)
        self._bridge.troubled.connect(self.on_troubled)
        self.outlook.accounts_changed.connect(self.on_accounts_changed)
        self.sheets.connected.connect(self.on_connected)
        self.status.alerts_wanted.connect(of(Verb.SETTINGS).trigger)
        of(Verb.PALETTE).triggered.connect(self.palette_panel.open)
        of(Verb.FOLD).triggered.connect(self.on_fold)
        of(Verb.FILTER).triggered.connect(self.on_filter)
        of(Verb.QUIT).triggered.connect(self.on_quit)

    def attach(self, face: Face) -> None:
        """Take the engine."""
        self.outlook.attach(face)

    @property
    def running(self) -> list[DeploymentRecord]:
        """The deployments that go on."""
        lasts = [view.last for view in self.outlook.views]
        return [one for one in lasts if one is not None and not one.progress.state.is_ended]

    @Slot(object)
    def on_arrived(self, place: Place) -> None:
        """Name the window after the place, and fold where room is short."""
        self.palette_panel.hide()
        self.sidebar.setVisible(place.page is not Page.WELCOME)
        self._fold_to_room()
        title = self._title_of(place)
        self.setWindowTitle(f"{title} · Pilothouse" if title else "Pilothouse")
        self.focus_page()

    def _title_of(self, place: Place) -> str:
        if place.page is Page.APP:
            view = self.outlook.view(place.app_id)
            return view.app.name if view is not None else ""
        return self.pages.page(place.page).accessibleName()

    def focus_page(self) -> None:
        """Give the focus to the page's own first choice."""
        page = self.pages.currentWidget()
        if page is not None and self.isVisible():
            give_focus(page)

    def _fold_to_room(self) -> None:
        here = self.desk.travels.here
        on_run = here is not None and here.page is Page.RUN
        rail = self.memory.rail or self.width() < (NARROW_RUN if on_run else NARROW)
        if rail != self.sidebar.is_rail:
            self.sidebar.fold(rail)
            wide = RAIL if rail else WIDE
            self.split.setSizes([wide, self.width() - wide])

    @Slot()
    def on_fold(self) -> None:
        """Fold the sidebar, or unfold it."""
        self.memory.rail = not self.sidebar.is_rail
        rail = self.memory.rail
        self.sidebar.fold(rail)
        self.split.setSizes([RAIL if rail else WIDE, self.width()])

    @Slot()
    def on_filter(self) -> None:
        """Go to the page's filter."""
        field = getattr(self.pages.currentWidget(), "filter", None)
        if isinstance(field, QWidget):
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def on_accounts_changed(self) -> None:
        """Without any account, welcome; with the first one, the fleet."""
        here = self.desk.travels.here
        empty = self.outlook.loaded and not self.outlook.sights
        if empty and here == Place(Page.FLEET):
            self.desk.travels.replace(Place(Page.WELCOME))
        elif not empty and here == Place(Page.WELCOME):
            self.desk.travels.replace(Place(Page.FLEET))

    @Slot(str)
    def on_connected(self, _account_id: str) -> None:
        """An account came: read its apps."""
        self.outlook.read_all()
        self.outlook.look()

    @Slot(object)
    def on_troubled(self, error: Exception) -> None:
        """Something failed that nobody asked to hear of: say it."""
        self.status.say_trouble(str(error) or type(error).__name__)

    @Slot(bool)
    def on_tray_changed(self, there: bool) -> None:
        """Whether closing may keep the program in the tray."""
        self.keeps_in_tray = there

    @Slot()
    def on_quit(self) -> None:
        """Quit, after asking if something runs."""
        if self.running:
            self.sheets.leave(self.running, self, tray=self.keeps_in_tray)
            return
        self.quit_wanted.emit()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Quit, after asking if something runs; nothing is lost without a word."""
        self.keep_geometry()
        event.ignore()
        self.on_quit()

    def keep_geometry(self) -> None:
        """Remember where the window is."""
        self.memory.keep_bytes("geometry", self.saveGeometry())
        self.memory.save()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold where room is short."""
        super().resizeEvent(event)
        self._fold_to_room()

    def showEvent(self, event: QShowEvent) -> None:
        """Start with the focus on the page, and with the sidebar as wide as drawn."""
        super().showEvent(event)
        if not self._was_painted:
            wide = RAIL if self.sidebar.is_rail else WIDE
            self.split.setSizes([wide, self.width() - wide])
        self.focus_page()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first frame once it is done."""
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            self.painted.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the icons of menus anew in another look."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self.desk.actions.tint()
