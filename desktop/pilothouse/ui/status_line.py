"""The status line: one segment an account, then the sandbox, then alerts; each explains itself."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from pilothouse.domain.news import Reach
from pilothouse.ui import icons, shapes, words
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.practice.sentences import status_sentence
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.theme import Size, colour, font, tokens
from pilothouse.ui.widgets.chips import title_of
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.widgets.surface import Surface

HEIGHT = 28


class Segment(QToolButton):
    """A flat button of the status line."""

    def __init__(self, parent: QWidget, *, sign: str | Shape = "", hatched: bool = False) -> None:
        super().__init__(parent)
        self._sign, self._hatched, self._loud = sign, hatched, False
        self.setFont(font(Size.SMALL))
        self.setFixedHeight(HEIGHT - 1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def say(self, text: str, *, sign: str | Shape | None = None, loud: bool = False) -> None:
        """Change the words, the sign and whether they ask to be looked at."""
        if sign is not None:
            self._sign = sign
        self._loud = loud
        if text != self.text():
            self.setText(text)
            self.setAccessibleName(text)
            self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for sign and words."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self.text()) + 48, HEIGHT - 1)

    def minimumSizeHint(self) -> QSize:
        """The sign, and the beginning of the words."""
        return QSize(72, HEIGHT - 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint sign and words, and the hairline to the next segment."""
        look = tokens()
        painter = QPainter(self)
        box = self.rect().toRectF()
        if self._hatched:
            paint_hatch(painter, box, look.line)
            width = QFontMetrics(self.font()).horizontalAdvance(self.text()) + 30
            painter.fillRect(QRectF(10, 3, width, box.height() - 6), colour(look.chrome))
        if self.underMouse():
            painter.fillRect(box, colour(look.hover))
        sign = QRectF(14, (box.height() - 13) / 2, 13, 13)
        if isinstance(self._sign, Shape):
            shapes.paint(painter, self._sign, sign)
        elif self._sign:
            icons.paint(painter, self._sign, sign)
        painter.setFont(self.font())
        painter.setPen(colour(look.unk if self._loud else look.text2))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        room = self.rect().adjusted(34, 0, -8, 0)
        elide = Qt.TextElideMode.ElideRight
        shown = QFontMetrics(self.font()).elidedText(self.text(), elide, room.width())
        painter.drawText(room, align, shown)
        painter.setPen(QPen(colour(look.line), 1))
        painter.drawLine(self.rect().topRight(), self.rect().bottomRight())
        painter.end()


class StatusLine(Surface):
    """The line; says what failed, too, until something else is said.

    Signals:
        alerts_wanted: the alerts segment was pressed.
    """

    alerts_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__("chrome", parent, edges=frozenset({Qt.Edge.TopEdge}), hatched=desk.sandbox)
        self._desk = desk
        self._segments: dict[str, Segment] = {}
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(self.tr("Status"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 1, 0, 0)
        self._row.setSpacing(0)
        self.trouble = Segment(self, sign=Shape.WARN)
        self.trouble.hide()
        self.nothing = Segment(self, sign="globe", hatched=desk.sandbox)
        self.sandbox = Segment(self, sign="flask", hatched=True)
        self.alerts = Segment(self, sign="bell", hatched=desk.sandbox)
        self.alerts.say(self.tr("Alerts"))
        self._row.addWidget(self.nothing)
        self._row.addWidget(self.trouble)
        self._row.addStretch(1)
        self._row.addWidget(self.sandbox)
        self._row.addWidget(self.alerts)
        self.alerts.clicked.connect(self.alerts_wanted)
        self.trouble.clicked.connect(self.trouble.hide)
        self.sandbox.clicked.connect(desk.actions.of(Verb.SANDBOX).trigger)
        desk.outlook.practice.changed.connect(self.on_changed)
        outlook = desk.outlook
        for signal in (outlook.accounts_changed, outlook.ticked):
            signal.connect(self.on_changed)
        outlook.changed.connect(self.on_changed)
        self.on_changed()

    def say_trouble(self, sentence: str) -> None:
        """Say what did not work; a press takes it away."""
        self.trouble.say(sentence, loud=False)
        self.trouble.setToolTip(sentence)
        self.trouble.show()

    @Slot()
    @Slot(object)
    def on_changed(self, _ids: object = None) -> None:
        """Say ages anew; make and drop segments as accounts come and go."""
        outlook = self._desk.outlook
        sights = {
            one.account.id: one
            for one in outlook.sights
            if self._desk.sandbox or not one.account.is_sandbox
        }
        for gone in self._segments.keys() - sights.keys():
            self._segments.pop(gone).deleteLater()
        for at, (key, sight) in enumerate(sights.items()):
            if key not in self._segments:
                segment = Segment(self, hatched=self._desk.sandbox)
                segment.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
                segment.setMenu(self._menu_of(segment))
                self._segments[key] = segment
                self._row.insertWidget(at, segment)
            self._say_sight(self._segments[key], sight)
        self.nothing.setVisible(not sights)
        asked = self.tr("Nothing was asked over the network yet")
        self.nothing.say(asked if outlook.loaded else self.tr("Reading what is known…"))
        self._say_sandbox()

    def _menu_of(self, segment: Segment) -> QMenu:
        menu = QMenu(segment)
        menu.addAction(self._desk.actions.of(Verb.LOOK))
        menu.addAction(self._desk.actions.of(Verb.SETTINGS))
        return menu

    def _say_sight(self, segment: Segment, sight: AccountSight) -> None:
        outlook, name = self._desk.outlook, title_of(sight.account)
        age = outlook.age_s(sight.at)
        if sight.reach is Reach.SEEN:
            said = self.tr("{account}, seen {ago}") if age is not None else self.tr("{account}")
            text = said.format(account=name, ago=words.ago(age or 0))
            segment.say(text, sign=Shape.SERVING)
        elif sight.reach is Reach.REFUSED:
            text = self.tr("{account} refuses the token").format(account=name)
            segment.say(text, sign=Shape.BLOCK, loud=True)
        else:
            since = sight.since
            when = words.clock_time(since) if since else self.tr("the start")
            length = words.age(outlook.age_s(since) or 0)
            said = self.tr("{account}, no answer since {when} ({age})")
            text = said.format(account=name, when=when, age=length)
            segment.say(text, sign=Shape.BLIND, loud=True)
        segment.setToolTip(sight.reason or segment.text())

    def _say_sandbox(self) -> None:
        count = sum(view.account.is_sandbox for view in self._desk.outlook.views)
        if self._desk.sandbox:
            text = status_sentence(self._desk.outlook.practice.about)
        elif count == 1:
            text = self.tr("Sandbox on: 1 app that is not real")
        else:
            text = self.tr("Sandbox on: {count} apps that are not real").format(count=count)
        self.sandbox.say(text)
        self.sandbox.setVisible(self._desk.sandbox or count > 0)
