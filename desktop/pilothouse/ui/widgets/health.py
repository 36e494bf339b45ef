"""Health of the last hour as thirty bars of two minutes, and instances as dots.

Low = served, taller = some lost, full = down, a line at the foot = not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from pilothouse.ui.theme import colour, tokens

BARS = 30
BAR_S = 120
PITCH = 4
WIDTH = BARS * PITCH


class Bar(IntEnum):
    """What happened in two minutes; the worst of what was seen."""

    NOT_SEEN = 0
    SERVED = 1
    SOME_LOST = 2
    DOWN = 3


def paint_bars(painter: QPainter, bars: Sequence[Bar], left: float, foot: float) -> None:
    """Paint bars from `left` on, standing on `foot`."""
    look = tokens()
    heights = {
        Bar.NOT_SEEN: (2.0, look.idle_mark),
        Bar.SERVED: (7.0, look.good_soft),
        Bar.SOME_LOST: (11.0, look.warn_mark),
        Bar.DOWN: (16.0, look.bad_mark),
    }
    for at, bar in enumerate(bars):
        height, code = heights[bar]
        painter.fillRect(QRectF(left + at * PITCH, foot - height, 3, height), colour(code))


class HealthLegend(QWidget):
    """One bar of a kind beside its word."""

    def __init__(self, bar: Bar, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self.setFixedSize(PITCH * 4, 16)
        self.setAccessibleName(name)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a few bars of the kind."""
        painter = QPainter(self)
        paint_bars(painter, [self._bar] * (2 if self._bar > Bar.SERVED else 4), 0, 14)
        painter.end()


class Dots(QWidget):
    """One dot an instance, in the colour of its health; the name says the count."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._healthy: tuple[bool | None, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_instances(self, healthy: Sequence[bool | None], name: str) -> None:
        """Show instances: healthy, not healthy, or not checked."""
        self._healthy = tuple(healthy)
        self.setAccessibleName(name)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Sixteen a dot."""
        return QSize(max(1, len(self._healthy)) * 16, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the dots; one that is not healthy is a full square, one unchecked a ring."""
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, healthy in enumerate(self._healthy):
            box = QRectF(at * 16 + 4.5, 4.5, 7, 7)
            if healthy is None:
                painter.setPen(colour(look.good_mark))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(box)
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(look.good_mark if healthy else look.bad_mark))
            if healthy:
                painter.drawEllipse(box)
            else:
                painter.drawRect(box.adjusted(-1, -1, 1, 1))
        painter.end()
