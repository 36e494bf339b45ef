"""What every page, sheet and the tray share: the bridge, the outlook, the travels, the actions.

A page is made as `SomePage(desk, parent)`. Sheets are opened through `Sheets`, so that a page
names what it wants and not who shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtWidgets import QWidget

from pilothouse.domain.model import Platform
from pilothouse.engine.views import AppView
from pilothouse.ui.actions import Actions
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.outlook import Outlook
from pilothouse.ui.travels import Travels


class Sheets(Protocol):
    """Opens the sheets over a window; one at a time, never modal by execution."""

    def deploy(self, view: AppView, window: QWidget) -> None:
        """Deploy something to an app."""
        ...

    def roll_back(self, view: AppView, window: QWidget, *, version: int | None = None) -> None:
        """Go back, to a chosen release where one is given."""
        ...

    def hold_or_release(self, view: AppView, window: QWidget) -> None:
        """Hold an app, or release it when it is held."""
        ...

    def connect_account(self, window: QWidget, *, platform: Platform | None = None) -> None:
        """Add an account."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The shared things of one window."""

    bridge: Bridge
    outlook: Outlook
    travels: Travels
    actions: Actions
    sheets: Sheets
    sandbox: bool = False
