"""Chips: a platform as a letter in a rounded square with the account's name, and *Production*.

Platforms have letters, not logos: F, H, and S for the sandbox, whatever it pretends to be.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from pilothouse.domain.model import Account, Platform
from pilothouse.ui import icons, words
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.buttons import paint_plate

LETTERS = {Platform.FLY: "F", Platform.HEROKU: "H"}


def letter_of(account: Account) -> str:
    """The letter that stands for an account's platform."""
    return "S" if account.is_sandbox else LETTERS[account.platform]


def title_of(account: Account) -> str:
    """How an account is named: platform and label, as in `Fly.io · harbor`."""
    platform = words.platform_name(account.platform)
    if account.is_sandbox:
        return words.translate("Chips", "Sandbox · {platform}").format(platform=platform)
    return f"{platform} · {account.label}" if account.label else platform


def paint_letter(painter: QPainter, letter: str, box: QRectF) -> None:
    """A letter in a rounded square."""
    look = tokens()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour(look.text3), 1.2))
    painter.setBrush(colour(look.base))
    painter.drawRoundedRect(box.adjusted(0.6, 0.6, -0.6, -0.6), 4, 4)
    face = font(Size.CAPTION, QFont.Weight.Bold)
    face.setPixelSize(round(box.height() * 0.62))
    painter.setFont(face)
    painter.setPen(colour(look.text2))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, letter)
    painter.restore()


class Chip(QWidget):
    """A short fact on a plate of its own."""

    def __init__(
        self, text: str = "", parent: QWidget | None = None, *, letter: str = "", icon: str = ""
    ) -> None:
        super().__init__(parent)
        self._text, self._letter, self._icon = text, letter, icon
        self.setFont(font())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def show_account(self, account: Account) -> None:
        """Show an account."""
        self._text, self._letter = title_of(account), letter_of(account)
        self.setAccessibleName(self._text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for letter or icon and the text, 24 high."""
        sign = 25 if self._letter or self._icon else 0
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self._text) + 17 + sign, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint plate, sign and text."""
        look = tokens()
        painter = QPainter(self)
        paint_plate(painter, self.rect().toRectF(), look.base, look.line)
        left = 8
        if self._letter:
            paint_letter(painter, self._letter, QRectF(8, 4, 16, 16))
            left += 25
        elif self._icon:
            icons.paint(painter, self._icon, QRectF(8, 4.5, 15, 15), look.text2)
            left += 24
        painter.setFont(self.font())
        painter.setPen(colour(look.text2))
        room = QRect(left, 0, self.width() - left, self.height())
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, align, self._text)
        painter.end()


class LetterMark(QWidget):
    """A platform's letter by itself; the text beside it says the rest."""

    def __init__(self, letter: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._letter = letter
        self.setFixedSize(16, 16)
        self.setAccessibleName(name)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the letter."""
        painter = QPainter(self)
        paint_letter(painter, self._letter, self.rect().toRectF())
        painter.end()
