"""The releases of the roll back sheet: radio rows, arrow keys change the choice.

The rows are real buttons of one exclusive group; only the chosen one takes part in Tab order.
"""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from pilothouse.domain.model import Release
from pilothouse.ui import shapes
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.targets import Targets, described
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import LinkButton, paint_plate
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, Text

ROW = 48
SHOWN = 4


class TargetRow(QRadioButton):
    """One release that can be gone back to."""

    def __init__(self, release: Release, now: datetime, parent: QWidget) -> None:
        super().__init__(parent)
        self.release = release
        self._small = described(release, now)
        self._time = ""
        self._ready = True
        self.setFixedHeight(ROW)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()

    def say_time(self, time: str, *, ready: bool) -> None:
        """Say how long going there takes, or why it cannot be."""
        self._time, self._ready = time, ready
        self._name()
        self.update()

    def _name(self) -> None:
        release = self.release
        said = f"v{release.version}, {release.description}, {self._small}"
        self.setAccessibleName(f"{said}, {self._time}" if self._time else said)

    def sizeHint(self) -> QSize:
        """Two lines."""
        return QSize(400, ROW)

    def hitButton(self, _pos: object) -> bool:
        """The whole row can be pressed."""
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the row."""
        look = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked():
            painter.fillRect(self.rect(), colour(look.select))
        self._paint_ring(painter)
        right = self._paint_time(painter)
        left = 85
        centre = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(colour(look.text))
        painter.setFont(font(Size.BODY, BOLD))
        painter.drawText(QRectF(41, 0, 44, ROW), centre, f"v{self.release.version}")
        painter.setFont(font(Size.BODY, MEDIUM))
        room = int(right - left - 12)
        elide = Qt.TextElideMode.ElideRight
        title = painter.fontMetrics().elidedText(self.release.description, elide, room)
        painter.drawText(QRectF(left, 6, room, 20), centre, title)
        painter.setFont(font(Size.SMALL))
        painter.setPen(colour(look.text2))
        small = painter.fontMetrics().elidedText(self._small, elide, room)
        painter.drawText(QRectF(left, 25, room, 18), centre, small)
        painter.setPen(colour(look.hair))
        painter.drawLine(0, ROW - 1, self.width(), ROW - 1)
        painter.end()

    def _paint_ring(self, painter: QPainter) -> None:
        look = tokens()
        on = self.isChecked()
        painter.setPen(QPen(colour(look.fill if on else look.field), 1.5))
        painter.setBrush(colour(look.base))
        ring = QRectF(13, ROW / 2 - 7, 14, 14)
        painter.drawEllipse(ring)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour(look.fill))
            painter.drawEllipse(ring.adjusted(3.5, 3.5, -3.5, -3.5))
        if self.hasFocus():
            painter.setPen(QPen(colour(look.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(self.rect().toRectF().adjusted(2, 2, -2, -3), 5, 5)

    def _paint_time(self, painter: QPainter) -> float:
        """Paint the way back at the right; answers where it begins."""
        right = self.width() - 13.0
        if not self._time:
            return right
        painter.setFont(font())
        wide = painter.fontMetrics().horizontalAdvance(self._time)
        painter.setPen(colour(tokens().text2 if self._ready else tokens().bad))
        box = QRectF(right - wide, 0, wide + 2, ROW)
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._time)
        shape = Shape.BACK_READY if self._ready else Shape.BACK_NONE
        shapes.paint(painter, shape, QRectF(right - wide - 22, ROW / 2 - 7, 14, 14))
        return right - wide - 22


class TargetList(QFrame):
    """The rows in a frame, and the fold with the rest.

    Signals:
        chosen: another release is chosen.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Releases to go back to")
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonToggled.connect(self.on_toggled)
        self._rows: list[TargetRow] = []
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(1, 1, 1, 1)
        self._whole.setSpacing(0)
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._area = QScrollArea(self)
        self._area.setAccessibleName("Releases to go back to")
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(inside)
        self._area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        self._whole.addWidget(self._area)
        self._foot = QWidget(self)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(12, 6, 13, 6)
        self._fold = LinkButton("", self._foot)
        self._fold.clicked.connect(self.on_unfolded)
        foot.addWidget(self._fold)
        foot.addStretch(1)
        self._cannot = Text("", self._foot, size=Size.SMALL, ink="text3")
        foot.addWidget(self._cannot)
        self._whole.addWidget(self._foot)
        self._more: tuple[Release, ...] = ()
        self._now = datetime.now(UTC)

    @property
    def release(self) -> Release | None:
        """The chosen release."""
        row = self._group.checkedButton()
        return row.release if isinstance(row, TargetRow) else None

    @property
    def row_buttons(self) -> tuple[TargetRow, ...]:
        """The rows that are shown."""
        return tuple(self._rows)

    def show_targets(self, given: Targets, now: datetime, wanted: int | None) -> None:
        """Offer these releases; `wanted` is chosen if it is among them, else the first."""
        for row in self._rows:
            self._group.removeButton(row)
            row.deleteLater()
        self._rows, self._now = [], now
        self._more = given.more
        for release in given.first:
            self._add(release)
        shown = {release.version for release in given.first}
        if wanted is not None and wanted not in shown:
            self.on_unfolded()
        left = len(self._more)
        words = "release" if left == 1 else "releases"
        self._fold.setText(f"Show {left} more {words} to go back to")
        self._fold.updateGeometry()
        cannot = f"{given.cannot} cannot: image or slug gone"
        self._cannot.setText(cannot if given.cannot else "")
        self._foot.setVisible(bool(self._more))
        chosen = next((row for row in self._rows if row.release.version == wanted), None)
        chosen = chosen or next(iter(self._rows), None)
        if chosen is not None:
            chosen.setChecked(True)
            chosen.setFocus()
        self._fit()

    def row_of(self, number: int) -> TargetRow | None:
        """The row of one release, if it is shown."""
        return next((row for row in self._rows if row.release.version == number), None)

    def _add(self, release: Release) -> None:
        row = TargetRow(release, self._now, self)
        self._group.addButton(row)
        self._rows.append(row)
        self._list.addWidget(row)
        row.show()  # at once, or it could not take the focus yet

    def _fit(self) -> None:
        self._area.setFixedHeight(ROW * max(1, min(SHOWN, len(self._rows))))

    @Slot()
    def on_unfolded(self) -> None:
        """Offer the rest as well."""
        more, self._more = self._more, ()
        for release in more:
            self._add(release)
        self._foot.hide()
        self._fit()

    @Slot(QAbstractButton, bool)
    def on_toggled(self, row: QAbstractButton, checked: bool) -> None:
        """Tell the choice."""
        if checked and isinstance(row, TargetRow):
            self._area.ensureWidgetVisible(row, 0, 0)
            self.chosen.emit(row.release)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the frame."""
        painter = QPainter(self)
        paint_plate(painter, self.rect().toRectF(), tokens().base, tokens().line)
        painter.end()
