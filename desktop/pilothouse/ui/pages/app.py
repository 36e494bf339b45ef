"""One app: what is live, its releases with the detail of one, and its deployments."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.release_model import ReleaseModel
from pilothouse.ui.pages.app_header import MARGIN, AppHeader
from pilothouse.ui.pages.history import History
from pilothouse.ui.pages.release_detail import WIDTH, ReleaseDetail
from pilothouse.ui.theme import font
from pilothouse.ui.travels import Page, Place, Tab
from pilothouse.ui.views.deployment_table import DeploymentTable
from pilothouse.ui.views.release_delegate import HEIGHT, ROOMS, ReleaseDelegate
from pilothouse.ui.views.row_table import RowTable
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.header import RowHeader
from pilothouse.ui.widgets.labels import MEDIUM, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import HairSplitter, Rule, Surface

TABS = (Tab.RELEASES, Tab.DEPLOYMENTS)
ROOM_FOR_DETAIL = 880
NEAR_THE_END = 60


class AppPage(Surface):
    """The page; shows another app each time it is told to."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self._app_id = ""
        self._chosen = 0
        self._peeks = False
        self.setAccessibleName(self.tr("App"))
        self.header = AppHeader(desk, self)
        self.model = ReleaseModel(self)
        self.history = History(desk, self.model, self)
        self.tabs = self._make_tabs()
        self.kinds = Segments(
            self.tr("Which releases"),
            [
                ("all", self.tr("All")),
                ("code", self.tr("Code")),
                ("config", self.tr("Config")),
                ("scale", self.tr("Scale")),
            ],
            self,
        )
        self.filter = FilterField(self.tr("Filter releases"), self)
        self.filter.setFixedWidth(176)
        self.table = self._make_table()
        self.empty = Text(parent=self, ink="text2")
        self.empty.setContentsMargins(MARGIN, 12, MARGIN, 12)
        self.detail = ReleaseDetail(self)
        self.deployments = DeploymentTable(self.tr("Deployments of this app"), desk, self)
        self._stack = QStackedWidget(self)
        self._lay_out()
        self._connect()

    def _make_tabs(self) -> QTabBar:
        tabs = QTabBar(self)
        tabs.setAccessibleName(self.tr("Parts of the app"))
        tabs.setDrawBase(False)
        tabs.setExpanding(False)
        tabs.setFont(font(weight=MEDIUM))
        tabs.addTab(self.tr("Releases"))
        tabs.addTab(self.tr("Deployments"))
        tabs.setFixedHeight(40)
        return tabs

    def _make_table(self) -> RowTable:
        table = RowTable(self.tr("Releases"), self._desk.actions, self)
        table.setHorizontalHeader(RowHeader(0, table))
        table.setModel(self.model)
        table.furnish(
            ReleaseDelegate(self.model, table), HEIGHT, ROOMS, (Verb.ROLL_BACK, Verb.DEPLOY)
        )
        return table

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(MARGIN, 0, MARGIN, 0)
        bar.setSpacing(8)
        bar.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        bar.addStretch(1)
        bar.addWidget(self.kinds)
        bar.addWidget(self.filter)
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        self.split = HairSplitter(Qt.Orientation.Horizontal, self)
        self.split.addWidget(left)
        self.split.addWidget(self.detail)
        self.split.setStretchFactor(0, 1)
        self.split.setSizes([712, WIDTH])
        self._stack.addWidget(self.split)
        self._stack.addWidget(self.deployments)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(bar)
        whole.addWidget(Rule(self))
        whole.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self.on_tab_changed)
        self.kinds.chosen.connect(self.on_kind_chosen)
        self.filter.textChanged.connect(self.on_filter_changed)
        self.table.selectionModel().currentRowChanged.connect(self.on_row_changed)
        self.table.opened.connect(self.on_opened)
        self.table.verticalScrollBar().valueChanged.connect(self.on_scrolled)
        self.detail.roll_back_wanted.connect(self.on_roll_back_wanted)
        self.detail.deployment_wanted.connect(self.on_deployment_wanted)
        self.history.grew.connect(self.on_grew)
        self.model.dataChanged.connect(self.on_grew)
        self._desk.outlook.changed.connect(self.on_changed)
        self._desk.outlook.ticked.connect(self.on_changed)

    def show_app(self, place: Place) -> None:
        """Show an app, at a tab."""
        fresh = place.app_id != self._app_id
        self._app_id = place.app_id
        if fresh:
            self._chosen = 0
            self.filter.clear()
            self.kinds.choose("all")
            self.model.choose(kind="all")
        self.tabs.setCurrentIndex(TABS.index(place.tab))
        self._show_tab(place.tab)
        self.on_changed(())
        self.history.show_app(place.app_id)
        self.on_grew()

    def _show_tab(self, tab: Tab) -> None:
        releases = tab is Tab.RELEASES
        self._stack.setCurrentIndex(TABS.index(tab))
        self.kinds.setVisible(releases)
        self.filter.setVisible(releases)
        self.setFocusProxy(self.table if releases else self.deployments)
        if not releases:
            self.deployments.show_app(self._app_id)

    @Slot(int)
    def on_tab_changed(self, index: int) -> None:
        """Another tab: the place says so too, for Back."""
        here = self._desk.travels.here
        if here is not None and here.page is Page.APP and here.tab is not TABS[index]:
            self._desk.travels.go(Place(Page.APP, self._app_id, TABS[index]))

    @Slot()
    @Slot(object)
    def on_changed(self, app_ids: tuple[str, ...] = ()) -> None:
        """Facts changed, or a second went by."""
        view = self._desk.outlook.view(self._app_id)
        if view is None or (app_ids and self._app_id not in app_ids):
            return
        self.setAccessibleName(view.app.name)
        self.header.show_view(view)

    @Slot()
    def on_grew(self) -> None:
        """Rows came: choose the newest one at first, keep the chosen one afterwards."""
        place = self.model.place_of(self._chosen) if self._chosen else None
        if place is None and self.model.rowCount():
            place = 0
        if place is not None:
            if self.table.currentIndex().row() != place:
                self.table.setCurrentIndex(self.model.index(place, 0))
            self._show_detail(place)
        self._say_empty()
        self._give_room()

    def _say_empty(self) -> None:
        if self.model.rowCount():
            said = ""
        elif self.model.filtered:
            said = self.tr("Nothing matches “{text}”.").format(text=self.filter.text())
        elif self._desk.outlook.loaded:
            said = self.tr("No releases yet.")
        else:
            said = self.tr("Reading what is known…")
        self.empty.setText(said)
        self.empty.setVisible(bool(said))

    def _show_detail(self, place: int) -> None:
        view = self._desk.outlook.view(self._app_id)
        if view is None:
            return
        release = self.model.release(place)
        proof = self.model.proof(release.version)
        self.detail.show_release(release, self.model.row(place), view, proof)

    @Slot(QModelIndex)
    def on_row_changed(self, index: QModelIndex) -> None:
        """Another release is the selected one."""
        if index.isValid():
            self._chosen = self.model.release(index.row()).version
            self._show_detail(index.row())

    @Slot(QModelIndex)
    def on_opened(self, _index: QModelIndex) -> None:
        """Enter shows the detail where there is no room for both, and hides it again."""
        self._peeks = not self._peeks
        self._give_room()

    def _give_room(self) -> None:
        wide = self.width() >= ROOM_FOR_DETAIL
        self.detail.setVisible(bool(self.model.rowCount()) and (wide or self._peeks))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide the detail where there is no room."""
        super().resizeEvent(event)
        self._give_room()

    @Slot(int)
    def on_scrolled(self, value: int) -> None:
        """Near the oldest row known: let the platform be asked for older ones."""
        bar = self.table.verticalScrollBar()
        if self.model.rowCount() and bar.maximum() - value < NEAR_THE_END * HEIGHT:
            self.history.read_older()

    @Slot(str)
    def on_kind_chosen(self, kind: str) -> None:
        """Show another kind."""
        self.model.choose(kind=kind)
        self.on_grew()

    @Slot(str)
    def on_filter_changed(self, text: str) -> None:
        """Show what matches."""
        self.model.choose(text=text)
        self.on_grew()

    @Slot(int)
    def on_roll_back_wanted(self, version: int) -> None:
        """Open the sheet for the chosen release."""
        view = self._desk.outlook.view(self._app_id)
        if view is not None:
            self._desk.sheets.roll_back(view, self.window(), version=version)

    @Slot(str)
    def on_deployment_wanted(self, deployment_id: str) -> None:
        """Open the deployment that made the release."""
        self._desk.travels.go(Place(Page.RUN, deployment_id=deployment_id))
