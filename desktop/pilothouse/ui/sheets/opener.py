"""Opens the sheets for pages, tray and palette: one at a time, and where they lead afterwards.

A sheet's module is loaded when it is first needed, so that the first paint does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from pilothouse.domain.model import Platform
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.face import Face
from pilothouse.ui.travels import Page, Place, Travels

if TYPE_CHECKING:
    from pilothouse.ui.sheets.frame import Sheet


class SheetOpener(QObject):
    """Knows which sheet is open.

    Args:
        face: gives the engine, or None while it is being made: then nothing opens.
        by: who acts, as the journal will say.

    Signals:
        connected: an account was connected; carries its id.
        leave_chosen: how a person wants to leave; carries a `Leave`.

    Threads: the GUI's.
    """

    connected = Signal(str)
    leave_chosen = Signal(object)

    def __init__(
        self,
        face: Callable[[], Face | None],
        bridge: Bridge,
        travels: Travels,
        *,
        by: str,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._face, self._bridge, self._travels, self._by = face, bridge, travels, by
        self._sheet: Sheet | None = None

    @property
    def sheet(self) -> Sheet | None:
        """The sheet that is open."""
        return self._sheet

    def deploy(self, view: AppView, window: QWidget) -> None:
        """Deploy something to an app."""
        from pilothouse.ui.sheets.deploy import DeploySheet

        face = self._free_face()
        if face is not None:
            sheet = DeploySheet(view, face, self._bridge, window, by=self._by)
            sheet.started.connect(self.on_started)
            sheet.watch_wanted.connect(self.on_started)
            self._show(sheet)

    def roll_back(self, view: AppView, window: QWidget, *, version: int | None = None) -> None:
        """Go back, to a chosen release where one is given."""
        from pilothouse.ui.sheets.rollback import RollBackSheet

        face = self._free_face()
        if face is not None:
            sheet = RollBackSheet(view, face, self._bridge, window, by=self._by, to_version=version)
            sheet.started.connect(self.on_started)
            sheet.watch_wanted.connect(self.on_started)
            self._show(sheet)

    def hold_or_release(self, view: AppView, window: QWidget) -> None:
        """Hold an app, or release it when it is held."""
        from pilothouse.ui.sheets.hold import HoldSheet, ReleaseHoldSheet

        face = self._free_face()
        if face is not None:
            kind = ReleaseHoldSheet if view.hold_reason is not None else HoldSheet
            self._show(kind(view, face, self._bridge, window))

    def connect_account(self, window: QWidget, *, platform: Platform | None = None) -> None:
        """Add an account of a platform, Fly.io unless another one is named."""
        from pilothouse.ui.sheets.connect import ConnectSheet

        face = self._free_face()
        if face is not None:
            sheet = ConnectSheet(platform or Platform.FLY, face, self._bridge, window)
            sheet.connected.connect(self.connected)
            self._show(sheet)

    def leave(self, running: Sequence[DeploymentRecord], window: QWidget, *, tray: bool) -> None:
        """Ask how to leave while something is deployed."""
        from pilothouse.ui.sheets.leave import LeaveSheet

        if self._sheet is not None:
            self._sheet.reject()
        sheet = LeaveSheet(running, window, tray=tray)
        sheet.chosen.connect(self.leave_chosen)
        self._show(sheet)

    def _free_face(self) -> Face | None:
        """The engine, if it is there and no other sheet is open."""
        if self._sheet is not None:
            self._sheet.activateWindow()
            return None
        return self._face()

    def _show(self, sheet: Sheet) -> None:
        self._sheet = sheet
        sheet.finished.connect(self.on_finished, Qt.ConnectionType.DirectConnection)
        sheet.open()

    @Slot(int)
    def on_finished(self, _result: int) -> None:
        """The next one may open."""
        self._sheet = None

    @Slot(str)
    def on_started(self, deployment_id: str) -> None:
        """Show the run."""
        self._travels.go(Place(Page.RUN, deployment_id=deployment_id))
