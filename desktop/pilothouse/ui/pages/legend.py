"""What the fleet's bars mean, and the keys that act on a line."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from pilothouse.ui.theme import Size
from pilothouse.ui.widgets.health import Bar, HealthLegend
from pilothouse.ui.widgets.labels import Text

MARGIN = 16


class Legend(QWidget):
    """One line below the fleet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 8, MARGIN, 8)
        row.setSpacing(6)
        for bar, word in (
            (Bar.SERVED, self.tr("served")),
            (Bar.SOME_LOST, self.tr("some unhealthy")),
            (Bar.DOWN, self.tr("down")),
            (Bar.NOT_SEEN, self.tr("not seen")),
        ):
            row.addWidget(HealthLegend(bar, word, self))
            row.addWidget(Text(word, self, size=Size.CAPTION, ink="text3"))
            row.addSpacing(8)
        row.addStretch(1)
        hint = self.tr("one bar is 2 minutes, look by look    ↵ open    D deploy    R roll back")
        row.addWidget(Text(hint, self, size=Size.CAPTION, ink="text3"))
