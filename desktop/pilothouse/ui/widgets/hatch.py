"""The sandbox's hatch: thin diagonals behind whatever is not real."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPixmap

from pilothouse.ui.theme import colour, generation

PITCH = 12

_tiles: dict[tuple[str, float, int], QPixmap] = {}


def hatch_brush(code: str, ratio: float = 1.0) -> QBrush:
    """A brush of diagonals in one colour; set the painter's brush origin for seamless rows."""
    key = (code, ratio, generation())
    tile = _tiles.get(key)
    if tile is None:
        tile = QPixmap(QSize(PITCH, PITCH) * ratio)
        tile.setDevicePixelRatio(ratio)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(code), 1))
        for shift in (-PITCH, 0, PITCH):
            painter.drawLine(QPointF(shift - 1, PITCH + 1), QPointF(shift + PITCH + 1, -1))
        painter.end()
        _tiles[key] = tile
    return QBrush(tile)


def paint_hatch(painter: QPainter, box: QRectF, code: str) -> None:
    """Fill a box with diagonals that continue across neighbouring boxes of one widget."""
    ratio = painter.device().devicePixelRatioF()
    painter.save()
    painter.setBrushOrigin(QPointF(0, 0))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.fillRect(box, hatch_brush(code, ratio))
    painter.restore()
