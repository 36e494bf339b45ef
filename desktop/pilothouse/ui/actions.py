"""Every command of the person, once: menus, buttons, keys and the palette all trigger the same.

Keys with a modifier belong to the window. Single letters do not: a table offers them while it has
the focus, by the table `LETTERS`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from pilothouse.ui import icons


class Verb(StrEnum):
    """The commands."""

    FLEET = "fleet"
    INBOX = "inbox"
    DEPLOYMENTS = "deployments"
    SANDBOX = "sandbox"
    SETTINGS = "settings"
    BACK = "back"
    FORWARD = "forward"
    PALETTE = "palette"
    FILTER = "filter"
    LOOK = "look"
    FOLD = "fold"
    NEXT_REGION = "next_region"
    PREVIOUS_REGION = "previous_region"
    OPEN = "open"
    DEPLOY = "deploy"
    ROLL_BACK = "roll_back"
    HOLD = "hold"
    WATCH = "watch"
    COPY = "copy"
    CONNECT = "connect"
    ALERTS = "alerts"
    KEYS = "keys"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Command:
    """How a command is called, drawn and reached."""

    text: str
    icon: str = ""
    keys: tuple[str, ...] = ()
    letter: str = ""


def _commands(owner: QObject) -> dict[Verb, Command]:
    """All commands; texts are literals so that translators find them."""
    return {
        Verb.FLEET: Command(owner.tr("Fleet"), "list", ("Ctrl+1",)),
        Verb.INBOX: Command(owner.tr("Inbox"), "tray", ("Ctrl+2",)),
        Verb.DEPLOYMENTS: Command(owner.tr("Deployments"), "upline", ("Ctrl+3",)),
        Verb.SANDBOX: Command(owner.tr("Sandbox"), "flask", ("Ctrl+5",)),
        Verb.SETTINGS: Command(owner.tr("Settings"), "gear", ("Ctrl+,",)),
        Verb.BACK: Command(owner.tr("Back"), "left", ("Alt+Left",)),
        Verb.FORWARD: Command(owner.tr("Forward"), "right", ("Alt+Right",)),
        Verb.PALETTE: Command(owner.tr("Go to or do…"), "search", ("Ctrl+K",)),
        Verb.FILTER: Command(owner.tr("Filter"), "search", letter="/"),
        Verb.LOOK: Command(owner.tr("Look now"), "refresh", ("F5",)),
        Verb.FOLD: Command(owner.tr("Fold the sidebar"), "menu", ("Ctrl+B",)),
        Verb.NEXT_REGION: Command(owner.tr("Next region"), "", ("F6",)),
        Verb.PREVIOUS_REGION: Command(owner.tr("Previous region"), "", ("Shift+F6",)),
        Verb.OPEN: Command(owner.tr("Open app"), "right"),
        Verb.DEPLOY: Command(owner.tr("Deploy…"), "deploy", letter="D"),
        Verb.ROLL_BACK: Command(owner.tr("Roll back…"), "back", letter="R"),
        Verb.HOLD: Command(owner.tr("Hold or release…"), "pause", letter="L"),
        Verb.WATCH: Command(owner.tr("Watch deployment"), "upline"),
        Verb.COPY: Command(owner.tr("Copy as one line"), "copy"),
        Verb.CONNECT: Command(owner.tr("Connect account…"), "plus"),
        Verb.ALERTS: Command(owner.tr("Alert settings"), "bell"),
        Verb.KEYS: Command(owner.tr("All keys"), "", letter="?"),
        Verb.QUIT: Command(owner.tr("Quit Pilothouse…"), "", ("Ctrl+Q",)),
    }


class Actions(QObject):
    """The window's `QAction`s, added to it so that their keys work anywhere inside."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.commands = _commands(self)
        self._made: dict[Verb, QAction] = {}
        for verb, command in self.commands.items():
            action = QAction(command.text, self)
            action.setObjectName(verb.value)
            action.setShortcuts([QKeySequence(keys) for keys in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._made[verb] = action
            window.addAction(action)
        self.letters_on = True
        self.tint()

    def of(self, verb: Verb) -> QAction:
        """One command."""
        return self._made[verb]

    def by_letter(self, letter: str) -> QAction | None:
        """The command that a single letter stands for in a table, while letters are on."""
        if not self.letters_on:
            return None
        for verb, command in self.commands.items():
            if command.letter and command.letter == letter.upper():
                return self._made[verb]
        return None

    def tint(self) -> None:
        """Draw the icons again for the look in force."""
        for verb, command in self.commands.items():
            if command.icon:
                self._made[verb].setIcon(icons.icon(command.icon))
