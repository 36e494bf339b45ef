"""Plain areas in one of the surface colours, and hairlines between them."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QSplitter, QSplitterHandle, QWidget

from pilothouse.ui.theme import colour, tokens
from pilothouse.ui.widgets.hatch import paint_hatch


class Surface(QWidget):
    """An area named by its token, with a hairline at some of its edges; hatched if wanted."""

    def __init__(
        self,
        surface: str,
        parent: QWidget | None = None,
        *,
        edges: frozenset[Qt.Edge] = frozenset(),
        hatched: bool = False,
    ) -> None:
        super().__init__(parent)
        self._surface, self._edges, self._hatched = surface, edges, hatched

    def set_surface(self, surface: str) -> None:
        """Take another colour."""
        self._surface = surface
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint area, hatch and edges."""
        look, area = tokens(), self.rect()
        painter = QPainter(self)
        painter.fillRect(area, colour(str(getattr(look, self._surface))))
        if self._hatched:
            paint_hatch(painter, area.toRectF(), look.line)
        painter.setPen(QPen(colour(look.line), 1))
        lines = {
            Qt.Edge.TopEdge: (area.topLeft(), area.topRight()),
            Qt.Edge.BottomEdge: (area.bottomLeft(), area.bottomRight()),
            Qt.Edge.LeftEdge: (area.topLeft(), area.bottomLeft()),
            Qt.Edge.RightEdge: (area.topRight(), area.bottomRight()),
        }
        for edge in self._edges:
            painter.drawLine(*lines[edge])
        painter.end()


class Rule(QFrame):
    """A horizontal hairline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(tokens().line))
        painter.end()


class _Handle(QSplitterHandle):
    """A hairline that can be dragged."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour(tokens().line))
        painter.end()


class HairSplitter(QSplitter):
    """A splitter whose handles are hairlines."""

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)

    def createHandle(self) -> QSplitterHandle:
        """Make a handle of ours."""
        return _Handle(self.orientation(), self)
