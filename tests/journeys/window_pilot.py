"""What a person does in the real window, a few clicks at a time; `window_driver` has the hands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QTreeView,
)

from tests.journeys.window_driver import (
    CTRL,
    LONG_S,
    SOON_S,
    WindowDriver,
    keep,
    until_seen,
)
from tests.waiting import TooLateError

if TYPE_CHECKING:
    from tests.journeys.pilot import Pilot

T = TypeVar("T")

__all__ = ["CTRL", "LONG_S", "WindowPilot", "keep", "until_seen"]


class WindowPilot(WindowDriver):
    """What a person does in the window, a few clicks at a time."""

    def open_app(self, name: str) -> None:
        """From the fleet to an app's page."""
        until_seen(lambda: self.rows("Apps"), "the fleet")
        fleet = self.named(QAbstractItemView, "Apps")
        self.click_row(fleet, f"{name},", double=True)
        self.wait_for("known ")

    def choose(self, app: str, artifact: str) -> None:
        """Say in the deploy sheet what is to be deployed, by the sandbox's name for it."""
        if app.startswith("fly:"):
            self.click_at(self.named(QLineEdit, "Image reference"))
            self.type(artifact)
        elif app == "heroku:billing-staging":
            self.pick("Release whose slug is deployed", f"sandbox: {artifact}")
        else:
            self.pick("App whose release is taken", "billing-staging")
            self.pick("Release whose slug is deployed", f"sandbox: {artifact}")

    def deploy(self, app: str, artifact: str) -> None:
        """From the fleet to the page of a run that goes on."""
        name = app.partition(":")[2]
        self.open_app(name)
        self.click("Deploy…")
        self.choose(app, artifact)
        try:
            until_seen(lambda: self.primary().text().startswith("Deploy v"), "a plan")
        except TooLateError as error:
            raise AssertionError(f"{error}; but there is:\n{self.words()}") from None
        field = f"Type {name} to confirm"
        if any(one.accessibleName() == field for one in self.seen(QLineEdit)):
            self.click_at(self.named(QLineEdit, field))
            self.type(name)
        self.click(self.primary().text())
        self.wait_for("Pause after this step")

    def primary(self) -> QAbstractButton:
        """The filled button of what is open."""
        return next(one for one in self.seen(QAbstractButton) if one.objectName() == "primary")

    def go(self, page: str) -> None:
        """To a page, by the sidebar or by its narrow form."""
        trees = [one for one in self.seen(QTreeView) if one.accessibleName() == "Pages and apps"]
        if trees:
            self.click_row(trees[0], page)
            return
        buttons = self.seen(QAbstractButton)
        name = next(
            one.accessibleName() for one in buttons if one.accessibleName().startswith(page)
        )
        self.click(name)

    def inbox_said(self) -> str:
        """What the sidebar says of the inbox, in either form."""
        for one in self.seen(QAbstractButton):
            if one.accessibleName().startswith("Inbox"):
                return one.accessibleName()
        model = self.named(QTreeView, "Pages and apps").model()
        rows = [model.index(at, 0) for at in range(model.rowCount())]
        said = [str(row.data(Qt.ItemDataRole.AccessibleTextRole) or "") for row in rows]
        return next(one for one in said if one.startswith("Inbox"))

    def until_sandbox(
        self, look: Callable[[], T | None], what: str, deadline_s: float = LONG_S
    ) -> T:
        """As `until_seen`, for a look at the sandbox, which holds this thread up by itself."""

        def aside() -> T | None:
            with self.gaps.unmeasured():
                return look()

        return until_seen(aside, what, deadline_s)

    def idle_for_ticks(self, count: int) -> None:
        """Let some seconds of the window's own clock go by."""
        ticks: list[None] = []
        ticked = self.running.window.outlook.ticked
        link = ticked.connect(lambda: ticks.append(None))
        until_seen(lambda: len(ticks) >= count, "the window’s clock")
        ticked.disconnect(link)

    def look_now(self) -> None:
        """Let the platforms be asked, by key."""
        self.press(Qt.Key.Key_F5)

    def rows(self, table: str) -> int:
        """How many rows a visible table has; none while it is not there."""
        for one in self.seen(QAbstractItemView):
            if one.accessibleName() == table:
                return one.model().rowCount()
        return 0

    def spoken(self, table: str) -> list[str]:
        """The rows of a visible table, as they are spoken."""
        model = self.named(QAbstractItemView, table).model()
        role = Qt.ItemDataRole.AccessibleTextRole
        return [str(model.index(at, 0).data(role)) for at in range(model.rowCount())]

    def until_whole(self, pilot: Pilot, app: str) -> None:
        """The sandbox agrees; leases are given back just after the ending was written."""

        def free() -> bool:
            instances = pilot.sandbox.control.app(app)["instances"]
            return not any(one.get("lease") for one in instances)

        self.until_sandbox(free, "the end of all leases", SOON_S)
        with self.gaps.unmeasured():
            pilot.is_whole(app)


def main(app: str, image: str) -> None:
    """Deploy something through a window in this process, and stay until somebody ends it."""
    window = WindowPilot(os.environ).start()
    window.deploy(app, image)
    QApplication.exec()


if __name__ == "__main__":
    main(*sys.argv[1:])
