"""The Releases tab: the history as a table, and the detail of the selected release beside it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Slot
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.release_model import ReleaseModel
from pilothouse.ui.pages.app_header import MARGIN
from pilothouse.ui.pages.history import History
from pilothouse.ui.pages.release_detail import WIDTH, ReleaseDetail
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.views.release_delegate import HEIGHT, ROOMS, ReleaseDelegate
from pilothouse.ui.views.row_table import RowTable
from pilothouse.ui.widgets.header import RowHeader
from pilothouse.ui.widgets.labels import Text
from pilothouse.ui.widgets.surface import HairSplitter

ROOM_FOR_DETAIL = 880
NEAR_THE_END = 60


class ReleasesTab(QWidget):
    """One app's releases; `choose` filters them."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._app_id = ""
        self._chosen = 0
        self._peeks = False
        self.model = ReleaseModel(self)
        self.history = History(desk, self.model, self)
        self.table = self._make_table()
        self.empty = Text(parent=self, ink="text2")
        self.empty.setContentsMargins(MARGIN, 12, MARGIN, 12)
        self.detail = ReleaseDetail(self)
        self._lay_out()
        self.setFocusProxy(self.table)
        self.table.selectionModel().currentRowChanged.connect(self.on_row_changed)
        self.table.opened.connect(self.on_opened)
        self.table.verticalScrollBar().valueChanged.connect(self.on_scrolled)
        self.detail.roll_back_wanted.connect(self.on_roll_back_wanted)
        self.detail.deployment_wanted.connect(self.on_deployment_wanted)
        self.history.grew.connect(self.on_grew)
        desk.outlook.changed.connect(self.on_changed)

    def _make_table(self) -> RowTable:
        table = RowTable(self.tr("Releases"), self._desk.actions, self)
        table.setHorizontalHeader(RowHeader(0, table))
        table.setModel(self.model)
        table.furnish(
            ReleaseDelegate(self.model, table), HEIGHT, ROOMS, (Verb.ROLL_BACK, Verb.DEPLOY)
        )
        return table

    def _lay_out(self) -> None:
        left = QWidget(self)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.empty)
        column.addWidget(self.table, 1)
        split = HairSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(left)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 1)
        split.setSizes([712, WIDTH])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def show_app(self, app_id: str) -> None:
        """Show an app's releases."""
        if app_id != self._app_id:
            self._app_id = app_id
            self._chosen = 0
        self.history.show_app(app_id)
        self.on_grew()

    def choose(self, *, kind: str | None = None, text: str | None = None) -> None:
        """Show what matches."""
        self.model.choose(kind=kind, text=text)
        self.on_grew()

    @Slot(object)
    def on_changed(self, app_ids: tuple[str, ...]) -> None:
        """Facts of the app changed: the detail may say something else."""
        if self.isVisible() and (not app_ids or self._app_id in app_ids):
            self.on_grew()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened meanwhile."""
        super().showEvent(event)
        self.history.wake(awake=True)
        self.on_grew()

    def hideEvent(self, event: QHideEvent) -> None:
        """Read nothing that nobody looks at."""
        super().hideEvent(event)
        self.history.wake(awake=False)

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
            said = self.tr("Nothing matches “{text}”.").format(text=self.model.filter_text)
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
