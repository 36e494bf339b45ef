"""One app: what is live, its releases with the detail of one, and its deployments."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from pilothouse.ui.desk import Desk
from pilothouse.ui.pages.app_header import MARGIN, AppHeader
from pilothouse.ui.pages.releases import ReleasesTab
from pilothouse.ui.theme import font
from pilothouse.ui.travels import Page, Place, Tab
from pilothouse.ui.views.deployment_table import DeploymentTable
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.labels import MEDIUM
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.surface import Rule, Surface

TABS = (Tab.RELEASES, Tab.DEPLOYMENTS)


class AppPage(Surface):
    """The page; shows another app each time it is told to."""

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self._app_id = ""
        self.setAccessibleName(self.tr("App"))
        self.header = AppHeader(desk, self)
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
        self.releases = ReleasesTab(desk, self)
        self.deployments = DeploymentTable(self.tr("Deployments of this app"), desk, self)
        self._stack = QStackedWidget(self)
        self._lay_out()
        self.tabs.currentChanged.connect(self.on_tab_changed)
        self.kinds.chosen.connect(self.on_kind_chosen)
        self.filter.textChanged.connect(self.on_filter_changed)
        desk.outlook.changed.connect(self.on_changed)
        desk.outlook.ticked.connect(self.on_changed)

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

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(MARGIN, 0, MARGIN, 0)
        bar.setSpacing(8)
        bar.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignBottom)
        bar.addStretch(1)
        bar.addWidget(self.kinds)
        bar.addWidget(self.filter)
        self._stack.addWidget(self.releases)
        self._stack.addWidget(self.deployments)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(bar)
        whole.addWidget(Rule(self))
        whole.addWidget(self._stack, 1)

    def show_app(self, place: Place) -> None:
        """Show an app, at a tab."""
        if place.app_id != self._app_id:
            self._app_id = place.app_id
            self.filter.clear()
            self.kinds.choose("all")
            self.releases.choose(kind="all", text="")
        self.tabs.setCurrentIndex(TABS.index(place.tab))
        self._show_tab(place.tab)
        self.on_changed()
        self.releases.show_app(place.app_id)

    def _show_tab(self, tab: Tab) -> None:
        releases = tab is Tab.RELEASES
        self._stack.setCurrentIndex(TABS.index(tab))
        self.kinds.setVisible(releases)
        self.filter.setVisible(releases)
        self.setFocusProxy(self.releases.table if releases else self.deployments)
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
        concerned = not app_ids or self._app_id in app_ids
        if view is not None and concerned:
            self.setAccessibleName(view.app.name)
            self.header.show_view(view)

    @Slot(str)
    def on_kind_chosen(self, kind: str) -> None:
        """Show another kind."""
        self.releases.choose(kind=kind)

    @Slot(str)
    def on_filter_changed(self, text: str) -> None:
        """Show what matches."""
        self.releases.choose(text=text)
