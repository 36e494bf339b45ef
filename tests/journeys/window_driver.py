"""A person in front of the real window: clicks where a pointer clicks, types where the focus is.

Every click goes to the window's own surface at a place where the thing wanted lies on top, every
key to whatever has the focus: what a person could not reach, a test cannot reach either. Nothing
here calls a slot or looks inside what it drives. Needs no test framework, so that a window in
another process can be driven by the same hands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QPoint, QRect, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QWidget,
)

from pilothouse.app.home import Home
from pilothouse.app.window import make_practice
from pilothouse.domain.ports import Notifier
from pilothouse.ui.alerts import Alerts
from pilothouse.ui.options import OnActionCall, Options
from pilothouse.ui.single import SingleInstance
from pilothouse.ui.start import Running
from pilothouse.ui.tokens import Scheme
from tests.ui.frame import Ticker
from tests.waiting import TooLateError

if TYPE_CHECKING:
    from pilothouse.engine.service import Service

W = TypeVar("W", bound=QWidget)
T = TypeVar("T")
MakeAlerts = Callable[[Notifier, OnActionCall], Alerts]

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots" / "journeys"
SIZE = (1280, 800)
LOOK_MS = 15
SOON_S = 20.0
"""For what the window does by itself."""
LONG_S = 90.0
"""For what takes a deployment, on a busy computer."""
LEFT = Qt.MouseButton.LeftButton
NO = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def until_seen(look: Callable[[], T | None], what: str, deadline_s: float = SOON_S) -> T:
    """The first true answer of `look`, while the event loop goes on.

    Raises:
        TooLateError: there was none within the deadline.
    """
    end = time.monotonic() + deadline_s
    while not (found := look()):
        if time.monotonic() >= end:
            raise TooLateError(what, deadline_s)
        # Not by QTest's own waiting: it keeps every other thread of Python from running.
        loop = QEventLoop()
        QTimer.singleShot(LOOK_MS, loop.quit)
        loop.exec()
    return found


@dataclass
class Gaps:
    """How long the event loop stood still, in milliseconds; the test's own doings are left out."""

    ticker: Ticker = field(default_factory=Ticker)
    longest_ms: float = 0.0

    def go_on(self) -> None:
        """Measure."""
        self.ticker.longest_ms = 0.0
        self.ticker.start()

    def pause(self) -> None:
        """Do not."""
        self.longest_ms = max(self.longest_ms, self.ticker.stop())

    @contextmanager
    def unmeasured(self) -> Iterator[None]:
        """Inside, the test holds the loop up, not the program."""
        self.pause()
        yield
        QApplication.processEvents()
        self.go_on()


class WindowDriver:
    """The window on the sandbox of a home, as the program's start builds it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        make_alerts: MakeAlerts | None = None,
        scheme: Scheme = Scheme.LIGHT,
    ) -> None:
        app = QApplication.instance() or QApplication(["pilothouse"])
        assert isinstance(app, QApplication)
        app.setQuitOnLastWindowClosed(False)
        self._app, self._environ = app, environ
        folder = Home.of(environ).data(sandbox=True)
        self.guard = SingleInstance(folder, app)
        assert self.guard.take(), "another window has this home"
        options = Options(
            folder,
            "lena",
            sandbox=True,
            make_alerts=make_alerts,
            make_practice=partial(make_practice, environ),
        )
        self.service: Service | None = None
        self.running = Running(app, self._make, options)
        self.guard.activated.connect(self.running.on_activated)
        self.window = self.running.window
        self.window.resize(*SIZE)
        self.scheme = scheme
        self._wear(scheme)
        self.gaps = Gaps()
        self._closed = False

    def _make(self) -> tuple[Service, Callable[[], None]]:
        from pilothouse.app.compose import make_service

        service, close = make_service(self._environ, sandbox=True)
        service.watch.start()
        self.service = service
        return service, close

    def start(self) -> Self:
        """Show the window."""
        self.gaps.go_on()
        self.window.show()
        until_seen(self.window.isActiveWindow, "the window")
        return self

    def close(self) -> None:
        """End it as its own end does; once."""
        if self._closed:
            return
        self._closed = True
        self.gaps.pause()
        self.running.close()
        self.guard.close()
        self.running.bridge.close(5.0)
        self.running.theme.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # -- what a person sees --------------------------------------------------------------------

    @property
    def surface(self) -> QWidget:
        """The window or sheet that takes input now."""
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        return popup or modal or self.window

    def seen(self, kind: type[W]) -> list[W]:
        """All visible things of a kind."""
        top = self.surface
        return [one for one in top.findChildren(kind) if one.isVisibleTo(top)]

    def words(self) -> str:
        """All that is written in visible labels and buttons."""
        labels = [one.text() for one in self.seen(QLabel)]
        return "\n".join(labels + [one.text() for one in self.seen(QAbstractButton)])

    def wait_for(self, text: str, deadline_s: float = SOON_S) -> None:
        """Wait until something is written."""
        try:
            until_seen(lambda: text in self.words(), text, deadline_s)
        except TooLateError as error:
            raise AssertionError(f"{error}; but there is:\n{self.words()}") from None

    def find_button(self, text: str) -> QAbstractButton | None:
        """The visible button with just this text, or this name."""
        for one in self.seen(QAbstractButton):
            if text in {one.text(), one.accessibleName()}:
                return one
        return None

    def named(self, kind: type[W], name: str) -> W:
        """The visible thing with an accessible name."""
        for one in self.seen(kind):
            if one.accessibleName() == name:
                return one
        names = [one.accessibleName() for one in self.seen(kind)]
        raise AssertionError(f"no {kind.__name__} “{name}”, but {names}")

    # -- what a person does --------------------------------------------------------------------

    def click(self, text: str, deadline_s: float = SOON_S) -> None:
        """Click a button by its words, once it is there and on."""

        def ready() -> QAbstractButton | None:
            button = self.find_button(text)
            return button if button is not None and button.isEnabled() else None

        try:
            button = until_seen(ready, f"the button “{text}”", deadline_s)
        except TooLateError as error:
            raise AssertionError(f"{error}; but there is:\n{self.words()}") from None
        self.click_at(button)

    def click_at(
        self, thing: QWidget, where: QPoint | None = None, *, double: bool = False
    ) -> None:
        """Click a thing where it lies on top."""
        place = where if where is not None else thing.rect().center()
        top = thing.window()
        at = thing.mapTo(top, place)
        hit = top.childAt(at)
        assert hit is thing or (hit is not None and thing.isAncestorOf(hit)), (
            f"{hit} lies over {thing}"
        )
        surface = top.windowHandle()
        (QTest.mouseDClick if double else QTest.mouseClick)(surface, LEFT, NO, at)

    def click_row(self, view: QAbstractItemView, text: str, *, double: bool = False) -> None:
        """Click the row of a list or table that says something."""

        def look() -> QRect | None:
            return self._row_of(view, text)

        box = until_seen(look, f"a row with “{text}” in {view.accessibleName()}")
        self.click_at(view.viewport(), QPoint(box.left() + 24, box.center().y()), double=double)

    @staticmethod
    def _row_of(view: QAbstractItemView, text: str) -> QRect | None:
        model = view.model()
        roots = [model.index(at, 0) for at in range(model.rowCount())]
        inner = [model.index(at, 0, root) for root in roots for at in range(model.rowCount(root))]
        for index in roots + inner:
            said = [
                str(index.data(role) or "")
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
            ]
            if any(text in one for one in said):
                view.scrollTo(index)
                box = view.visualRect(index)
                return box if box.isValid() else None
        return None

    def pick(self, name: str, text: str) -> None:
        """Choose a line of a box that opens."""
        box = self.named(QComboBox, name)
        until_seen(lambda: box.findText(text, Qt.MatchFlag.MatchContains) >= 0, f"{text} in {name}")
        at = box.findText(text, Qt.MatchFlag.MatchContains)
        self.click_at(box)
        view = box.view()
        until_seen(view.isVisible, f"the lines of {name}")
        index = box.model().index(at, 0)
        view.scrollTo(index)
        self.click_at(view.viewport(), view.visualRect(index).center())
        until_seen(lambda: not view.isVisible(), f"{name} to close")

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        """Press a key; whatever has the focus gets it."""
        QTest.keyClick(self.surface.windowHandle(), key, modifier)

    def type(self, text: str) -> None:
        """Type some text."""
        for letter in text:
            shift = Qt.KeyboardModifier.ShiftModifier if letter.isupper() else NO
            self.press(Qt.Key(ord(letter.upper())), shift)

    # -- whole ways ----------------------------------------------------------------------------

    def picture(self, name: str) -> None:
        """Keep the screen, sheets included, light and dark."""
        with self.gaps.unmeasured():
            for scheme in (Scheme.DARK, Scheme.LIGHT):
                self._wear(scheme)
                keep(self.window, PICTURES / f"{name}-{scheme}.png")
            self._wear(self.scheme)

    def _wear(self, scheme: Scheme) -> None:
        self.running.theme.choose(scheme)
        self.running.theme.apply()
        for _ in range(3):  # what is written anew is laid out by events that follow it
            QApplication.processEvents()


def keep(window: QWidget, path: Path) -> None:
    """Save a picture of a window with the sheet that is open over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shot = window.grab()
    sheet = QApplication.activeModalWidget()
    if sheet is not None:
        from PySide6.QtGui import QPainter

        painter = QPainter(shot)
        place = window.rect().center() - sheet.rect().center()
        painter.drawPixmap(place, sheet.grab())
        painter.end()
    assert shot.save(str(path))
