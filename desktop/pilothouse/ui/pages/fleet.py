"""The fleet: one line an app, those that need a person first, and a sentence that says so."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from pilothouse.domain.news import Reach
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.fleet_model import Column, FleetModel, in_segment
from pilothouse.ui.models.fleet_rows import FleetRow, row_of
from pilothouse.ui.pages import fleet_words
from pilothouse.ui.pages.legend import Legend
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size
from pilothouse.ui.tokens import Tone
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.views.fleet_delegate import HEIGHT, MARGIN, ROOMS, FleetDelegate
from pilothouse.ui.views.row_table import RowTable
from pilothouse.ui.widgets.buttons import LinkButton
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.header import RowHeader
from pilothouse.ui.widgets.labels import BOLD, LinkText, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.strip import Strip
from pilothouse.ui.widgets.surface import Surface

VERBS = (Verb.OPEN, Verb.DEPLOY, Verb.ROLL_BACK, Verb.HOLD, Verb.WATCH, Verb.COPY)


class FleetPage(Surface):
    """The page.

    Signals:
        selected: another app is the selected one; its id, or an empty string.
    """

    selected = Signal(str)

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self._shown_once = False
        self._stale = False
        self.setAccessibleName(self.tr("Fleet"))
        self.model = FleetModel(self)
        self.strip = Strip(self.tr("Sight"), self)
        self.renew = LinkButton(self.tr("Renew token…"), self.strip)
        self.renew.clicked.connect(desk.actions.of(Verb.CONNECT).trigger)
        self.strip.add_button(self.renew)
        self.sentence = LinkText(self.tr("Who needs you"), self)
        self.sentence.setContentsMargins(MARGIN, 2, MARGIN, 0)
        self.sentence.linkActivated.connect(self.on_link_activated)
        self.segments = Segments(
            self.tr("Which apps"),
            [
                ("all", self.tr("All")),
                ("need", self.tr("Need you")),
                ("running", self.tr("Running")),
                ("sandbox", self.tr("Sandbox")),
            ],
            self,
        )
        self.filter = FilterField(self.tr("Filter apps"), self)
        self.filter.setFixedWidth(208)
        self.table = self._make_table()
        self.empty = Text(parent=self, ink="text2")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.empty.setContentsMargins(0, 48, 0, 0)
        self._middle = QStackedWidget(self)
        self._middle.addWidget(self.table)
        self._middle.addWidget(self.empty)
        self._lay_out()
        self.segments.chosen.connect(self.on_segment_chosen)
        self.filter.textChanged.connect(self.on_filter_changed)
        desk.outlook.changed.connect(self.on_changed)
        desk.outlook.accounts_changed.connect(self.on_ticked)
        desk.outlook.ticked.connect(self.on_ticked)
        self.on_changed(())

    def _make_table(self) -> RowTable:
        table = RowTable(self.tr("Apps"), self._desk.actions, self)
        header = RowHeader(MARGIN, table)
        header.setSectionsClickable(True)
        table.setHorizontalHeader(header)
        table.setModel(self.model)
        header.setSortIndicatorShown(True)
        header.setSortIndicator(int(Column.STATE), Qt.SortOrder.AscendingOrder)
        table.furnish(FleetDelegate(self.model, table), HEIGHT, ROOMS, VERBS)
        header.sortIndicatorChanged.connect(self.model.sort)
        table.opened.connect(self.on_opened)
        table.selectionModel().currentRowChanged.connect(self.on_row_changed)
        return table

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(MARGIN, 14, MARGIN, 0)
        head.setSpacing(12)
        head.addWidget(Text(self.tr("Fleet"), self, size=Size.TITLE, weight=BOLD))
        head.addStretch(1)
        head.addWidget(self.segments)
        head.addWidget(self.filter)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.sentence)
        whole.addWidget(self.strip)
        whole.addSpacing(10)
        whole.addWidget(self._middle, 1)
        whole.addWidget(Legend(self))

    @property
    def current(self) -> FleetRow | None:
        """The selected line."""
        index = self.table.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

    @Slot(object)
    def on_changed(self, app_ids: tuple[str, ...]) -> None:
        """Some apps, or all, are different now; a hidden page catches up when it is shown."""
        if self._shown_once and not self.isVisible():
            self._stale = True
            return
        outlook, now = self._desk.outlook, self._desk.outlook.now
        chosen = self.current
        views = [view for view in map(outlook.view, app_ids) if view] or outlook.views
        real = any(not view.account.is_sandbox for view in outlook.views)
        rows = [
            row_of(
                view,
                outlook.health.of(view.app.id, now),
                now,
                counts=not (real and view.account.is_sandbox),
            )
            for view in views
        ]
        self.model.put(rows, whole=not app_ids)
        self._keep(chosen.app_id if chosen else "")
        self._say()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened meanwhile."""
        super().showEvent(event)
        self._shown_once = True
        if self._stale:
            self._stale = False
            self.on_changed(())

    def _keep(self, app_id: str) -> None:
        place = self.model.place_of(app_id) if app_id else None
        if place is None and self.model.rows and not self.table.currentIndex().isValid():
            place = 0
        if place is not None and place != self.table.currentIndex().row():
            self.table.setCurrentIndex(self.model.index(place, 0))

    def _say(self) -> None:
        rows = list(self.model.everything)
        for key in ("all", "need", "running", "sandbox"):
            self.segments.set_count(key, sum(in_segment(row, key) for row in rows))
        self.sentence.setText(fleet_words.need_sentence(rows, self._desk.outlook))
        self._say_sight()
        self.empty.setText(self._empty_sentence(rows))
        self._middle.setCurrentIndex(0 if self.model.rows else 1)

    def _say_sight(self) -> None:
        outlook = self._desk.outlook
        refused = [one for one in outlook.sights if one.reach is Reach.REFUSED]
        if outlook.sights and all(one.reach is Reach.SILENT for one in outlook.sights):
            self.strip.say(Tone.UNK, Shape.BLIND, fleet_words.blind(outlook))
        elif refused:
            self.strip.say(Tone.BAD, Shape.BLOCK, fleet_words.refused(refused[0]))
        else:
            self.strip.say(Tone.IDLE, Shape.NOT_WATCHED, "")
        self.renew.setVisible(bool(refused))

    def _empty_sentence(self, rows: list[FleetRow]) -> str:
        if rows:
            return self.tr("Nothing matches “{text}”.").format(text=self.filter.text())
        return fleet_words.without_apps(self._desk.outlook)

    @Slot()
    def on_ticked(self) -> None:
        """Say ages anew."""
        if self.isVisible():
            self.on_changed(())

    @Slot(str)
    def on_segment_chosen(self, key: str) -> None:
        """Show another part of the fleet."""
        self.model.choose(segment=key)
        self._say()

    @Slot(str)
    def on_filter_changed(self, text: str) -> None:
        """Show what matches."""
        self.model.choose(text=text)
        self._keep("")
        self._say()

    @Slot(str)
    def on_link_activated(self, app_id: str) -> None:
        """Open the app that the sentence names."""
        self._desk.travels.go(Place(Page.APP, app_id))

    @Slot(QModelIndex)
    def on_opened(self, index: QModelIndex) -> None:
        """Open an app's page."""
        self._desk.travels.go(Place(Page.APP, self.model.rows[index.row()].app_id))

    @Slot(QModelIndex)
    def on_row_changed(self, index: QModelIndex) -> None:
        """Tell which app is selected."""
        row = self.model.rows[index.row()] if index.isValid() else None
        self.selected.emit(row.app_id if row else "")
