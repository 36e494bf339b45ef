"""The focus ring: two pixels in the accent with one pixel distance, around whatever has the focus.

One ring serves the whole application. Tables show their focus on the current row themselves.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QFocusFrame,
    QLineEdit,
    QWidget,
)

from pilothouse.ui.theme import colour, tokens


class FocusRing(QFocusFrame):
    """Follows the focus by itself.

    Threads: lives in the GUI thread, as long as the application.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__()
        app.focusChanged.connect(self.on_focus_changed)

    @Slot(QWidget, QWidget)
    def on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Move to the widget that has the focus now, if a ring says it best."""
        takes = isinstance(new, QAbstractButton | QLineEdit | QComboBox) or (
            isinstance(new, QAbstractScrollArea) and not isinstance(new, QAbstractItemView)
        )
        plain = new is not None and new.objectName() == "palette"
        self.setWidget(new if takes and not plain else None)  # type: ignore[arg-type]
        if self.widget() is None:
            self.setParent(None)  # or it would go with the sheet whose field it followed

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ring."""
        if self.widget() is None:
            return
        if not self.mask().isEmpty():
            self.clearMask()  # the frame's own mask would cut off the round corners
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(tokens().accent), 2))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(1, 1, -1, -1), 8, 8)
        painter.end()
