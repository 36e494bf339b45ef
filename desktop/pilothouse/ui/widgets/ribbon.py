"""The probe ribbon: one tick a request asked from outside, in lanes, over the last minutes.

Height is answer time; a loss is a full tick with a diamond on top. It repaints four times a
second at most, however many probes arrive, and keeps only what can be seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets import accessible

LANE = 24
HEAD = 22
NAMES = 144
FRAME_MS = 250
TALLEST_S = 0.4
KEEP = 4000


@dataclass(frozen=True, slots=True)
class Tick:
    """One request: when (seconds of the run's clock), how long it took, whether it was good."""

    at_s: float
    latency_s: float
    good: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A named border between steps."""

    at_s: float
    title: str


@dataclass(slots=True)
class _Lane:
    title: str
    ticks: deque[Tick] = field(default_factory=lambda: deque(maxlen=KEEP))
    asked: int = 0
    lost: int = 0


class Ribbon(QWidget):
    """Lanes of ticks with the step borders above; `spoken` says the counts."""

    def __init__(self, parent: QWidget | None = None, *, span_s: float = 180.0) -> None:
        super().__init__(parent)
        accessible.install()
        self._span_s = span_s
        self._now_s = 0.0
        self._lanes: dict[str, _Lane] = {}
        self._marks: tuple[Mark, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(FRAME_MS)
        self._soon.timeout.connect(self.update)

    def set_lanes(self, lanes: Sequence[tuple[str, str]]) -> None:
        """Show these lanes, by key and title, in this order; ticks of kept lanes stay."""
        kept = self._lanes
        self._lanes = {}
        for key, title in lanes:
            lane = kept.get(key) or _Lane(title)
            lane.title = title
            self._lanes[key] = lane
        self.updateGeometry()
        self._later()

    def add_ticks(self, lane: str, ticks: Iterable[Tick]) -> None:
        """Add requests, oldest first; a lane that is not shown takes none."""
        found = self._lanes.get(lane)
        if found is None:
            return
        for tick in ticks:
            found.ticks.append(tick)
            found.asked += 1
            found.lost += not tick.good
            self._now_s = max(self._now_s, tick.at_s + tick.latency_s)
        self._later()

    def set_span(self, span_s: float) -> None:
        """Show this many seconds; fewer where requests follow each other fast."""
        self._span_s = span_s
        self._later()

    def set_marks(self, marks: Sequence[Mark]) -> None:
        """Name the borders between steps."""
        self._marks = tuple(marks)
        self._later()

    def set_now(self, now_s: float) -> None:
        """Move the right edge; called once a second while a run goes on."""
        self._now_s = max(self._now_s, now_s)
        self._later()

    def spoken(self) -> str:
        """What a screen reader says of it."""
        asked = sum(lane.asked for lane in self._lanes.values())
        lost = sum(lane.lost for lane in self._lanes.values())
        said = self.tr("Asked from outside: {lost} of {asked} lost")
        return said.format(lost=lost, asked=asked)

    def sizeHint(self) -> QSize:
        """One lane 24 high, under the names of steps."""
        return QSize(640, HEAD + LANE * max(1, len(self._lanes)))

    def minimumSizeHint(self) -> QSize:
        """As high as it wants to be, narrow if need be."""
        return QSize(320, self.sizeHint().height())

    def _later(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint borders first, then the lanes."""
        painter = QPainter(self)
        since = max(0.0, self._now_s - self._span_s * 0.94)
        scale = (self.width() - NAMES) / self._span_s
        self._paint_marks(painter, since, scale)
        for row, lane in enumerate(self._lanes.values()):
            self._paint_lane(painter, lane, row, (since, scale))
        now = NAMES + (self._now_s - since) * scale
        painter.setPen(QPen(colour(tokens().text3), 1))
        painter.drawLine(QPointF(now, 4), QPointF(now, self.height()))
        painter.end()

    def _paint_marks(self, painter: QPainter, since: float, scale: float) -> None:
        look = tokens()
        painter.setFont(font(Size.CAPTION))
        for mark in self._marks:
            if mark.at_s < since:
                continue
            x = NAMES + (mark.at_s - since) * scale
            painter.setPen(QPen(colour(look.line), 1))
            painter.drawLine(QPointF(x, 4), QPointF(x, self.height()))
            painter.setPen(colour(look.text3))
            painter.drawText(QPointF(x + 5, 13), mark.title)

    def _paint_lane(
        self, painter: QPainter, lane: _Lane, row: int, window: tuple[float, float]
    ) -> None:
        look = tokens()
        since, scale = window
        foot = HEAD + LANE * (row + 1) - 8.0
        align = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(font(Size.SMALL))
        painter.setPen(colour(look.text2))
        box = QRectF(0, foot - 16, NAMES - 14, 20)
        painter.drawText(box, align | Qt.AlignmentFlag.AlignLeft, lane.title)
        painter.setPen(colour(look.bad if lane.lost else look.text3))
        painter.drawText(box, align | Qt.AlignmentFlag.AlignRight, f"{lane.lost}/{lane.asked}")
        painter.setPen(QPen(colour(look.hair), 1))
        painter.drawLine(QPointF(NAMES, foot + 0.5), QPointF(self.width(), foot + 0.5))
        for tick in lane.ticks:
            if tick.at_s < since:
                continue
            x = NAMES + (tick.at_s - since) * scale
            if tick.good:
                height = 4 + 10 * min(1.0, tick.latency_s / TALLEST_S)
                painter.fillRect(QRectF(x, foot - height, 2, height), colour(look.good_soft))
            else:
                self._paint_loss(painter, x, foot)

    @staticmethod
    def _paint_loss(painter: QPainter, x: float, foot: float) -> None:
        mark = colour(tokens().bad_mark)
        painter.fillRect(QRectF(x, foot - 15, 2, 15), mark)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        top = foot - 17
        corners = [QPointF(x + 1, top - 3.5), QPointF(x + 4.5, top), QPointF(x + 1, top + 3.5),
                   QPointF(x - 2.5, top)]  # fmt: skip
        painter.drawPolygon(QPolygonF(corners))
