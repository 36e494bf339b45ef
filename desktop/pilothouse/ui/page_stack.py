"""The pages: each is made when it is first gone to, or a little before, and told what to show."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from pilothouse.ui.desk import Desk
from pilothouse.ui.memory import Memory
from pilothouse.ui.travels import Page, Place

AHEAD = (Page.APP, Page.RUN, Page.INBOX)
AHEAD_MS = 250


@runtime_checkable
class ShowsApp(Protocol):
    """A page about one app."""

    def show_app(self, place: Place) -> None:
        """Show an app, at a tab."""
        ...


@runtime_checkable
class ShowsDeployment(Protocol):
    """A page about one deployment."""

    def show_deployment(self, deployment_id: str) -> None:
        """Show a deployment."""
        ...


class PageStack(QStackedWidget):
    """One page at a time.

    Signals:
        selected: the fleet's selected app.
        try_wanted: the Welcome page's first door.
        test_notice_wanted: the Settings page's alerts.
    """

    selected = Signal(str)
    try_wanted = Signal()
    test_notice_wanted = Signal()

    def __init__(self, desk: Desk, memory: Memory, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk, self._memory = desk, memory
        self._made: dict[Page, QWidget] = {}
        self.try_sandbox = False
        self._ahead = QTimer(self)
        self._ahead.setInterval(AHEAD_MS)
        self._ahead.timeout.connect(self.on_ahead)
        desk.travels.arrived.connect(self.on_arrived)

    def page(self, page: Page) -> QWidget:
        """A page, made if need be."""
        found = self._made.get(page)
        if found is None:
            found = self._make(page)
            self._made[page] = found
            self.addWidget(found)
        return found

    def make_ahead(self) -> None:
        """Make the likeliest pages while nobody waits for them, one at a time."""
        self._ahead.start()

    @Slot()
    def on_ahead(self) -> None:
        """Make the next one."""
        likely = (*AHEAD, Page.SANDBOX) if self._desk.sandbox else AHEAD
        page = next((one for one in likely if one not in self._made), None)
        if page is None:
            self._ahead.stop()
        else:
            self.page(page)

    def _make(self, page: Page) -> QWidget:
        # Imported here so that the first paint does not wait for pages nobody sees yet.
        match page:
            case Page.APP:
                from pilothouse.ui.pages.app import AppPage

                return AppPage(self._desk, self)
            case Page.DEPLOYMENTS:
                from pilothouse.ui.pages.deployments import DeploymentsPage

                return DeploymentsPage(self._desk, self)
            case Page.INBOX:
                from pilothouse.ui.inbox import InboxPage

                return InboxPage(self._desk, self)
            case Page.RUN:
                from pilothouse.ui.run.page import RunPage

                return RunPage(self._desk, self)
            case Page.SANDBOX:
                from pilothouse.ui.practice.page import PracticePage

                return PracticePage(self._desk, self)
            case Page.FLEET | Page.SETTINGS | Page.WELCOME:
                return self._make_heard(page)

    def _make_heard(self, page: Page) -> QWidget:
        """Make a page whose signals are handed on."""
        if page is Page.FLEET:
            from pilothouse.ui.pages.fleet import FleetPage

            fleet = FleetPage(self._desk, self)
            fleet.selected.connect(self.selected)
            return fleet
        if page is Page.SETTINGS:
            from pilothouse.ui.pages.settings import SettingsPage

            settings = SettingsPage(self._desk, self._memory, self)
            settings.test_notice_wanted.connect(self.test_notice_wanted)
            return settings
        from pilothouse.ui.pages.welcome import WelcomePage

        welcome = WelcomePage(self._desk, self, can_try=self.try_sandbox)
        welcome.try_wanted.connect(self.try_wanted)
        return welcome

    @Slot(object)
    def on_arrived(self, place: Place) -> None:
        """Show a place."""
        page = self.page(place.page)
        if isinstance(page, ShowsApp):
            page.show_app(place)
        elif isinstance(page, ShowsDeployment):
            page.show_deployment(place.deployment_id)
        self.setCurrentWidget(page)
