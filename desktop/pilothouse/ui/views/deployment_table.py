"""The table of deployments: of all apps on a page of its own, of one app in a tab."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QRectF, Slot
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QWidget

from pilothouse.domain.news import Journaled
from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui import shapes
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.deployment_model import Column, DeploymentModel, DeploymentRow
from pilothouse.ui.theme import Size, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.views.row_delegate import RowDelegate, draw
from pilothouse.ui.views.row_table import Room, RowTable
from pilothouse.ui.widgets.header import RowHeader

HEIGHT = 44
MARGIN = 16
MOST = 500
ROOMS = (
    Room(200),
    Room(140, weight=1, leaves=2),
    Room(220, weight=3),
    Room(72),
    Room(96),
    Room(140, weight=1, leaves=1),
)


class DeploymentDelegate(RowDelegate[DeploymentRow]):
    """Paints from the model's prepared lines."""

    def __init__(self, model: DeploymentModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> DeploymentRow:
        """The prepared line at a place."""
        return self._model.rows[place]

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: DeploymentRow) -> None:
        """Paint one cell."""
        look = tokens()
        middle = box.adjusted(0, 0, -12, 0)
        match Column(column):
            case Column.STATE:
                inner = middle.adjusted(MARGIN, 0, 0, 0)
                mark = QRectF(inner.left(), inner.center().y() - 8, 16, 16)
                shapes.paint(painter, row.state.shape, mark, progress=row.progress)
                quiet = row.state.tone in {Tone.GOOD, Tone.IDLE}
                ink = look.text2 if quiet else look.ink(row.state.tone)
                draw(painter, inner.adjusted(24, 0, 0, 0), row.state.word, ink)
            case Column.APP:
                draw(painter, middle, row.app, look.text, font(weight=QFont.Weight.DemiBold))
            case Column.CHANGE if row.reason:
                upper = QRectF(middle.left(), 4, middle.width(), 20)
                lower = QRectF(middle.left(), 23, middle.width(), 17)
                draw(painter, upper, row.title, look.text)
                draw(painter, lower, row.reason, look.text2, font(Size.CAPTION))
            case Column.CHANGE:
                draw(painter, middle, row.title, look.text)
            case Column.WHEN:
                upper = QRectF(middle.left(), 4, middle.width(), 20)
                lower = QRectF(middle.left(), 23, middle.width(), 17)
                draw(painter, upper, row.age, look.text2)
                draw(painter, lower, row.clock, look.text2, font(Size.CAPTION))
            case Column.TOOK:
                draw(painter, middle, row.took, look.text2)
            case Column.BY:
                draw(painter, middle, row.by, look.text2)


class DeploymentTable(RowTable):
    """Reads the journal by itself and keeps up with news."""

    def __init__(self, name: str, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(name, desk.actions, parent)
        self._desk = desk
        self._app_id: str | None = None
        self._rows = DeploymentModel(self)
        self.setHorizontalHeader(RowHeader(MARGIN, self))
        self.setModel(self._rows)
        self.furnish(DeploymentDelegate(self._rows, self), HEIGHT, ROOMS, ())
        self.opened.connect(self.on_opened)
        desk.bridge.arrived.connect(self.on_arrived)
        desk.outlook.changed.connect(self.on_changed)

    @property
    def deployments(self) -> DeploymentModel:
        """The model."""
        return self._rows

    def show_app(self, app_id: str | None) -> None:
        """Show one app's deployments, or all."""
        self._app_id = app_id
        self.read()

    def read(self) -> None:
        """Read the journal."""
        face, app_id = self._desk.outlook.face, self._app_id
        if face is not None:

            def read() -> tuple[str | None, tuple[DeploymentRecord, ...]]:
                return app_id, face.logbook.deployments(app_id, limit=MOST)

            self._desk.bridge.ask(read, self.on_read)

    @Slot(object)
    def on_read(self, read: tuple[str | None, tuple[DeploymentRecord, ...]]) -> None:
        """The journal was read."""
        app_id, records = read
        if app_id != self._app_id:
            return
        index = self.currentIndex()
        chosen = self._rows.rows[index.row()].id if index.isValid() else ""
        self._rows.put(records, self._desk.outlook.now)
        place = self._rows.place_of(chosen) if chosen else 0 if self._rows.rows else None
        if place is not None and not self.currentIndex().isValid():
            self.setCurrentIndex(self._rows.index(place, 0))

    @Slot(object)
    def on_arrived(self, news: object) -> None:
        """A deployment went on."""
        ended = isinstance(news, Journaled) and self._app_id in {None, news.app_id}
        if ended and self.isVisible():
            self.read()

    @Slot(object)
    def on_changed(self, _ids: object) -> None:
        """The fleet was read anew: so may the journal be."""
        if self.isVisible() and not self._rows.rows:
            self.read()

    @Slot(QModelIndex)
    def on_opened(self, index: QModelIndex) -> None:
        """Open a deployment."""
        row = self._rows.rows[index.row()]
        self._desk.travels.go(Place(Page.RUN, deployment_id=row.id))
