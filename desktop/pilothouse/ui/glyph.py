"""The wheelhouse: the program's own glyph, for the window, and for the tray with its badges.

Each badge has an outline of its own, so that the tray reads without colour. As a mask the badge is
cut out of the glyph.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap

from pilothouse.ui.shapes import Shape, paint
from pilothouse.ui.theme import colour
from pilothouse.ui.tokens import LIGHT


class Badge(StrEnum):
    """What the tray says, the most pressing first; the first that holds is shown."""

    NEEDS_YOU = "needs_you"
    BLIND = "blind"
    UNKNOWN = "unknown"
    HELD = "held"
    DEPLOYING = "deploying"
    ALL_SERVE = "all_serve"


BADGE_SHAPES = {
    Badge.NEEDS_YOU: Shape.WARN,
    Badge.UNKNOWN: Shape.UNKNOWN,
    Badge.HELD: Shape.HELD,
    Badge.DEPLOYING: Shape.DEPLOYING,
}
SIZES = (16, 22, 24, 32, 48, 64, 128, 256)


def _house(painter: QPainter, ink: QColor) -> None:
    """The wheelhouse on a grid of 24 units: roof line, slanted windows, deck."""
    painter.setBrush(QBrush(ink))
    painter.setPen(QPen(ink, 0.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                        Qt.PenJoinStyle.RoundJoin))  # fmt: skip
    shell = QPainterPath(QPointF(5.8, 5.6))
    for x, y in ((18.2, 5.6), (20.0, 16.0), (4.0, 16.0)):
        shell.lineTo(x, y)
    shell.closeSubpath()
    panes = QPainterPath()
    for corners in (
        ((7.4, 7.2), (9.9, 7.2), (9.3, 14.4), (6.1, 14.4)),
        ((10.9, 7.2), (13.1, 7.2), (13.5, 14.4), (10.5, 14.4)),
        ((14.1, 7.2), (16.6, 7.2), (17.9, 14.4), (14.7, 14.4)),
    ):
        pane = QPainterPath(QPointF(*corners[0]))
        for x, y in corners[1:]:
            pane.lineTo(x, y)
        pane.closeSubpath()
        panes.addPath(pane)
    painter.drawPath(shell.subtracted(panes))
    painter.setPen(QPen(ink, 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(2.8, 19.2), QPointF(21.2, 19.2))


def paint_app_glyph(painter: QPainter, box: QRectF) -> None:
    """The glyph in white on its rounded blue plate; the same in both schemes."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 24, box.height() / 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(colour(LIGHT.fill)))
    painter.drawRoundedRect(QRectF(0.5, 0.5, 23, 23), 5.5, 5.5)
    painter.translate(3, 2.6)
    painter.scale(0.75, 0.75)
    _house(painter, colour(LIGHT.on_fill))
    painter.restore()


def _blank(size: int) -> QPixmap:
    picture = QPixmap(QSize(size, size))
    picture.fill(Qt.GlobalColor.transparent)
    return picture


def app_icon() -> QIcon:
    """The window's icon in all usual sizes."""
    made = QIcon()
    for size in SIZES:
        picture = _blank(size)
        painter = QPainter(picture)
        paint_app_glyph(painter, QRectF(0, 0, size, size))
        painter.end()
        made.addPixmap(picture)
    return made


def tray_pixmap(badge: Badge, size: int, ink: str, *, progress: float = 0.0) -> QPixmap:
    """The tray's picture: glyph in one ink, badge at the upper right, cut out of the glyph."""
    picture = _blank(size)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.save()
    painter.scale(size / 24, size / 24)
    if badge is not Badge.ALL_SERVE and badge is not Badge.BLIND:
        painter.translate(0, 2.4)
    _house(painter, colour(ink))
    painter.restore()
    if badge is Badge.BLIND:
        _strike(painter, size, ink)
    shape = BADGE_SHAPES.get(badge)
    if shape is not None:
        side = size * 0.56
        box = QRectF(size - side, 0, side, side)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(Qt.GlobalColor.black))
        painter.drawEllipse(box.adjusted(-1, -1, 1, 1))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        paint(painter, shape, box, progress=progress)
    painter.end()
    return picture


def _strike(painter: QPainter, size: int, ink: str) -> None:
    """A line through the glyph, with a gap beside it."""
    start, end = QPointF(size * 0.86, size * 0.1), QPointF(size * 0.14, size * 0.9)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Clear)
    painter.setPen(QPen(Qt.GlobalColor.black, size * 0.2))
    painter.drawLine(start, end)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setPen(QPen(colour(ink), size * 0.085, Qt.PenStyle.SolidLine,
                        Qt.PenCapStyle.RoundCap))  # fmt: skip
    painter.drawLine(start, end)


def tray_icon(badge: Badge, ink: str, *, progress: float = 0.0) -> QIcon:
    """The tray's icon in the sizes that panels ask for."""
    made = QIcon()
    for size in SIZES[:6]:
        made.addPixmap(tray_pixmap(badge, size, ink, progress=progress))
    return made
