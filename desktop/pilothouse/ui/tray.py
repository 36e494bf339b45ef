"""The tray: one glyph with a badge by state, a menu made when opened, messages as a last resort.

A tray may come late or never: it is looked for again after ten seconds, and until there is one
nothing depends on it. The icon is never the only way to anything.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from pilothouse.domain.news import Notice
from pilothouse.engine.views import AppView
from pilothouse.ui import shapes
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.desk import Desk
from pilothouse.ui.glyph import Badge, tray_icon
from pilothouse.ui.tokens import LIGHT
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.tray_words import badge_of, counts_line, is_live, lines, progress_of

LOOK_AGAIN_MS = 10_000
MESSAGE_MS = 60_000
INK = LIGHT.idle_mark
"""Reads on dark and on light panels, as nobody tells us which one it is."""


class Wish(Enum):
    """What a line of the menu is for."""

    OPEN_APP = "open app"
    WATCH = "watch"
    ROLL_BACK = "roll back"
    RELEASE_HOLD = "release hold"
    INBOX = "inbox"
    OPEN = "open"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class MenuWish:
    """A line's meaning, with its app where it has one."""

    wish: Wish
    app_id: str = ""


@dataclass(frozen=True, slots=True)
class TrayNotice:
    """A notice on its way to the tray, through the bridge."""

    notice: Notice


class Tray(QObject):
    """Keeps the icon true.

    Signals:
        available_changed: whether there is a tray to keep running in.
        open_wanted: the window shall come to the front.
        quit_wanted: a person wants to quit.

    Threads: the GUI's.
    """

    available_changed = Signal(bool)
    open_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self._badge: tuple[Badge, int] | None = None
        self._shown_for = ""
        self.icon = QSystemTrayIcon(self)
        self.menu = QMenu(window)
        self.menu.setAccessibleName("Pilothouse")
        self.menu.aboutToShow.connect(self.on_menu_wanted)
        self.menu.triggered.connect(self.on_triggered)
        self.icon.setContextMenu(self.menu)
        self.icon.activated.connect(self.on_activated)
        self.icon.messageClicked.connect(self.on_message_clicked)
        desk.outlook.changed.connect(self.on_changed)
        desk.outlook.notices_changed.connect(self.on_changed)
        desk.outlook.accounts_changed.connect(self.on_changed)
        desk.bridge.arrived.connect(self.on_arrived)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(LOOK_AGAIN_MS)
        self._again.timeout.connect(self.on_looked_again)
        self.available = False
        self.on_changed()

    @property
    def looks_again(self) -> bool:
        """Whether the tray is to be looked for once more."""
        return self._again.isActive()

    def start(self) -> None:
        """Show the icon if there is a tray, and look again later if not."""
        self._show()
        if not self.available:
            self._again.start()

    def stop(self) -> None:
        """Take the icon away."""
        self._again.stop()
        self.icon.hide()

    def _show(self) -> None:
        there = QSystemTrayIcon.isSystemTrayAvailable()
        if there:
            self.icon.show()
        if there != self.available:
            self.available = there
            self.available_changed.emit(there)

    @Slot()
    def on_looked_again(self) -> None:
        """At log-in the tray may come later than we did."""
        self._show()

    @Slot()
    @Slot(object)
    def on_changed(self, _ids: object = None) -> None:
        """Badge and tooltip follow what is known."""
        outlook = self._desk.outlook
        views = outlook.views
        badge = badge_of(views, outlook.sights, outlook.open_notices)
        share = progress_of(views) if badge is Badge.DEPLOYING else 0.0
        key = (badge, round(share * 12))
        if key != self._badge:
            self._badge = key
            icon = tray_icon(badge, INK, progress=share)
            icon.setIsMask(sys.platform == "darwin")
            self.icon.setIcon(icon)
        self.icon.setToolTip(f"Pilothouse: {counts_line(views, outlook.open_notices)}")

    @Slot()
    def on_menu_wanted(self) -> None:
        """Make the menu for this moment."""
        outlook = self._desk.outlook
        self.menu.clear()
        head = self.menu.addAction(counts_line(outlook.views, outlook.open_notices))
        head.setEnabled(False)
        self.menu.addSeparator()
        for line in lines(outlook.views):
            inside = self.menu.addMenu(f"{line.view.app.name}   {line.text}")
            inside.setIcon(QIcon(shapes.pixmap(line.shape)))
            self._fill(inside, line.view)
        self.menu.addSeparator()
        if outlook.views:
            back = self.menu.addMenu("Roll back…")
            for view in sorted(outlook.views, key=lambda one: one.app.name):
                self._add(back, view.app.name, MenuWish(Wish.ROLL_BACK, view.app.id))
        count = outlook.open_notices
        self._add(self.menu, f"Inbox ({count})" if count else "Inbox", MenuWish(Wish.INBOX))
        self.menu.addSeparator()
        self._add(self.menu, "Open Pilothouse", MenuWish(Wish.OPEN))
        self._add(self.menu, "Quit…", MenuWish(Wish.QUIT))

    def _fill(self, menu: QMenu, view: AppView) -> None:
        self._add(menu, "Open", MenuWish(Wish.OPEN_APP, view.app.id))
        if is_live(view):
            self._add(menu, "Watch", MenuWish(Wish.WATCH, view.app.id))
        self._add(menu, "Roll back…", MenuWish(Wish.ROLL_BACK, view.app.id))
        if view.hold_reason is not None:
            self._add(menu, "Release hold…", MenuWish(Wish.RELEASE_HOLD, view.app.id))

    @staticmethod
    def _add(menu: QMenu, text: str, wish: MenuWish) -> None:
        action = menu.addAction(text.replace("&", "&&"))
        action.setData(wish)

    @Slot(QAction)
    def on_triggered(self, action: QAction) -> None:
        """A line of the menu, or of a menu in it, was chosen."""
        wish = action.data()
        if isinstance(wish, MenuWish):
            self._do(wish)

    def _do(self, wish: MenuWish) -> None:
        if wish.wish is Wish.QUIT:
            self.quit_wanted.emit()
            return
        self.open_wanted.emit()
        view = self._desk.outlook.view(wish.app_id)
        travels, sheets = self._desk.travels, self._desk.sheets
        if wish.wish is Wish.INBOX:
            travels.go(Place(Page.INBOX))
        if view is None:
            return
        match wish.wish:
            case Wish.OPEN_APP:
                travels.go(Place(Page.APP, view.app.id))
            case Wish.WATCH if view.last is not None:
                travels.go(Place(Page.RUN, deployment_id=view.last.id))
            case Wish.ROLL_BACK:
                sheets.roll_back(view, self._window)
            case Wish.RELEASE_HOLD:
                sheets.hold_or_release(view, self._window)
            case _:
                pass

    @Slot(QSystemTrayIcon.ActivationReason)
    def on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """A click opens; on macOS a click belongs to the menu."""
        clicked = {
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        }
        if reason in clicked and sys.platform != "darwin":
            self.open_wanted.emit()

    @Slot(object)
    def on_arrived(self, event: object) -> None:
        """A notice that no other way could show."""
        if isinstance(event, TrayNotice):
            notice = event.notice
            self._shown_for = notice.deployment_id
            self.icon.showMessage(notice.title, notice.text, self.icon.icon(), MESSAGE_MS)

    @Slot()
    def on_message_clicked(self) -> None:
        """Open what the message was about."""
        if self._shown_for:
            self.open_wanted.emit()
            self._desk.travels.go(Place(Page.RUN, deployment_id=self._shown_for))


class TrayNotifier(QObject):
    """`domain.ports.Notifier` over the tray's messages: no buttons, and nothing can be withdrawn.

    Threads: `show`, `withdraw` and `close` may be called from any.
    """

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._available = False

    @Slot(bool)
    def on_available_changed(self, available: bool) -> None:
        """Whether there is a tray, which alone makes messages visible."""
        self._available = available

    def show(self, notice: Notice) -> bool:
        """Hand it to the tray; False while there is none."""
        if not self._available:
            return False
        self._bridge.publish(TrayNotice(notice))
        return True

    def withdraw(self, deployment_id: str) -> None:
        """A tray's message goes away by itself."""

    def close(self) -> None:
        """Show nothing any more."""
        self._available = False
