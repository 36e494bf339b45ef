"""Kinds of a release as they stand in the history's gutter, and the thread they hang on.

Code is a disc, config a diamond, scale a square, a rollback a ring with the return arrow. The
colour is the verdict's; a code release that failed or was not watched is hollow; the live one
has a second ring.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPolygonF

from pilothouse.domain.model import ReleaseKind, ReleaseVerdict
from pilothouse.ui import shapes
from pilothouse.ui.pencil import LINE, Pencil, return_arrow
from pilothouse.ui.theme import colour, tokens
from pilothouse.ui.tokens import Tone

VERDICT_TONES = {
    ReleaseVerdict.VERIFIED: Tone.GOOD,
    ReleaseVerdict.PROVISIONAL: Tone.RUN,
    ReleaseVerdict.FAILED_SAFE: Tone.BAD,
    ReleaseVerdict.ROLLED_BACK: Tone.WARN,
    ReleaseVerdict.UNKNOWN: Tone.UNK,
    ReleaseVerdict.NOT_WATCHED: Tone.IDLE,
}
HOLLOW = frozenset({ReleaseVerdict.FAILED_SAFE, ReleaseVerdict.NOT_WATCHED})


def paint_kind(
    painter: QPainter,
    middle: QPointF,
    kind: ReleaseKind,
    verdict: ReleaseVerdict,
    *,
    live: bool,
) -> None:
    """Paint a release's kind around a point; `base` lies behind it, so that the thread stops."""
    look = tokens()
    mark = colour(look.mark(VERDICT_TONES[verdict]))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(mark, LINE))
    painter.setBrush(QBrush(colour(look.base)))
    if live:
        painter.drawEllipse(middle, 9, 9)
    match kind:
        case ReleaseKind.CONFIG:
            _diamond(painter, middle, 6.2)
        case ReleaseKind.SCALE:
            painter.drawRoundedRect(QRectF(middle.x() - 5, middle.y() - 5, 10, 10), 1, 1)
        case ReleaseKind.ROLLBACK:
            painter.drawEllipse(middle, 7.5, 7.5)
            box = QRectF(middle.x() - 8, middle.y() - 8, 16, 16)
            shapes.paint_as(painter, _arrow, box, mark=mark.name())
        case ReleaseKind.CODE | ReleaseKind.OTHER:
            if verdict not in HOLLOW:
                painter.setBrush(QBrush(mark))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.drawEllipse(middle, 4.2, 4.2)
            else:
                painter.drawEllipse(middle, 4.5, 4.5)
    painter.restore()


def _diamond(painter: QPainter, middle: QPointF, reach: float) -> None:
    x, y = middle.x(), middle.y()
    corners = [QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach),
               QPointF(x - reach, y)]  # fmt: skip
    painter.drawPolygon(QPolygonF(corners))


def _arrow(pencil: Pencil, _progress: float) -> None:
    pencil.line(1.3)
    return_arrow(pencil)


def paint_thread(painter: QPainter, x: float, top: float, bottom: float) -> None:
    """Paint the thread between releases; it carries no meaning of its own."""
    painter.save()
    painter.setPen(QPen(colour(tokens().line), 2))
    painter.drawLine(QPointF(x, top), QPointF(x, bottom))
    painter.restore()
