"""How a line of the fleet is painted."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRectF
from PySide6.QtGui import QFont, QPainter

from pilothouse.ui import shapes
from pilothouse.ui.models.fleet_model import Column, FleetModel
from pilothouse.ui.models.fleet_rows import FleetRow
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.views.row_delegate import RIGHT, RowDelegate, draw
from pilothouse.ui.views.row_table import Room
from pilothouse.ui.widgets.chips import paint_letter
from pilothouse.ui.widgets.health import WIDTH, paint_bars
from pilothouse.ui.words import StateWord

HEIGHT = 36
MARGIN = 16
ROOMS = (
    Room(124),
    Room(122, weight=3),
    Room(118, weight=1, leaves=2),
    Room(176, weight=3),
    Room(192, leaves=1),
    Room(152, weight=1, leaves=3),
    Room(136, weight=1),
    Room(36),
)
QUIET = frozenset({Tone.GOOD, Tone.IDLE})


class FleetDelegate(RowDelegate[FleetRow]):
    """Paints from the model's prepared rows."""

    def __init__(self, model: FleetModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> FleetRow:
        """The prepared row at a place."""
        return self._model.rows[place]

    def is_hatched(self, row: FleetRow) -> bool:
        """The sandbox is hatched."""
        return row.sandbox

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: FleetRow) -> None:
        """Paint one cell."""
        match Column(column):
            case Column.STATE:
                self._paint_state(painter, box, row)
            case Column.APP:
                bold = font(weight=QFont.Weight.DemiBold)
                draw(painter, box.adjusted(0, 0, -8, 0), row.name, tokens().text, bold)
            case Column.ACCOUNT:
                paint_letter(painter, row.letter, QRectF(0, box.center().y() - 8, 16, 16))
                draw(painter, box.adjusted(24, 0, -8, 0), row.account, tokens().text2)
            case Column.RELEASE:
                bold = font(weight=QFont.Weight.DemiBold)
                draw(painter, box, row.version, tokens().text, bold)
                draw(painter, box.adjusted(46, 0, -8, 0), row.release, tokens().text2)
            case Column.HEALTH:
                self._paint_health(painter, box, row)
            case Column.LAST:
                _paint_word(painter, box, row.last, row.progress)
            case Column.BACK:
                _paint_word(painter, box, row.back, 0.0)
            case Column.MARK:
                for at, mark in enumerate(row.marks[:2]):
                    left = box.right() - MARGIN - 16 - 20 * at
                    shapes.paint(painter, mark.shape, QRectF(left, box.center().y() - 8, 16, 16))

    @staticmethod
    def _paint_state(painter: QPainter, box: QRectF, row: FleetRow) -> None:
        look, inner = tokens(), box.adjusted(MARGIN, 0, 0, 0)
        shape = QRectF(inner.left(), inner.center().y() - 8, 16, 16)
        shapes.paint(painter, row.state.shape, shape, progress=row.progress)
        quiet = row.state.shape is Shape.SERVING
        ink = look.text2 if quiet else look.ink(row.state.tone)
        face = font(weight=QFont.Weight.Normal if quiet else QFont.Weight.Medium)
        draw(painter, inner.adjusted(24, 0, 0, 0), row.state.word, ink, face)

    @staticmethod
    def _paint_health(painter: QPainter, box: QRectF, row: FleetRow) -> None:
        look = tokens()
        paint_bars(painter, row.bars, box.left(), round(box.center().y()) + 8)
        ink = look.ink(row.share_tone) if row.share_tone else look.text2
        right = QRectF(box.left() + WIDTH, box.top(), box.width() - WIDTH - 8, box.height())
        draw(painter, right, row.share, ink, align=RIGHT)


def _paint_word(painter: QPainter, box: QRectF, word: StateWord, progress: float) -> None:
    look = tokens()
    mark = QRectF(box.left(), box.center().y() - 8, 16, 16)
    shapes.paint(painter, word.shape, mark, progress=progress)
    ink = look.text2 if word.tone in QUIET else look.ink(word.tone)
    draw(painter, box.adjusted(24, 0, -8, 0), word.word, ink)
