"""The head of an app's page: name, account, address, what is live and how that is known."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from pilothouse.domain.model import Live, Platform
from pilothouse.domain.news import Reach
from pilothouse.engine.views import AppView
from pilothouse.ui import words
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.fleet_rows import back_word, share_done
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, tokens
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.buttons import Button, Kind, LinkButton
from pilothouse.ui.widgets.chips import Chip
from pilothouse.ui.widgets.hatch import paint_hatch
from pilothouse.ui.widgets.labels import BOLD, ShapeView, StateLabel, Text
from pilothouse.ui.widgets.strip import Strip
from pilothouse.ui.words import translate

MARGIN = 16


def live_sentence(view: AppView) -> str:
    """What is live, on how many of how many."""
    live = view.live
    version = words.version(view.release.version if view.release else None)
    if live is None or not live.instances:
        return version if view.release else ""
    noun = instances_word(view.app.platform)
    on = sum(one.release in {None, _current(live)} and one.serving for one in live.instances)
    said = translate("App", "{version} on {on} of {count} {noun}")
    return said.format(version=version, on=on, count=len(live.instances), noun=noun)


def _current(live: Live) -> int | None:
    return live.release.version if live.release else None


def instances_word(platform: Platform) -> str:
    """What a platform calls its instances."""
    if platform is Platform.FLY:
        return translate("App", "machines")
    return translate("App", "dynos")


def known_sentence(view: AppView, age_s: float | None) -> str:
    """How it is known, and how long ago."""
    if age_s is None:
        return translate("App", "not seen yet")
    if view.reach is not Reach.SEEN:
        said = translate("App", "last seen {ago}; no answer since")
        return said.format(ago=words.ago(age_s))
    if view.live is not None and view.live.disagreement:
        return translate("App", "known {ago}").format(ago=words.ago(age_s))
    said = translate("App", "known {ago}: platform and {noun} agree")
    return said.format(ago=words.ago(age_s), noun=instances_word(view.app.platform))


class AppHeader(QWidget):
    """The head; its buttons are the window's own commands."""

    def __init__(self, desk: Desk, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = desk
        self._address = ""
        self._hatched = False
        self.name = Text(parent=self, size=Size.TITLE, weight=BOLD)
        self.account = Chip(parent=self)
        self.production = Chip(self.tr("Production"), self, icon="shield")
        self.address = LinkButton("", self, icon="outside")
        self.roll_back = Button(self.tr("Roll back…"), self, icon="back")
        self.deploy = Button(self.tr("Deploy…"), self, kind=Kind.PRIMARY, icon="deploy")
        self.state = StateLabel(self)
        self.live = Text(parent=self, ink="text2")
        self.known = Text(parent=self, ink="text3")
        self.known.setMinimumWidth(0)
        self.known.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.back_shape = ShapeView(self, size=14)
        self.back = Text(parent=self, ink="text2")
        self.strip = Strip(self.tr("What is special"), self)
        self.release_hold = Button(self.tr("Release hold…"), self.strip, small=True)
        self.strip.add_button(self.release_hold)
        self._lay_out()
        of = desk.actions.of
        self.deploy.clicked.connect(of(Verb.DEPLOY).trigger)
        self.roll_back.clicked.connect(of(Verb.ROLL_BACK).trigger)
        self.release_hold.clicked.connect(of(Verb.HOLD).trigger)
        self.address.clicked.connect(self.on_address_clicked)

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setContentsMargins(MARGIN, 14, MARGIN, 0)
        first.setSpacing(12)
        for widget in (self.name, self.account, self.production, self.address):
            first.addWidget(widget)
        first.addStretch(1)
        first.addWidget(self.roll_back)
        first.addWidget(self.deploy)
        second = QHBoxLayout()
        second.setContentsMargins(MARGIN, 2, MARGIN, 8)
        second.setSpacing(16)
        second.addWidget(self.state)
        second.addWidget(self.live)
        second.addWidget(self.known, 1)
        back = QHBoxLayout()
        back.setSpacing(6)
        back.addWidget(self.back_shape)
        back.addWidget(self.back)
        second.addLayout(back)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(first)
        whole.addLayout(second)
        whole.addWidget(self.strip)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Hatch the head of an app that is not real."""
        if self._hatched:
            painter = QPainter(self)
            paint_hatch(painter, self.rect().toRectF(), tokens().hair)
            painter.end()

    def show_view(self, view: AppView) -> None:
        """Show an app."""
        self._hatched = view.account.is_sandbox
        self.name.setText(view.app.name)
        self.account.show_account(view.account)
        self.production.setVisible(view.production)
        self._address = view.app.addresses[0] if view.app.addresses else ""
        self.address.setText(self._address.removeprefix("https://").removeprefix("http://"))
        self.address.setVisible(bool(self._address))
        self.address.updateGeometry()
        state = words.app_state(view.state)
        self.state.show_state(state, share_done(view.last))
        self.live.setText(live_sentence(view))
        self.known.setText(known_sentence(view, self._desk.outlook.age_s(view.seen_at)))
        back = back_word(view, self._desk.outlook.now)
        self.back_shape.show_shape(back.shape, "")
        self.back.setText(self.tr("Way back: {back}").format(back=back.word))
        self._say_special(view)

    def _say_special(self, view: AppView) -> None:
        strip, live = self.strip, view.live
        if view.reach is Reach.REFUSED:
            strip.say(Tone.BAD, Shape.BLOCK, view.reach_reason)
        elif live is not None and live.disagreement:
            strip.say(Tone.UNK, Shape.UNKNOWN, live.disagreement)
        elif view.hold_reason is not None:
            said = self.tr("Held: {reason}").format(reason=view.hold_reason)
            strip.say(Tone.WARN, Shape.HELD, said)
        elif view.reach is Reach.SILENT:
            strip.say(Tone.UNK, Shape.BLIND, view.reach_reason)
        elif view.locked_by is not None:
            said = self.tr("{who} acts on it.").format(who=view.locked_by)
            strip.say(Tone.IDLE, Shape.LOCKED, said)
        else:
            strip.say(Tone.IDLE, Shape.NOT_WATCHED, "")
        self.release_hold.setVisible(view.hold_reason is not None)

    @Slot()
    def on_address_clicked(self) -> None:
        """Open the address in the person's own browser."""
        QDesktopServices.openUrl(QUrl(self._address))
