"""Machines by region, old side left and new side right: outline = old, tint = new, dashed = gone.

Every cell says in words what happens to its machine; over twenty-four of them become squares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pilothouse.ui import shapes
from pilothouse.ui.run.board import Cell, Side
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets import accessible
from pilothouse.ui.widgets.buttons import paint_plate
from pilothouse.ui.widgets.labels import BOLD

WIDE, HIGH, GAP = 80, 40, 4
SMALL = 20
MANY = 24
PLACE = 36
HEAD = 26
SIDE_GAP = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """One machine with its second line."""

    cell: Cell
    below: str

    @property
    def spoken(self) -> str:
        """The machine as a sentence."""
        where = f", {self.cell.place}" if self.cell.place else ""
        state = "in traffic" if self.cell.in_traffic else self.cell.words or "gone"
        return f"{self.cell.short}{where}, {self.cell.side.value} version, {state}, {self.below}"


class Machines(QWidget):
    """The two sides, painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        accessible.install()
        self._shown: dict[Side, dict[str, list[Shown]]] = {}
        self._names = {Side.OLD: "old", Side.NEW: "new"}
        self._count = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_cells(
        self, cells: Sequence[Cell], below: Mapping[str, str], names: Mapping[Side, str]
    ) -> None:
        """Show where every machine stands; `below` are second lines by id."""
        self._names = dict(names)
        self._count = len(cells)
        places = sorted({cell.place for cell in cells})
        self._shown = {side: {place: [] for place in places} for side in Side}
        for cell in cells:
            line = cell.words or ("gone" if cell.gone else below.get(cell.id, ""))
            self._shown[cell.side][cell.place].append(Shown(cell, line))
        self.updateGeometry()
        self.update()

    def spoken(self) -> str:
        """All machines, one after another."""
        told = [one.spoken for rows in self._shown.values() for row in rows.values() for one in row]
        return f"Machines: {'; '.join(told)}" if told else "Machines: none known"

    # -- geometry ----------------------------------------------------------------------------

    def _cell_size(self) -> tuple[int, int]:
        return (SMALL, SMALL) if self._count > MANY else (WIDE, HIGH)

    def _per_line(self) -> int:
        wide, _ = self._cell_size()
        half = (self.width() - PLACE - SIDE_GAP) // 2
        return max(1, (half + GAP) // (wide + GAP))

    def _lines_of(self, place: str) -> int:
        most = max((len(rows.get(place, ())) for rows in self._shown.values()), default=0)
        return max(1, -(-most // self._per_line()))

    def _places(self) -> tuple[str, ...]:
        return tuple(next(iter(self._shown.values()), {}))

    def _height(self) -> int:
        _, high = self._cell_size()
        return HEAD + sum(self._lines_of(place) * (high + GAP) + 2 for place in self._places())

    def sizeHint(self) -> QSize:
        """Room for every line."""
        return QSize(560, max(HEAD + HIGH, self._height()))

    def minimumSizeHint(self) -> QSize:
        """At least one cell a side."""
        return QSize(PLACE + 2 * WIDE + SIDE_GAP, self.sizeHint().height())

    def resizeEvent(self, _event: object) -> None:
        """The number of lines depends on the width."""
        self.updateGeometry()

    # -- painting ----------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint heads, regions and cells."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = (self.width() - PLACE - SIDE_GAP) // 2
        lefts = {Side.OLD: PLACE, Side.NEW: PLACE + half + SIDE_GAP}
        for side, left in lefts.items():
            self._paint_head(painter, side, left)
        wide, high = self._cell_size()
        top = float(HEAD)
        for place in self._places():
            painter.setFont(font())
            painter.setPen(colour(tokens().text2))
            painter.drawText(QRectF(0, top, PLACE, high), Qt.AlignmentFlag.AlignVCenter, place)
            for side, left in lefts.items():
                for at, one in enumerate(self._shown.get(side, {}).get(place, ())):
                    line, column = divmod(at, self._per_line())
                    x, y = left + column * (wide + GAP), top + line * (high + GAP)
                    self._paint_cell(painter, one, QRectF(x, y, wide, high))
            top += self._lines_of(place) * (high + GAP) + 2
        painter.end()

    def _paint_head(self, painter: QPainter, side: Side, left: int) -> None:
        look = tokens()
        here = [one for row in self._shown.get(side, {}).values() for one in row]
        traffic = sum(one.cell.in_traffic for one in here)
        name = self._names[side]
        painter.setFont(font(Size.BODY, BOLD))
        painter.setPen(colour(look.accent if side is Side.NEW else look.text))
        painter.drawText(QPointF(left, 15), name)
        wide = painter.fontMetrics().horizontalAdvance(name + " ")
        painter.setFont(font())
        painter.setPen(colour(look.text2))
        painter.drawText(QPointF(left + wide + 2, 15), f"{side.value}, {traffic} in traffic")

    def _paint_cell(self, painter: QPainter, one: Shown, box: QRectF) -> None:
        look, cell = tokens(), one.cell
        new = cell.side is Side.NEW and not cell.gone
        border = look.bad_mark if cell.failed else look.run_mark if new else look.field
        fill = look.bad_tint if cell.failed else look.run_tint if new else look.base
        if cell.gone:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour(look.idle_mark), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        else:
            paint_plate(painter, box, fill, border, 4)
        shape = Shape.SERVING
        if cell.failed:
            shape = Shape.FAILED_SAFE
        elif cell.gone:
            shape = Shape.NOT_WATCHED
        elif cell.words:
            shape = Shape.DEPLOYING
        if self._count > MANY:
            middle = box.center()
            shapes.paint(
                painter, shape, QRectF(middle.x() - 6, middle.y() - 6, 12, 12), progress=0.5
            )
            return
        shapes.paint(painter, shape, QRectF(box.left() + 6, box.top() + 4, 14, 14), progress=0.5)
        painter.setPen(colour(look.text3 if cell.gone else look.text))
        painter.setFont(font(Size.SMALL, fixed=True))
        painter.drawText(QPointF(box.left() + 25, box.top() + 16), cell.short)
        painter.setFont(font(Size.SMALL))
        painter.setPen(colour(look.text2))
        room = int(box.width()) - 12
        below = painter.fontMetrics().elidedText(one.below, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QPointF(box.left() + 7, box.top() + 33), below)
