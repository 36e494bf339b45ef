"""Buttons: one primary a view at most, plain ones, the one that stops, icons, links.

Every button says a verb and an object; one that asks first ends in an ellipsis. A click does not
take the focus away from a table, so that its single letters go on working.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QEnterEvent, QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from pilothouse.ui import icons, shapes
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens


class Kind(StrEnum):
    """What a button is for; the value is its object name."""

    PRIMARY = "primary"
    PLAIN = "plain"
    STOP = "stop"


def paint_plate(
    painter: QPainter, box: QRectF, fill: str | None, border: str | None, radius: float = 6
) -> None:
    """A rounded plate with a line of one physical pixel around it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour(border), 1) if border else QPen(Qt.PenStyle.NoPen)
    painter.setPen(pen)
    painter.setBrush(QBrush(colour(fill)) if fill else QBrush(Qt.BrushStyle.NoBrush))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)


class Button(QPushButton):
    """A button with an optional icon (or state shape) before its text and a key behind it."""

    def __init__(
        self,
        text: str,
        parent: QWidget | None = None,
        *,
        kind: Kind = Kind.PLAIN,
        icon: str | Shape | None = None,
        hint: str = "",
        small: bool = False,
    ) -> None:
        super().__init__(text, parent)
        self._kind, self._sign, self._hint, self._small = kind, icon, hint, small
        self.setObjectName(kind.value)
        self.setFont(font(Size.BODY, QFont.Weight.Medium))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_sign(self, icon: str | Shape | None) -> None:
        """Change the icon before the text."""
        self._sign = icon
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for icon, text and key, 32 high (28 when small)."""
        width = QFontMetrics(self.font()).horizontalAdvance(self._shown()) + 25
        if self._sign is not None:
            width += 24
        if self._hint:
            width += QFontMetrics(font(Size.CAPTION)).horizontalAdvance(self._hint) + 12
        return QSize(width, 28 if self._small else 32)

    def minimumSizeHint(self) -> QSize:
        """A button is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint plate, icon, text and key."""
        painter = QPainter(self)
        fill, border, ink = self._colours()
        paint_plate(painter, self.rect().toRectF(), fill, border)
        left = 12
        if self._sign is not None:
            box = QRectF(left, (self.height() - 16) / 2, 16, 16)
            if isinstance(self._sign, Shape):
                shapes.paint(painter, self._sign, box)
            else:
                icons.paint(painter, self._sign, box, ink)
            left += 24
        painter.setPen(colour(ink))
        painter.setFont(self.font())
        room = QRect(left, 0, self.width() - left - 12, self.height())
        align = Qt.AlignmentFlag.AlignVCenter
        if self._hint or self._sign is not None:
            painter.drawText(room, align | Qt.AlignmentFlag.AlignLeft, self._shown())
            painter.setFont(font(Size.CAPTION))
            painter.drawText(room, align | Qt.AlignmentFlag.AlignRight, self._hint)
        else:
            painter.drawText(room, align | Qt.AlignmentFlag.AlignHCenter, self._shown())
        painter.end()

    def _shown(self) -> str:
        return self.text().replace("&", "")

    def _colours(self) -> tuple[str, str | None, str]:
        """Fill, border and ink."""
        look = tokens()
        if not self.isEnabled():
            return look.idle_tint, look.line, look.text3
        hot = self.underMouse() or self.isDown()
        match self._kind:
            case Kind.PRIMARY:
                return (look.fill_hover if hot else look.fill), None, look.on_fill
            case Kind.STOP:
                return (look.hover if hot else look.raised), look.bad_mark, look.bad
            case Kind.PLAIN:
                return (look.hover if hot else look.raised), look.line, look.text


class LinkButton(QPushButton):
    """A button that reads as a link, for an action inside a sentence or row."""

    def __init__(
        self, text: str, parent: QWidget | None = None, *, icon: str = "", size: Size = Size.BODY
    ) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self.setFont(font(size, QFont.Weight.Medium if size is Size.BODY else QFont.Weight.Normal))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for the text, 24 high at least."""
        width = QFontMetrics(self.font()).horizontalAdvance(self.text()) + 4
        return QSize(width + (18 if self._icon else 0), 24)

    def minimumSizeHint(self) -> QSize:
        """A link is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the text in the accent, underlined under the pointer."""
        look = tokens()
        painter = QPainter(self)
        shown = QFont(self.font())
        shown.setUnderline(self.underMouse() and self.isEnabled())
        painter.setFont(shown)
        ink = look.accent if self.isEnabled() else look.text3
        painter.setPen(colour(ink))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(self.rect().adjusted(2, 0, 0, 0), align, self.text())
        if self._icon:
            box = QRectF(self.width() - 15, (self.height() - 13) / 2, 13, 13)
            icons.paint(painter, self._icon, box, ink)
        painter.end()


class IconButton(QToolButton):
    """An icon alone, with the name that a screen reader says and a tooltip of the same words."""

    def __init__(
        self, icon: str, name: str, parent: QWidget | None = None, *, side: int = 28
    ) -> None:
        super().__init__(parent)
        self._icon = icon
        self._dot = False
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFixedSize(side, side)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def set_dot(self, on: bool) -> None:
        """Show a dot that says *something is here*; the name must say it too."""
        if on != self._dot:
            self._dot = on
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon, on a plate when hovered or checked."""
        look = tokens()
        painter = QPainter(self)
        if self.isChecked():
            paint_plate(painter, self.rect().toRectF(), look.select, None)
        elif self.underMouse() and self.isEnabled():
            paint_plate(painter, self.rect().toRectF(), look.line, None)
        middle = self.rect().toRectF().center()
        box = QRectF(middle.x() - 8, middle.y() - 8, 16, 16)
        ink = look.text if self.isChecked() else look.text2
        icons.paint(painter, self._icon, box, ink if self.isEnabled() else look.idle_mark)
        if self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(colour(look.bad_mark)))
            painter.drawEllipse(QRectF(middle.x() + 5, middle.y() - 11, 7, 7))
        painter.end()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Repaint with the plate."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Repaint without the plate."""
        super().leaveEvent(event)
        self.update()
