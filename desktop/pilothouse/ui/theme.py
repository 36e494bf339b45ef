"""The look in force: scheme, palette, sheet and fonts, applied to the application at once.

One look holds at a time and `tokens()` tells it. Widgets need no signal: Qt sends each of them a
palette change, and whatever is painted asks again. Sizes are relative to the system font.
"""

from __future__ import annotations

from enum import Enum
from functools import cache

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from pilothouse.ui.sheet import sheet_of
from pilothouse.ui.tokens import TABLES, Scheme, Tokens

SMALLEST_PT = 8.25


class Size(Enum):
    """Sizes of type as factors of the system font's."""

    CAPTION = 0.85
    SMALL = 0.92
    BODY = 1.0
    HEADING = 1.23
    TITLE = 1.54
    NUMBER = 2.0


class _Look:
    """What holds now; `generation` counts the changes, for caches."""

    tokens: Tokens = TABLES[Scheme.LIGHT]
    generation: int = 0


def tokens() -> Tokens:
    """The colours in force."""
    return _Look.tokens


def generation() -> int:
    """A number that changes whenever the look does: part of every cache's key."""
    return _Look.generation


@cache
def colour(code: str) -> QColor:
    """A `QColor` for a token's `#rrggbb`; never change the one you get."""
    return QColor(code)


@cache
def font(
    size: Size = Size.BODY, weight: QFont.Weight = QFont.Weight.Normal, *, fixed: bool = False
) -> QFont:
    """The font of a text role, with figures of equal width."""
    base = QGuiApplication.font()
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if fixed else QFont(base)
    made.setPointSizeF(max(SMALLEST_PT, base.pointSizeF() * size.value))
    made.setWeight(weight)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def palette_of(look: Tokens) -> QPalette:
    """The palette that the tokens make."""
    role = QPalette.ColorRole
    roles = {
        role.Window: look.chrome,
        role.WindowText: look.text,
        role.Base: look.base,
        role.AlternateBase: look.well,
        role.Text: look.text,
        role.PlaceholderText: look.text3,
        role.Button: look.raised,
        role.ButtonText: look.text,
        role.BrightText: look.on_fill,
        role.ToolTipBase: look.raised,
        role.ToolTipText: look.text,
        role.Highlight: look.select,
        role.HighlightedText: look.text,
        role.Accent: look.fill,
        role.Link: look.accent,
        role.LinkVisited: look.accent,
        role.Light: look.raised,
        role.Midlight: look.hover,
        role.Mid: look.line,
        role.Dark: look.field,
        role.Shadow: look.line,
    }
    palette = QPalette()
    for which, code in roles.items():
        palette.setColor(which, colour(code))
    for which in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, colour(look.text3))
    return palette


def system_scheme() -> Scheme:
    """What the desktop asks for; where it does not say, what its own palette looks like."""
    match QGuiApplication.styleHints().colorScheme():
        case Qt.ColorScheme.Dark:
            return Scheme.DARK
        case Qt.ColorScheme.Light:
            return Scheme.LIGHT
        case _:
            window = QApplication.style().standardPalette().color(QPalette.ColorRole.Window)
            return Scheme.DARK if window.lightness() < 128 else Scheme.LIGHT


def wants_contrast() -> bool:
    """Whether the desktop asks for high contrast."""
    hints = QGuiApplication.styleHints()
    accessibility = hints.accessibility()
    return accessibility.contrastPreference() is Qt.ContrastPreference.HighContrast


class Theme(QObject):
    """Keeps the application's look right while the desktop's wishes change.

    Threads: lives in the GUI thread. Changes that come in a burst are applied once.
    """

    def __init__(self, app: QApplication, chosen: Scheme | None = None) -> None:
        super().__init__(app)
        self._app = app
        self._chosen = chosen
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.apply)
        app.styleHints().colorSchemeChanged.connect(self.on_scheme_changed)
        self.apply()

    def choose(self, scheme: Scheme | None) -> None:
        """Take a scheme for good, or follow the desktop again."""
        self._chosen = scheme
        self._soon.start()

    @Slot()
    def on_scheme_changed(self) -> None:
        """The desktop turned light or dark."""
        self._soon.start()

    @Slot()
    def apply(self) -> None:
        """Make palette and sheet anew, unless they are what they should be already."""
        look = TABLES[self._chosen or system_scheme()]
        if wants_contrast():
            look = look.contrasting()
        if look == _Look.tokens and _Look.generation:
            return
        _Look.tokens = look
        _Look.generation += 1
        self._app.setStyle("Fusion")
        self._app.setPalette(palette_of(look))
        self._app.setStyleSheet(sheet_of(look))
