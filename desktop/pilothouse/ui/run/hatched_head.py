"""The head of a page or sheet about one app: hatched thinly when the app is not real."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from pilothouse.ui.theme import tokens
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.widgets.surface import Surface


class HatchedHead(Surface):
    """Text may lie on its hatch, which is as faint as a hairline."""

    def __init__(
        self, parent: QWidget | None = None, *, edges: frozenset[Qt.Edge] = frozenset()
    ) -> None:
        super().__init__("base", parent, edges=edges)
        self._is_practice = False

    def set_practice(self, is_practice: bool) -> None:
        """Say whether the app is one of the sandbox."""
        if is_practice is not self._is_practice:
            self._is_practice = is_practice
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the surface, then the hatch."""
        super().paintEvent(event)
        if self._is_practice:
            painter = QPainter(self)
            paint_hatch(painter, self.rect().toRectF(), tokens().hair)
            painter.end()
