"""How a line of the history is painted: gutter with arcs, then five cells of two lines."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QPointF, QRectF
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen

from pilothouse.ui import shapes
from pilothouse.ui.gutter import paint_kind, paint_thread
from pilothouse.ui.models.arcs import Part, Piece
from pilothouse.ui.models.release_model import Column, ReleaseModel
from pilothouse.ui.models.release_rows import ReleaseRow
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.views.row_delegate import RowDelegate, draw
from pilothouse.ui.views.row_table import Room
from pilothouse.ui.words import translate

HEIGHT = 44
THREAD = 36.0
LANES = (20.0, 14.0, 8.0)
ROOMS = (
    Room(64),
    Room(64),
    Room(124),
    Room(200, weight=1),
    Room(56),
    Room(148, leaves=1),
)
QUIET = frozenset({Tone.GOOD, Tone.IDLE, Tone.RUN})


@dataclass(frozen=True, slots=True)
class ShownRelease:
    """A line with what its gutter needs to know of its neighbours."""

    row: ReleaseRow
    pieces: tuple[Piece, ...]
    first: bool
    last: bool


class ReleaseDelegate(RowDelegate[ShownRelease]):
    """Paints from the model's prepared lines."""

    def __init__(self, model: ReleaseModel, parent: QObject) -> None:
        super().__init__(HEIGHT, parent)
        self._model = model

    def row_at(self, place: int) -> ShownRelease:
        """The prepared line at a place."""
        model = self._model
        last = place == model.rowCount() - 1
        return ShownRelease(model.row(place), model.pieces(place), place == 0, last)

    def paint_cell(self, painter: QPainter, box: QRectF, column: int, row: ShownRelease) -> None:
        """Paint one cell."""
        line = row.row
        look = tokens()
        match Column(column):
            case Column.GUTTER:
                _paint_gutter(painter, box, row)
            case Column.RELEASE:
                bold = font(weight=QFont.Weight.DemiBold)
                draw(painter, _upper(box), line.number, look.text, bold)
                _small(painter, box, line.kind_word)
            case Column.VERDICT:
                _paint_verdict(painter, box, line)
            case Column.CHANGE:
                room = box.adjusted(0, 0, -12, 0)
                medium = font(weight=QFont.Weight.Medium)
                draw(painter, _upper(room), line.title, look.text, medium)
                _paint_origin(painter, _lower(room), line)
            case Column.WHEN:
                draw(painter, _upper(box), line.age, look.text2)
                _small(painter, box, line.clock)
            case Column.CERTIFICATE:
                _paint_certificate(painter, box.adjusted(0, 0, -8, 0), line)


def _upper(box: QRectF) -> QRectF:
    return QRectF(box.left(), 4, box.width(), 20)


def _lower(box: QRectF) -> QRectF:
    return QRectF(box.left(), 23, box.width(), 17)


def _small(painter: QPainter, box: QRectF, text: str) -> None:
    draw(painter, _lower(box), text, tokens().text2, font(Size.CAPTION))


def _paint_verdict(painter: QPainter, box: QRectF, line: ReleaseRow) -> None:
    look, word = tokens(), line.verdict
    area = _upper(box) if line.live else box
    mark = QRectF(box.left(), area.center().y() - 8, 16, 16)
    shapes.paint(painter, word.shape, mark)
    ink = look.text2 if word.tone in QUIET else look.ink(word.tone)
    medium = font(weight=QFont.Weight.Medium)
    draw(painter, area.adjusted(24, 0, 0, 0), word.word, ink, medium)
    if line.live:
        bold = font(Size.CAPTION, QFont.Weight.DemiBold)
        text = translate("Release", "Serving now")
        draw(painter, _lower(box).adjusted(24, 0, 0, 0), text, look.good, bold)


def _paint_origin(painter: QPainter, box: QRectF, line: ReleaseRow) -> None:
    look = tokens()
    left = box.left()
    if line.ref:
        fixed = font(Size.CAPTION, fixed=True)
        left += draw(painter, box, line.ref, look.text2, fixed)
        text = f" · {line.author}"
    else:
        text = line.author
    draw(painter, QRectF(left, box.top(), box.right() - left, box.height()), text, look.text2,
         font(Size.CAPTION))  # fmt: skip


def _paint_certificate(painter: QPainter, box: QRectF, line: ReleaseRow) -> None:
    look, word = tokens(), line.certificate
    shapes.paint(painter, word.shape, QRectF(box.left(), 7, 14, 14))
    ink = look.text3 if word.tone is Tone.IDLE else look.text
    draw(painter, _upper(box).adjusted(20, 0, 0, 0), word.word, ink)
    _small(painter, box.adjusted(20, 0, 0, 0), line.certificate_small)


def _paint_gutter(painter: QPainter, box: QRectF, shown: ShownRelease) -> None:
    middle = QPointF(THREAD, box.center().y())
    top = middle.y() if shown.first else 0.0
    paint_thread(painter, THREAD, top, box.height())
    for lane, part in shown.pieces:
        _paint_arc(painter, LANES[lane], part, box)
    paint_kind(painter, middle, shown.row.kind, shown.row.given, live=shown.row.live)


def _paint_arc(painter: QPainter, x: float, part: Part, box: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour(tokens().warn_mark), 1.5))
    middle, bend = box.center().y(), 7.0
    end = THREAD - 6
    if part is Part.THROUGH:
        painter.drawLine(QPointF(x, 0), QPointF(x, box.height()))
    else:
        edge = box.height() if part is Part.START else 0.0
        turn = middle + bend if part is Part.START else middle - bend
        path = QPainterPath(QPointF(x, edge))
        path.lineTo(x, turn)
        path.quadTo(QPointF(x, middle), QPointF(x + bend, middle))
        path.lineTo(end, middle)
        painter.drawPath(path)
        if part is Part.END:
            painter.drawPolyline(
                [QPointF(end - 4, middle - 4), QPointF(end, middle), QPointF(end - 4, middle + 4)]
            )
    painter.restore()
