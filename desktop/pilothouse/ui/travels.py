"""Where the window is, and the way back and forward through where it was.

A place is data, so that every link, row and notice leads through the same door.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QObject, Signal, Slot

LONGEST = 200


class Page(StrEnum):
    """Every page there is."""

    WELCOME = "welcome"
    FLEET = "fleet"
    INBOX = "inbox"
    DEPLOYMENTS = "deployments"
    APP = "app"
    RUN = "run"
    SETTINGS = "settings"
    SANDBOX = "sandbox"


class Tab(StrEnum):
    """The tabs of an app's page."""

    RELEASES = "releases"
    DEPLOYMENTS = "deployments"


@dataclass(frozen=True, slots=True)
class Place:
    """A page, with the app, tab or deployment that it shows."""

    page: Page
    app_id: str = ""
    tab: Tab = Tab.RELEASES
    deployment_id: str = ""


class Travels(QObject):
    """The history of places; going to where one is changes nothing.

    Signals:
        arrived: the place to show now.
    """

    arrived = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._trail: list[Place] = []
        self._at = -1

    @property
    def here(self) -> Place | None:
        """Where the window is."""
        return self._trail[self._at] if self._trail else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is something behind."""
        return self._at > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is something ahead."""
        return self._at + 1 < len(self._trail)

    def go(self, place: Place) -> None:
        """Go somewhere; what was ahead is forgotten."""
        if place == self.here:
            return
        self._trail = [*self._trail[: self._at + 1], place][-LONGEST:]
        self._at = len(self._trail) - 1
        self.arrived.emit(place)

    def replace(self, place: Place) -> None:
        """Say the same place better, as after the change of a tab."""
        if self._trail and place != self.here:
            self._trail[self._at] = place
            self.arrived.emit(place)

    @Slot()
    def back(self) -> None:
        """One place back."""
        if self.can_go_back:
            self._at -= 1
            self.arrived.emit(self._trail[self._at])

    @Slot()
    def forward(self) -> None:
        """One place forward."""
        if self.can_go_forward:
            self._at += 1
            self.arrived.emit(self._trail[self._at])
