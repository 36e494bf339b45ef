"""Line icons, our own drawings: 16 units, lines 1.4 units wide, tinted by whoever paints them.

Each is a string of small commands: `M x y` move, `L x y` line, `C x y x y x y` curve, `Z` close,
`O x y r` circle, `R x y w h r` rounded box, `D x y` dot.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPen, QPixmap

from pilothouse.ui.theme import colour, generation, tokens

DRAWINGS = {
    "list": "M 6 4 L 14 4 M 6 8 L 14 8 M 6 12 L 14 12 R 2 3 2 2 0 R 2 7 2 2 0 R 2 11 2 2 0",
    "tray": "M 2 9 L 4 3 L 12 3 L 14 9 L 14 13 L 2 13 Z M 2 9 L 5.5 9 L 6.5 11 L 9.5 11 "
    "L 10.5 9 L 14 9",
    "upline": "M 3 2.5 L 13 2.5 M 8 14 L 8 5.5 M 4.5 9 L 8 5.5 L 11.5 9",
    "flask": "M 6.2 2 L 6.2 6.4 L 2.8 13 C 2.5 13.6 2.8 14 3.4 14 L 12.6 14 C 13.2 14 13.5 13.6 "
    "13.2 13 L 9.8 6.4 L 9.8 2 M 5 2 L 11 2 M 4.6 10 L 11.4 10",
    "search": "O 7 7 4.6 M 10.4 10.4 L 14 14",
    "plus": "M 8 2.5 L 8 13.5 M 2.5 8 L 13.5 8",
    "menu": "M 2 4 L 14 4 M 2 8 L 14 8 M 2 12 L 14 12",
    "back": "M 5.5 2.5 L 2.5 5.5 L 5.5 8.5 M 2.5 5.5 L 9.5 5.5 C 14.2 5.5 14.2 12.5 9.5 12.5 "
    "L 6.5 12.5",
    "deploy": "M 8 10.5 L 8 2 M 4.5 5.3 L 8 2 L 11.5 5.3 M 2.5 9.5 L 2.5 13.5 L 13.5 13.5 "
    "L 13.5 9.5",
    "lock": "R 3 7 10 7 1.5 M 5 7 L 5 5 C 5 1.2 11 1.2 11 5 L 11 7",
    "bell": "M 3 12 C 4.5 10.5 4.2 9 4.2 7 C 4.2 2 11.8 2 11.8 7 C 11.8 9 11.5 10.5 13 12 Z "
    "M 6.5 14 L 9.5 14",
    "key": "O 5 11 3 M 7.2 8.8 L 13.5 2.5 M 11 5 L 13 7",
    "calendar": "R 2.5 3.5 11 10.5 1.5 M 2.5 7 L 13.5 7 M 5.5 2 L 5.5 5 M 10.5 2 L 10.5 5",
    "box": "M 8 1.8 L 13.8 5 L 13.8 11 L 8 14.2 L 2.2 11 L 2.2 5 Z M 2.2 5 L 8 8.2 L 13.8 5 "
    "M 8 8.2 L 8 14.2",
    "commit": "O 8 8 3 M 1.5 8 L 5 8 M 11 8 L 14.5 8",
    "machine": "R 2 2.5 12 4.5 1.2 R 2 9 12 4.5 1.2 D 4.6 4.75 D 4.6 11.25",
    "sliders": "M 2 4.5 L 8 4.5 M 11 4.5 L 14 4.5 O 9.5 4.5 1.5 M 2 11.5 L 5 11.5 M 8 11.5 "
    "L 14 11.5 O 6.5 11.5 1.5",
    "shield": "M 8 1.8 L 13.3 3.6 L 13.3 8 C 13.3 11.4 10.6 13.4 8 14.3 C 5.4 13.4 2.7 11.4 2.7 8 "
    "L 2.7 3.6 Z",
    "people": "O 6 5.2 2.4 M 1.8 13.4 C 1.8 8.8 10.2 8.8 10.2 13.4 M 10.2 3 "
    "C 13 3 13 7.4 10.4 7.5 M 11.6 9.6 C 13.4 10 14.2 11.4 14.2 13.4",
    "disk": "M 2.5 2.5 L 11 2.5 L 13.5 5 L 13.5 13.5 L 2.5 13.5 Z M 5 2.5 L 5 6 L 10.5 6 "
    "L 10.5 2.5 M 4.8 13.5 L 4.8 9.5 L 11.2 9.5 L 11.2 13.5",
    "globe": "O 8 8 6 M 2 8 L 14 8 M 8 2 C 4.6 5.5 4.6 10.5 8 14 M 8 2 C 11.4 5.5 11.4 10.5 8 14",
    "copy": "R 5.5 5.5 8 8 1.5 M 3.5 10.5 C 2.6 10.5 2.5 10 2.5 9.2 L 2.5 4 C 2.5 3 3 2.5 4 2.5 "
    "L 9.2 2.5 C 10 2.5 10.5 2.6 10.5 3.5",
    "outside": "M 9.5 2.5 L 13.5 2.5 L 13.5 6.5 M 13.5 2.5 L 7.5 8.5 M 6.5 3.5 L 2.5 3.5 "
    "L 2.5 13.5 L 12.5 13.5 L 12.5 9.5",
    "right": "M 6 3.5 L 10.5 8 L 6 12.5",
    "down": "M 3.5 6 L 8 10.5 L 12.5 6",
    "up": "M 3.5 10.5 L 8 6 L 12.5 10.5",
    "left": "M 10 3.5 L 5.5 8 L 10 12.5",
    "pause": "M 5.5 3 L 5.5 13 M 10.5 3 L 10.5 13",
    "refresh": "M 13 6 C 11.5 2 5.5 1.6 3.4 5.4 M 13.4 2.6 L 13 6 L 9.6 5.6 M 3 10 "
    "C 4.5 14 10.5 14.4 12.6 10.6 M 2.6 13.4 L 3 10 L 6.4 10.4",
    "close": "M 3.5 3.5 L 12.5 12.5 M 12.5 3.5 L 3.5 12.5",
    "follow": "M 3 14 L 13 14 M 8 2 L 8 10.5 M 4.5 7 L 8 10.5 L 11.5 7",
    "gear": "O 8 8 2.2 O 8 8 4.6 M 8 1.4 L 8 3.4 M 8 12.6 L 8 14.6 M 1.4 8 L 3.4 8 M 12.6 8 "
    "L 14.6 8 M 3.3 3.3 L 4.7 4.7 M 11.3 11.3 L 12.7 12.7 M 12.7 3.3 L 11.3 4.7 M 4.7 11.3 "
    "L 3.3 12.7",
}  # fmt: skip


def _numbers(words: Iterator[str], count: int) -> list[float]:
    return [float(next(words)) for _ in range(count)]


@cache
def outline(name: str) -> QPainterPath:
    """An icon's path on the 16-unit grid; do not change the one you get."""
    path = QPainterPath()
    words = iter(DRAWINGS[name].split())
    for word in words:
        match word:
            case "M":
                path.moveTo(*_numbers(words, 2))
            case "L":
                path.lineTo(*_numbers(words, 2))
            case "C":
                path.cubicTo(*_numbers(words, 6))
            case "Z":
                path.closeSubpath()
            case "O":
                x, y, radius = _numbers(words, 3)
                path.addEllipse(QPointF(x, y), radius, radius)
            case "R":
                x, y, width, height, radius = _numbers(words, 5)
                path.addRoundedRect(QRectF(x, y, width, height), radius, radius)
            case "D":
                x, y = _numbers(words, 2)
                path.addEllipse(QPointF(x, y), 0.4, 0.4)
            case _:
                raise ValueError(f"The drawing of {name} has no command {word!r}.")
    return path


def paint(painter: QPainter, name: str, box: QRectF, tint: str | None = None) -> None:
    """Paint an icon into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.topLeft())
    painter.scale(box.width() / 16, box.height() / 16)
    pen = QPen(colour(tint or tokens().text2), 1.4)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline(name))
    painter.restore()


_icons: dict[tuple[str, str, int], QIcon] = {}


def icon(name: str, tint: str | None = None) -> QIcon:
    """An icon for menus and the like, sharp at one and two pixels a unit."""
    code = tint or tokens().text2
    key = (name, code, generation())
    found = _icons.get(key)
    if found is None:
        found = QIcon()
        for ratio in (1.0, 2.0):
            picture = QPixmap(QSize(16, 16) * ratio)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            paint(painter, name, QRectF(0, 0, 16, 16), code)
            painter.end()
            found.addPixmap(picture)
        _icons[key] = found
    return found
