"""The sheet that connects an account: paste a token, see what it may do, keep it or not.

The token lives in the field until it is kept or dropped, and is handed to the engine on a worker;
it is never shown, put into a signal, or written anywhere but the keyring.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from pilothouse.domain.errors import KeyringUnavailable, PilothouseError
from pilothouse.domain.model import Account, Identity, Platform
from pilothouse.domain.ports import Accounts
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.frame import Sheet
from pilothouse.ui.theme import Size, font
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.buttons import Button
from pilothouse.ui.widgets.labels import MEDIUM, Text
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.strip import Strip
from pilothouse.ui.words import full_moment, platform_name

WIDE = frozenset({"global", "admin", "org", "root"})
"""Scopes that may do more than deploy (Heroku: `global` is everything; Fly.io: an
organisation's own token may delete its apps)."""

ADVICE = {
    Platform.FLY: "An organisation or deploy token; narrower is better.",
    Platform.HEROKU: "An authorisation with the scopes read and write.",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What looking at a token, or keeping it, gave."""

    account: Account | None = None
    identity: Identity | None = None
    error: PilothouseError | None = None


def _add(accounts: Accounts, platform: Platform, token: str, *, keep: bool) -> Found:
    try:
        account, identity = accounts.add(platform, token, keep=keep)
    except PilothouseError as error:
        return Found(error=error)
    return Found(account, identity)


def _keep(accounts: Accounts, platform: Platform, token: str, looked_at: str) -> Found:
    """Put a token that was looked at into the keyring; without one it stays for this run."""
    accounts.remove(looked_at)
    found = _add(accounts, platform, token, keep=True)
    if isinstance(found.error, KeyringUnavailable):
        again = _add(accounts, platform, token, keep=False)
        return Found(again.account, again.identity, found.error)
    return found


def rights(identity: Identity) -> tuple[tuple[str, str], ...]:
    """What a token may do, as (caption, words)."""
    deploy = {True: "Yes", False: "No", None: "The platform does not tell"}[identity.can_deploy]
    ends = full_moment(identity.expires_at) if identity.expires_at else "It does not say"
    scopes = ", ".join(identity.scopes) or "It does not say"
    return (
        ("Speaks for", identity.user),
        ("May deploy", deploy),
        ("Rights", scopes),
        ("Ends", ends),
    )


def caution(identity: Identity) -> str:
    """What a person should know before keeping a token; empty when nothing."""
    if identity.can_deploy is False:
        return "This token can read but not deploy: its apps will be shown, and nothing more."
    if WIDE & {scope.lower() for scope in identity.scopes}:
        return "This token can do far more than deploy. A deploy token is enough."
    return ""


class ConnectSheet(Sheet):
    """Connect an account of one platform.

    Signals:
        connected: an account can be used from now on; carries its id.
    """

    connected = Signal(str)

    def __init__(self, platform: Platform, service: Face, bridge: Bridge, parent: QWidget) -> None:
        super().__init__("Connect an account", parent, size=QSize(560, 420))
        self._platform, self._service, self._bridge = platform, service, bridge
        self._found: Found | None = None
        self._busy = ""
        self._can_keep = True
        self._lay_out_head()
        self._lay_out_body()
        self.platforms.chosen.connect(self.on_platform_chosen)
        self.another.clicked.connect(self.on_another_clicked)
        self.token.textChanged.connect(self.on_text_changed)
        self.token.returnPressed.connect(self.on_token_entered)
        self.wanted.connect(self.on_wanted)
        self.rejected.connect(self.on_rejected)
        bridge.ask(service.accounts.keyring_state, self.on_keyring_told)
        self._show()
        self.token.setFocus()

    def _lay_out_head(self) -> None:
        self.say_title("Connect an account")
        self.head.addStretch(1)
        names = [(one.value, platform_name(one)) for one in Platform]
        self.platforms = Segments("Platform", names, self)
        self.platforms.choose(self._platform.value)
        self.head.addWidget(self.platforms)

    def _lay_out_body(self) -> None:
        caption = Text("Paste a token", self, weight=MEDIUM)
        self.token = QLineEdit(self)
        self.token.setEchoMode(QLineEdit.EchoMode.Password)
        self.token.setFont(font())
        self.token.setMaxLength(20_000)
        self.token.setAccessibleName("Token")
        caption.setBuddy(self.token)
        self._advice = Text(ADVICE[self._platform], self, size=Size.SMALL, ink="text2")
        self.strip = Strip("What was found", self)
        for widget in (caption, self.token, self._advice, self.strip):
            self.body.addWidget(widget)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self.body.addStretch(1)
        self.another = Button("Use another", self)
        self.body.addWidget(self.another)
        self._keyring = Text("", self, size=Size.SMALL, ink="text2").wrapping()
        self.foot.addWidget(self._keyring)

    def _show(self) -> None:
        found, busy = self._found, bool(self._busy)
        looked = found is not None and found.account is not None
        self.token.setReadOnly(looked or busy)
        self.another.setVisible(looked)
        self.platforms.setEnabled(not looked and not busy)
        self.say_missing(self._busy)
        if not looked:
            self.set_primary("Look what it may do", on=bool(self.token.text()) and not busy)
            return
        words = "Keep it" if self._can_keep else "Use it for this run"
        self.set_primary(words, on=not busy, icon="key")

    def _clear_rights(self) -> None:
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def _show_rights(self, identity: Identity) -> None:
        self._clear_rights()
        for at, (caption, words) in enumerate(rights(identity)):
            self._grid.addWidget(Text(caption, self, ink="text3"), at, 0)
            self._grid.addWidget(Text(words, self).wrapping().selectable(), at, 1)
        said = caution(identity)
        self.strip.say(Tone.WARN, Shape.WARN, said)

    def _look(self) -> None:
        self._busy = "Looking what it may do…"
        self._show()
        accounts = self._service.accounts
        call = partial(_add, accounts, self._platform, self.token.text(), keep=False)
        self._bridge.ask(call, self.on_looked, self.on_failed)

    def _keep(self, account: Account) -> None:
        self._busy = "Keeping it in the keyring…"
        self._show()
        accounts = self._service.accounts
        call = partial(_keep, accounts, self._platform, self.token.text(), account.id)
        self._bridge.ask(call, self.on_kept, self.on_failed)

    def _drop(self) -> None:
        """Forget the account that was only looked at."""
        found, self._found = self._found, None
        if found is not None and found.account is not None:
            call = partial(self._service.accounts.remove, found.account.id)
            self._bridge.ask(call)

    @Slot(str)
    def on_platform_chosen(self, key: str) -> None:
        """The token is one of the other platform."""
        self._platform = Platform(key)
        self._advice.setText(ADVICE[self._platform])
        self.token.setFocus()

    @Slot(str)
    def on_text_changed(self, _text: str) -> None:
        """There may be something to look at."""
        self.strip.say(Tone.WARN, Shape.WARN, "")
        self._show()

    @Slot()
    def on_token_entered(self) -> None:
        """Enter looks; it never keeps."""
        if self._found is None and self.primary.isEnabled():
            self._look()

    @Slot(object)
    def on_keyring_told(self, sentence: str) -> None:
        """Say where a token would be kept."""
        self._keyring.setText(sentence)
        self._can_keep = not sentence.lower().startswith("no keyring")
        self._show()

    @Slot()
    def on_wanted(self) -> None:
        """Look first; then keep, or use it for this run."""
        found = self._found
        if found is None or found.account is None:
            self._look()
        elif self._can_keep:
            self._keep(found.account)
        else:
            self._finish(found.account)

    @Slot(object)
    def on_looked(self, found: Found) -> None:
        """The platform said who it is, or refused it."""
        self._busy = ""
        if found.error is not None or found.identity is None:
            self.strip.say(Tone.BAD, Shape.BLOCK, str(found.error))
            self._found = None
        else:
            self._found = found
            self._show_rights(found.identity)
        self._show()

    @Slot(object)
    def on_kept(self, found: Found) -> None:
        """It is in the keyring, or there is none."""
        self._busy = ""
        if found.error is None and found.account is not None:
            self._finish(found.account)
            return
        self.strip.say(Tone.WARN, Shape.WARN, str(found.error))
        self._found = found if found.account is not None else None
        if isinstance(found.error, KeyringUnavailable):
            self._can_keep = False
        self._show()

    @Slot(object)
    def on_failed(self, error: Exception) -> None:
        """A defect of ours: say it, and let it be tried again."""
        self._busy = ""
        self.strip.say(Tone.BAD, Shape.BLOCK, f"That did not work: {type(error).__name__}.")
        self._show()

    def _finish(self, account: Account) -> None:
        self.token.clear()
        self._found = None
        self.connected.emit(account.id)
        self.accept()

    @Slot()
    def on_another_clicked(self) -> None:
        """Drop this one and ask again."""
        self._drop()
        self.token.clear()
        self._clear_rights()
        self._show()
        self.token.setFocus()

    @Slot()
    def on_rejected(self) -> None:
        """Nothing is kept."""
        self._drop()
        self.token.clear()
