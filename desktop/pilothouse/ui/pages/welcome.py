"""Two doors: the sandbox first, then the person's own apps. Nothing is read unless asked for."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Signal, Slot
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.model import AppState, Platform
from pilothouse.ui import glyph, icons, shapes, words
from pilothouse.ui.desk import Desk
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.views.row_delegate import draw
from pilothouse.ui.widgets.buttons import Button, Kind, paint_plate
from pilothouse.ui.widgets.chips import LETTERS, LetterMark
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.widgets.health import Bar, paint_bars
from pilothouse.ui.widgets.labels import BOLD, MEDIUM, Text
from pilothouse.ui.widgets.surface import Rule, Surface
from pilothouse.ui.words import StateWord

WIDTH = 928
DOOR_HEIGHT = 362


class _Glyph(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(48, 48)
        self.setAccessibleName("Pilothouse")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the glyph."""
        painter = QPainter(self)
        glyph.paint_app_glyph(painter, self.rect().toRectF())
        painter.end()


class _Icon(QWidget):
    def __init__(self, sign: str | Shape, parent: QWidget) -> None:
        super().__init__(parent)
        self._sign = sign
        self.setFixedSize(16, 16)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the sign; the words beside it say what it means."""
        painter = QPainter(self)
        box = self.rect().toRectF()
        if isinstance(self._sign, Shape):
            shapes.paint(painter, self._sign, box)
        else:
            icons.paint(painter, self._sign, box)
        painter.end()


class _Preview(QWidget):
    """A small made-up fleet on the sandbox's hatch."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("What the fleet looks like"))
        rolled = StateWord(Shape.ROLLED_BACK, self.tr("Rolled back"), Tone.WARN)
        served, lost = (Bar.SERVED,) * 24, (Bar.SERVED,) * 17
        self._lines = (
            (words.app_state(AppState.SERVING), "practice-web", "v12", served),
            (words.app_state(AppState.DEPLOYING), "practice-api", "v8", served),
            (rolled, "practice-jobs", "v31",
             (*lost, Bar.SOME_LOST, Bar.DOWN, Bar.DOWN, *lost[:4])),
            (words.app_state(AppState.UNKNOWN), "practice-mail", "v4",
             (*served[:21], *(Bar.NOT_SEEN,) * 3)),
        )  # fmt: skip

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint hatch, plate and lines."""
        look = tokens()
        painter = QPainter(self)
        paint_hatch(painter, self.rect().toRectF().adjusted(1, 1, -1, 0), look.line)
        plate = self.rect().toRectF().adjusted(20, 20, -20, -20)
        paint_plate(painter, plate, look.base, look.line)
        height = plate.height() / len(self._lines)
        for at, (state, name, version, bars) in enumerate(self._lines):
            top = plate.top() + at * height
            middle = top + height / 2
            if at:
                painter.fillRect(
                    QRectF(plate.left() + 1, top, plate.width() - 2, 1), colour(look.hair)
                )
            mark = QRectF(plate.left() + 13, middle - 7, 14, 14)
            shapes.paint(painter, state.shape, mark, progress=0.6)
            line = QRectF(plate.left() + 35, top, 88, height)
            quiet = state.tone is Tone.GOOD
            draw(painter, line, state.word, look.text2 if quiet else look.ink(state.tone))
            bold = font(weight=QFont.Weight.DemiBold)
            draw(painter, line.translated(90, 0).adjusted(0, 0, 30, 0), name, look.text, bold)
            draw(painter, line.translated(210, 0), version, look.text2)
            paint_bars(painter, bars, plate.right() - 108, round(middle) + 8)
        painter.end()


class _Door(QFrame):
    """A card with a hairline around it."""

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumHeight(DOOR_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the card."""
        look = tokens()
        painter = QPainter(self)
        paint_plate(painter, self.rect().toRectF(), look.base, look.line, 8)
        painter.end()


class WelcomePage(Surface):
    """The page.

    Signals:
        try_wanted: the person wants the sandbox.
    """

    try_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None, *, can_try: bool = True) -> None:
        super().__init__("base", parent)
        self._desk = desk
        self.setAccessibleName("")
        self.try_button = Button(self.tr("Try the sandbox"), self, kind=Kind.PRIMARY, icon="flask")
        self.try_button.setVisible(can_try)
        self.keyring = Text(parent=self, weight=MEDIUM).wrapping()
        inner = QWidget(self)
        inner.setMaximumWidth(WIDTH)
        inner.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(24)
        column.addLayout(self._head(inner))
        doors = QHBoxLayout()
        doors.setSpacing(16)
        doors.addWidget(self._sandbox_door(inner), 1)
        doors.addWidget(self._connect_door(inner), 1)
        column.addLayout(doors)
        column.addWidget(Rule(inner))
        column.addLayout(self._promises(inner))
        whole = QHBoxLayout(self)
        whole.setContentsMargins(24, 24, 24, 24)
        whole.addStretch(1)
        whole.addWidget(inner, 12)
        whole.addStretch(1)
        self.setFocusProxy(self.try_button)
        self.try_button.clicked.connect(self.on_try_clicked)
        desk.outlook.accounts_changed.connect(self.on_changed)
        self.on_changed()

    def _head(self, parent: QWidget) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(_Glyph(parent))
        texts = QVBoxLayout()
        texts.setSpacing(2)
        title = self.tr("Welcome to Pilothouse")
        texts.addWidget(Text(title, parent, size=Size.NUMBER, weight=BOLD))
        said = self.tr("See what is really live, deploy with guards, go back in seconds, "
                       "hear of every failure.")  # fmt: skip
        texts.addWidget(Text(said, parent, ink="text2"))
        head.addLayout(texts, 1)
        return head

    def _sandbox_door(self, parent: QWidget) -> QWidget:
        door = _Door(self.tr("The sandbox"), parent)
        column = QVBoxLayout(door)
        column.setContentsMargins(0, 0, 0, 20)
        column.setSpacing(0)
        column.addWidget(_Preview(door))
        column.addWidget(Rule(door))
        inner = QVBoxLayout()
        inner.setContentsMargins(20, 16, 20, 0)
        inner.setSpacing(8)
        title = self.tr("Try the sandbox")
        inner.addWidget(Text(title, door, size=Size.HEADING, weight=BOLD))
        said = self.tr(
            "A sandbox on this computer. Deploy, break things on purpose and watch them go back. "
            "No account, no token, nothing leaves this machine."
        )
        inner.addWidget(Text(said, door, ink="text2").wrapping())
        inner.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.try_button)
        row.addWidget(Text(self.tr("ready in about 2 seconds"), door, ink="text3"))
        row.addStretch(1)
        inner.addLayout(row)
        column.addLayout(inner, 1)
        return door

    def _connect_door(self, parent: QWidget) -> QWidget:
        door = _Door(self.tr("Your own apps"), parent)
        column = QVBoxLayout(door)
        column.setContentsMargins(0, 20, 0, 20)
        column.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(20, 0, 20, 16)
        head.setSpacing(6)
        title = self.tr("Connect your apps")
        head.addWidget(Text(title, door, size=Size.HEADING, weight=BOLD))
        said = self.tr("Pilothouse looks first and changes nothing. You see what a token may do "
                       "before it is kept.")  # fmt: skip
        head.addWidget(Text(said, door, ink="text2").wrapping())
        column.addLayout(head)
        column.addWidget(Rule(door))
        fly = self.tr("An organisation or deploy token; narrower is better.")
        heroku = self.tr("An authorisation with the scopes read and write.")
        column.addLayout(self._way(Platform.FLY, self.tr("Fly.io with a token"), fly, door))
        column.addWidget(Rule(door))
        column.addLayout(self._way(Platform.HEROKU, self.tr("Heroku with a token"), heroku, door))
        column.addWidget(Rule(door))
        column.addStretch(1)
        more = self.tr("More accounts can follow at any time. Each app remembers the account it "
                       "belongs to.")  # fmt: skip
        foot = QHBoxLayout()
        foot.setContentsMargins(20, 12, 20, 0)
        foot.addWidget(Text(more, door, ink="text2").wrapping())
        column.addLayout(foot)
        return door

    def _way(self, platform: Platform, title: str, said: str, door: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(16, 8, 16, 8)
        row.setSpacing(12)
        row.addWidget(LetterMark(LETTERS[platform], words.platform_name(platform), door))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(Text(title, door, weight=MEDIUM))
        texts.addWidget(Text(said, door, size=Size.CAPTION, ink="text2"))
        row.addLayout(texts, 1)
        connect = Button(self.tr("Connect…"), door, small=True)
        connect.setAccessibleName(self.tr("Connect {title}…").format(title=title))
        fly = platform is Platform.FLY
        connect.clicked.connect(self.on_fly_clicked if fly else self.on_heroku_clicked)
        row.addWidget(connect)
        return row

    def _promises(self, parent: QWidget) -> QGridLayout:
        back = Text(self.tr("The way back comes first"), parent, weight=MEDIUM)
        hear = Text(self.tr("You will hear of failures"), parent, weight=MEDIUM)
        lines: tuple[tuple[str | Shape, Text, str], ...] = (
            (Shape.PASSES, self.keyring, self.tr(
                "Tokens live there and nowhere else: not in a file, a log, an error or a "
                "command line.")),
            ("back", back, self.tr(
                "No deployment starts before the way back was checked and timed.")),
            ("bell", hear, self.tr("On the desktop, in the tray and here. Success is quiet.")),
        )  # fmt: skip
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(2)
        for at, (sign, title, said) in enumerate(lines):
            grid.addWidget(_Icon(sign, parent), 0, at * 2)
            grid.addWidget(title, 0, at * 2 + 1)
            small = Text(said, parent, size=Size.SMALL, ink="text2").wrapping()
            grid.addWidget(small, 1, at * 2 + 1)
            grid.setColumnStretch(at * 2 + 1, 1)
        return grid

    @Slot()
    def on_changed(self) -> None:
        """The keyring was looked at."""
        said = self.tr("Tokens are kept in the keyring")
        self.keyring.setText(self._desk.outlook.keyring.rstrip(".") or said)

    @Slot()
    def on_try_clicked(self) -> None:
        """Ask for the sandbox, once."""
        self.try_button.setEnabled(False)
        self.try_wanted.emit()

    @Slot()
    def on_fly_clicked(self) -> None:
        """Connect Fly.io."""
        self._desk.sheets.connect_account(self.window(), platform=Platform.FLY)

    @Slot()
    def on_heroku_clicked(self) -> None:
        """Connect Heroku."""
        self._desk.sheets.connect_account(self.window(), platform=Platform.HEROKU)

    def sizeHint(self) -> QSize:
        """As drawn."""
        return QSize(1064, 700)
