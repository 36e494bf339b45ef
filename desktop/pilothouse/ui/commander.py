"""What the commands do: to where they lead, and to which app they are done.

The app in question is the fleet's selected line, or the app or run whose page is shown. A command
that has nothing to act on is off.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from pilothouse.engine.views import AppView
from pilothouse.ui.actions import Verb
from pilothouse.ui.desk import Desk
from pilothouse.ui.models.fleet_rows import row_of
from pilothouse.ui.travels import Page, Place

NEED_APP = (Verb.OPEN, Verb.DEPLOY, Verb.ROLL_BACK, Verb.HOLD, Verb.COPY)


class Commander(QObject):
    """Connects commands to their effects.

    Signals:
        copied: one plain line went to the clipboard.
    """

    copied = Signal(str)

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._selected = ""
        of = desk.actions.of
        of(Verb.FLEET).triggered.connect(self.on_fleet)
        of(Verb.INBOX).triggered.connect(self.on_inbox)
        of(Verb.DEPLOYMENTS).triggered.connect(self.on_deployments)
        of(Verb.SANDBOX).triggered.connect(self.on_sandbox)
        of(Verb.SETTINGS).triggered.connect(self.on_settings)
        of(Verb.ALERTS).triggered.connect(self.on_settings)
        of(Verb.KEYS).triggered.connect(self.on_settings)
        of(Verb.BACK).triggered.connect(desk.travels.back)
        of(Verb.FORWARD).triggered.connect(desk.travels.forward)
        of(Verb.LOOK).triggered.connect(desk.outlook.look)
        of(Verb.OPEN).triggered.connect(self.on_open)
        of(Verb.DEPLOY).triggered.connect(self.on_deploy)
        of(Verb.ROLL_BACK).triggered.connect(self.on_roll_back)
        of(Verb.HOLD).triggered.connect(self.on_hold)
        of(Verb.WATCH).triggered.connect(self.on_watch)
        of(Verb.COPY).triggered.connect(self.on_copy)
        of(Verb.CONNECT).triggered.connect(self.on_connect)
        desk.travels.arrived.connect(self.on_arrived)
        desk.outlook.changed.connect(self.on_changed)
        self.on_changed()

    @property
    def app_id(self) -> str:
        """The app that a command would act on; empty without one."""
        here = self._desk.travels.here
        if here is not None and here.page is Page.APP:
            return here.app_id
        if here is not None and here.page is Page.RUN:
            return self._app_of_run(here.deployment_id)
        return self._selected if here is None or here.page is Page.FLEET else ""

    @property
    def view(self) -> AppView | None:
        """The same, as a view."""
        return self._desk.outlook.view(self.app_id) if self.app_id else None

    def _app_of_run(self, deployment_id: str) -> str:
        for view in self._desk.outlook.views:
            if view.last is not None and view.last.id == deployment_id:
                return view.app.id
        return ""

    @Slot(str)
    def on_selected(self, app_id: str) -> None:
        """Another line of the fleet is the selected one."""
        self._selected = app_id
        self.on_changed()

    @Slot(object)
    def on_arrived(self, _place: Place) -> None:
        """Another page is shown."""
        self.on_changed()

    @Slot()
    @Slot(object)
    def on_changed(self, _ids: object = None) -> None:
        """Switch commands on and off."""
        of, view, travels = self._desk.actions.of, self.view, self._desk.travels
        for verb in NEED_APP:
            of(verb).setEnabled(view is not None)
        live = view is not None and view.last is not None
        running = (
            view is not None and view.last is not None and not (view.last.progress.state.is_ended)
        )
        of(Verb.WATCH).setEnabled(live and running)
        held = view is not None and view.hold_reason is not None
        of(Verb.HOLD).setText(self.tr("Release hold…") if held else self.tr("Hold…"))
        of(Verb.BACK).setEnabled(travels.can_go_back)
        of(Verb.FORWARD).setEnabled(travels.can_go_forward)

    @Slot()
    def on_fleet(self) -> None:
        """Go to the fleet."""
        self._desk.travels.go(Place(Page.FLEET))

    @Slot()
    def on_inbox(self) -> None:
        """Go to the inbox."""
        self._desk.travels.go(Place(Page.INBOX))

    @Slot()
    def on_deployments(self) -> None:
        """Go to the journal."""
        self._desk.travels.go(Place(Page.DEPLOYMENTS))

    @Slot()
    def on_sandbox(self) -> None:
        """Go to the sandbox."""
        self._desk.travels.go(Place(Page.SANDBOX))

    @Slot()
    def on_settings(self) -> None:
        """Go to the settings, where all keys are listed as well."""
        self._desk.travels.go(Place(Page.SETTINGS))

    @Slot()
    def on_open(self) -> None:
        """Open the app's page."""
        if self.app_id:
            self._desk.travels.go(Place(Page.APP, self.app_id))

    @Slot()
    def on_deploy(self) -> None:
        """Open the deploy sheet."""
        if self.view is not None:
            self._desk.sheets.deploy(self.view, self._window)

    @Slot()
    def on_roll_back(self) -> None:
        """Open the roll back sheet."""
        if self.view is not None:
            self._desk.sheets.roll_back(self.view, self._window)

    @Slot()
    def on_hold(self) -> None:
        """Open the sheet that holds or releases."""
        if self.view is not None:
            self._desk.sheets.hold_or_release(self.view, self._window)

    @Slot()
    def on_connect(self) -> None:
        """Open the sheet that adds an account."""
        self._desk.sheets.connect_account(self._window)

    @Slot()
    def on_watch(self) -> None:
        """Show the run that goes on."""
        view = self.view
        if view is not None and view.last is not None:
            self._desk.travels.go(Place(Page.RUN, deployment_id=view.last.id))

    @Slot()
    def on_copy(self) -> None:
        """Copy the app's line as plain words."""
        view, outlook = self.view, self._desk.outlook
        if view is None:
            return
        line = row_of(view, outlook.health.of(view.app.id, outlook.now), outlook.now).spoken
        QGuiApplication.clipboard().setText(line)
        self.copied.emit(line)
