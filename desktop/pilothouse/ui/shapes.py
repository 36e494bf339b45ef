"""State shapes, drawn by code from one table, so that tables, tray and menus use the same ones.

Every shape has its own outline and reads in grey. All are drawn on a grid of 16 units with lines
1.5 units wide, in the tokens of the look in force.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen, QPixmap

from pilothouse.ui.pencil import GRID, Pencil, return_arrow
from pilothouse.ui.theme import generation, tokens
from pilothouse.ui.tokens import Tone


class Shape(StrEnum):
    """Every state a person can see."""

    SERVING = "serving"
    DEPLOYING = "deploying"
    PROVISIONAL = "provisional"
    VERIFIED = "verified"
    FAILED_SAFE = "failed_safe"
    ROLLED_BACK = "rolled_back"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    HELD = "held"
    LOCKED = "locked"
    BLIND = "blind"
    NOT_WATCHED = "not_watched"
    PASSES = "passes"
    WARN = "warn"
    BLOCK = "block"
    BACK_READY = "back_ready"
    BACK_NONE = "back_none"
    LATER = "later"


def _serving(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    pencil.circle(4)


def _deploying(pencil: Pencil, progress: float) -> None:
    pencil.painter.setOpacity(0.3)
    pencil.line(2)
    pencil.circle(5.5)
    pencil.painter.setOpacity(1)
    pencil.line(2.4)
    pencil.arc(5.5, 90, -360 * min(1.0, max(0.06, progress)))


def _provisional(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pencil.circle(6)
    pencil.fill()
    pencil.painter.drawPie(QRectF(2, 2, 12, 12), 90 * 16, 180 * 16)


def _verified(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    pencil.circle(7)
    pencil.cut(1.7)
    pencil.stroke((4.9, 8.3), (7.2, 10.5), (11.1, 5.9))


def _failed_safe(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pencil.circle(6.2)
    pencil.stroke((5.8, 5.8), (10.2, 10.2))
    pencil.stroke((10.2, 5.8), (5.8, 10.2))


def _rolled_back(pencil: Pencil, _progress: float) -> None:
    pencil.line(1.7)
    pencil.arc(5.4, -160, 300)
    pencil.stroke((2.3, 3.2), (2.9, 6.9), (6.4, 6.3))


def _broken(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    near, far = 4.9, 11.1
    pencil.area(
        (near, 0.6), (far, 0.6), (15.4, near), (15.4, far),
        (far, 15.4), (near, 15.4), (0.6, far), (0.6, near),
    )  # fmt: skip
    pencil.cut(1.8)
    pencil.stroke((8, 4.3), (8, 8.6))
    pencil.stroke((8, 11.6), (8, 11.7))


def _question(pencil: Pencil) -> None:
    path = QPainterPath(QPointF(6.1, 6.5))
    path.cubicTo(QPointF(6.1, 3.9), QPointF(10, 3.9), QPointF(10, 6.4))
    path.cubicTo(QPointF(10, 7.9), QPointF(8, 7.9), QPointF(8, 9.4))
    pencil.painter.drawPath(path)
    pencil.stroke((8, 11.6), (8, 11.7))


def _unknown(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pen = pencil.painter.pen()
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setDashPattern([2.1, 1.05])
    pencil.painter.setPen(pen)
    pencil.circle(6.7)
    pencil.line(1.4)
    _question(pencil)


def _held(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    pencil.painter.drawRoundedRect(QRectF(1.5, 1.5, 13, 13), 3, 3)
    pencil.cut(1.9)
    pencil.stroke((6, 5.4), (6, 10.6))
    pencil.stroke((10, 5.4), (10, 10.6))


def _locked(pencil: Pencil, _progress: float) -> None:
    pencil.line(1.4)
    pencil.painter.drawRoundedRect(QRectF(3.2, 7, 9.6, 6.8), 1.5, 1.5)
    path = QPainterPath(QPointF(5.2, 7))
    path.lineTo(5.2, 5)
    path.cubicTo(QPointF(5.2, 1.3), QPointF(10.8, 1.3), QPointF(10.8, 5))
    path.lineTo(10.8, 7)
    pencil.painter.drawPath(path)


def _blind(pencil: Pencil, _progress: float) -> None:
    pencil.line(1.4)
    path = QPainterPath(QPointF(1.4, 8))
    path.cubicTo(QPointF(4.2, 2.6), QPointF(11.8, 2.6), QPointF(14.6, 8))
    path.cubicTo(QPointF(11.8, 13.4), QPointF(4.2, 13.4), QPointF(1.4, 8))
    pencil.painter.drawPath(path)
    pencil.circle(2)
    pencil.stroke((13.4, 2.4), (2.6, 13.6))


def _not_watched(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pencil.stroke((4.5, 8), (11.5, 8))


def _pass(pencil: Pencil, _progress: float) -> None:
    pencil.line(1.8)
    pencil.stroke((2.6, 8.6), (6.2, 12.2), (13.4, 4))


def _warn(pencil: Pencil, _progress: float) -> None:
    pencil.painter.setPen(QPen(pencil.mark, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                               Qt.PenJoinStyle.RoundJoin))  # fmt: skip
    pencil.painter.setBrush(QBrush(pencil.mark))
    pencil.area((8, 2.2), (14.4, 13.2), (1.6, 13.2))
    pencil.cut(1.6)
    pencil.stroke((8, 6.2), (8, 9.2))
    pencil.stroke((8, 11.5), (8, 11.6))


def _block(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    pencil.circle(7)
    pencil.cut(2)
    pencil.stroke((4.8, 8), (11.2, 8))


def _back_ready(pencil: Pencil, _progress: float) -> None:
    pencil.fill()
    pencil.circle(7)
    pencil.cut(1.5)
    return_arrow(pencil)


def _back_none(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pencil.circle(6.2)
    pencil.stroke((3.8, 12.2), (12.2, 3.8))


def _later(pencil: Pencil, _progress: float) -> None:
    pencil.line()
    pencil.circle(5)


Drawing = Callable[[Pencil, float], None]

TABLE: dict[Shape, tuple[Tone | None, Drawing]] = {
    Shape.SERVING: (Tone.GOOD, _serving),
    Shape.DEPLOYING: (Tone.RUN, _deploying),
    Shape.PROVISIONAL: (Tone.RUN, _provisional),
    Shape.VERIFIED: (Tone.GOOD, _verified),
    Shape.FAILED_SAFE: (Tone.BAD, _failed_safe),
    Shape.ROLLED_BACK: (Tone.WARN, _rolled_back),
    Shape.BROKEN: (Tone.BAD, _broken),
    Shape.UNKNOWN: (Tone.UNK, _unknown),
    Shape.HELD: (Tone.WARN, _held),
    Shape.LOCKED: (None, _locked),
    Shape.BLIND: (Tone.UNK, _blind),
    Shape.NOT_WATCHED: (Tone.IDLE, _not_watched),
    Shape.PASSES: (Tone.GOOD, _pass),
    Shape.WARN: (Tone.WARN, _warn),
    Shape.BLOCK: (Tone.BAD, _block),
    Shape.BACK_READY: (Tone.GOOD, _back_ready),
    Shape.BACK_NONE: (Tone.BAD, _back_none),
    Shape.LATER: (Tone.IDLE, _later),
}


def paint(painter: QPainter, shape: Shape, box: QRectF, *, progress: float = 0.0) -> None:
    """Paint a shape into a square, in the look in force."""
    look = tokens()
    tone, drawing = TABLE[shape]
    paint_as(painter, drawing, box, mark=look.mark(tone) if tone else look.text2, progress=progress)


def paint_as(
    painter: QPainter,
    drawing: Drawing,
    box: QRectF,
    *,
    mark: str,
    paper: str | None = None,
    progress: float = 0.0,
) -> None:
    """Run one drawing on the grid, fitted into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / GRID, box.height() / GRID)
    drawing(Pencil(painter, mark, paper or tokens().base), progress)
    painter.restore()


_pixmaps: dict[tuple[Shape, int, float, int, int], QPixmap] = {}


def pixmap(shape: Shape, size: int = 16, ratio: float = 1.0, progress: float = 0.0) -> QPixmap:
    """A shape as a picture, kept for as long as the look holds."""
    step = round(progress * 24)
    key = (shape, size, ratio, step, generation())
    found = _pixmaps.get(key)
    if found is None:
        if len(_pixmaps) > 400:
            _pixmaps.clear()
        found = QPixmap(QSize(size, size) * ratio)
        found.setDevicePixelRatio(ratio)
        found.fill(Qt.GlobalColor.transparent)
        painter = QPainter(found)
        paint(painter, shape, QRectF(0, 0, size, size), progress=step / 24)
        painter.end()
        _pixmaps[key] = found
    return found
