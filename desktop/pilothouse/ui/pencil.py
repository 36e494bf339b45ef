"""A painter on a grid of 16 units, with the few strokes that shapes are made of."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPen, QPolygonF

from pilothouse.ui.theme import colour

GRID = 16.0
LINE = 1.5


class Pencil:
    """A painter on the 16-unit grid, with the few strokes that shapes are made of."""

    def __init__(self, painter: QPainter, mark: str, paper: str) -> None:
        self.painter = painter
        self.mark = colour(mark)
        self.paper = colour(paper)

    def line(self, width: float = LINE) -> None:
        """Draw outlines in the mark's colour from now on."""
        pen = QPen(self.mark, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def fill(self) -> None:
        """Draw filled areas in the mark's colour from now on."""
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(QBrush(self.mark))

    def cut(self, width: float = LINE) -> None:
        """Draw lines in the paper's colour from now on, as if cut out."""
        pen = QPen(self.paper, width)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        self.painter.setPen(pen)
        self.painter.setBrush(Qt.BrushStyle.NoBrush)

    def circle(self, radius: float, x: float = 8, y: float = 8) -> None:
        """A circle around a point."""
        self.painter.drawEllipse(QPointF(x, y), radius, radius)

    def stroke(self, *points: tuple[float, float]) -> None:
        """A line through points."""
        self.painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))

    def area(self, *points: tuple[float, float]) -> None:
        """A closed area."""
        self.painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in points]))

    def arc(self, radius: float, start: float, span: float) -> None:
        """A part of a circle around the middle, in degrees, as Qt counts them."""
        box = QRectF(8 - radius, 8 - radius, 2 * radius, 2 * radius)
        self.painter.drawArc(box, round(start * 16), round(span * 16))


def return_arrow(pencil: Pencil) -> None:
    """The arrow that means *go back*, in whatever stroke is set."""
    path = QPainterPath(QPointF(5, 6.7))
    path.lineTo(8.9, 6.7)
    path.cubicTo(QPointF(11.9, 6.7), QPointF(11.9, 10.9), QPointF(8.9, 10.9))
    path.lineTo(7.4, 10.9)
    pencil.painter.drawPath(path)
    pencil.stroke((6.7, 4.7), (4.7, 6.7), (6.7, 8.7))
