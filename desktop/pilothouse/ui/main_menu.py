"""The menu under the three lines: the window's commands in groups."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QWidget

from pilothouse.ui.actions import Actions, Verb

GROUPS = (
    (Verb.DEPLOY, Verb.ROLL_BACK, Verb.HOLD, Verb.WATCH),
    (Verb.PALETTE, Verb.LOOK, Verb.BACK, Verb.FORWARD, Verb.FOLD),
    (Verb.CONNECT, Verb.ALERTS, Verb.SETTINGS, Verb.KEYS),
    (Verb.QUIT,),
)


def main_menu(actions: Actions, window: QWidget) -> QMenu:
    """Make the menu."""
    menu = QMenu(window)
    for at, group in enumerate(GROUPS):
        if at:
            menu.addSeparator()
        for verb in group:
            menu.addAction(actions.of(verb))
    return menu
