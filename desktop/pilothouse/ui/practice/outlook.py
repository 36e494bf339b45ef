"""What the window knows of the sandbox: pace, faults, calls; or since when it does not answer.

Asked once at the start where all is practice, for the pace; from then on only while somebody
looks, once a second at most. Lives in the GUI thread; what it asks runs on the bridge's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from pilothouse.domain.errors import PilothouseError
from pilothouse.domain.practice import (
    AbsentCall,
    FaultInForce,
    FaultKind,
    FaultWish,
    PracticeAbout,
    PracticeApp,
    PracticeCloud,
)
from pilothouse.ui.bridge import Bridge
from pilothouse.ui.practice.reading import OPEN_AT_ONCE, Known, Sighting, look

LOOK_MS = 1000
MOST_OPEN = 200


class PracticeOutlook(QObject):
    """Facts about the sandbox for the Sandbox page and the status line.

    Signals:
        changed: what it is, its faults, apps or what is absent; or whether it answers.
        received: fresh calls as prepared lines, oldest first.
        amended: known calls that were answered meanwhile.
        restarted: another sandbox answers: the calls known so far are of the past.
        settled: a wish was granted (an empty text), or why it was not.
    """

    changed = Signal()
    received = Signal(object)
    amended = Signal(object)
    restarted = Signal()
    settled = Signal(str)

    def __init__(self, bridge: Bridge, parent: QObject, *, clock: Callable[[], datetime]) -> None:
        super().__init__(parent)
        self._bridge, self._clock = bridge, clock
        self._cloud: PracticeCloud | None = None
        self._about: PracticeAbout | None = None
        self._fresh_about: PracticeAbout | None = None
        self._since, self._open = 0, tuple[int, ...]()
        self._wants_apps, self._asking, self._watched = True, False, False
        self.kinds: tuple[FaultKind, ...] = ()
        self.apps: tuple[PracticeApp, ...] = ()
        self.faults: tuple[FaultInForce, ...] = ()
        self.absent: tuple[AbsentCall, ...] = ()
        self.silent_since: datetime | None = None
        self.reason = ""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.on_look_due)

    @property
    def about(self) -> PracticeAbout | None:
        """The sandbox that answered last; None before the first answer."""
        return self._about

    @property
    def is_there(self) -> bool:
        """Whether it answered when it was last asked."""
        return self._about is not None and self.silent_since is None

    @property
    def is_watched(self) -> bool:
        """Whether it is being looked at once a second."""
        return self._timer.isActive()

    def attach(self, cloud: PracticeCloud, *, ask: bool) -> None:
        """Take the way to the sandbox; `ask` it once what it is, even if nobody looks."""
        self._cloud = cloud
        if self._watched:
            self.watch()
        elif ask:
            self._bridge.ask(cloud.about, self.on_about_read, self.on_about_missed)

    def detach(self) -> None:
        """Ask nothing any more."""
        self._cloud = None
        self._timer.stop()

    def watch(self) -> None:
        """Look now, and once a second until `rest`."""
        self._watched = self._wants_apps = True
        if self._cloud is not None:
            self._timer.start()
            self.on_look_due()

    def rest(self) -> None:
        """Look no more."""
        self._watched = False
        self._timer.stop()

    def read_apps(self) -> None:
        """Read apps and instances with the next look."""
        self._wants_apps = True

    def put(self, wish: FaultWish) -> None:
        """Let something go wrong; `settled` tells."""
        self._wish(lambda cloud: cloud.put(wish))

    def take_away(self, fault_id: str | None = None) -> None:
        """Take one fault away, or all of them; `settled` tells."""
        self._wish(lambda cloud: cloud.take_away(fault_id))

    def _wish(self, call: Callable[[PracticeCloud], None]) -> None:
        if self._cloud is not None:
            self._bridge.ask(partial(call, self._cloud), self.on_granted, self.on_refused)

    # -- slots ---------------------------------------------------------------------------------

    @Slot()
    def on_look_due(self) -> None:
        """Look, unless the last look is still under way."""
        cloud = self._cloud
        if cloud is None or self._asking:
            return
        self._asking = True
        known = Known(self._fresh_about, self._since, self._open, self._wants_apps)
        self._bridge.ask(partial(look, cloud, known, self._about), self.on_looked, self.on_missed)

    @Slot(object)
    def on_looked(self, seen: Sighting) -> None:
        """It answered."""
        self._asking = False
        if seen.anew:
            self._since, self._open = 0, ()
            self.restarted.emit()
        before = (self._about, self.silent_since, self.faults, self.absent, self.kinds, self.apps)
        self._about = self._fresh_about = seen.about
        self.silent_since, self.reason = None, ""
        self.faults, self.absent = seen.faults, seen.absent
        self.kinds = self.kinds if seen.kinds is None else seen.kinds
        if seen.apps is not None:
            self.apps, self._wants_apps = seen.apps, False
        self._take_calls(seen)
        after = (self._about, self.silent_since, self.faults, self.absent, self.kinds, self.apps)
        if after != before:
            self.changed.emit()
        if not seen.is_whole and self._timer.isActive():
            self.on_look_due()

    def _take_calls(self, seen: Sighting) -> None:
        done = {row.number for row in seen.amended}
        still = [number for number in self._open if number not in done]
        # Those looked at without an answer go to the end: all get their turn.
        still = still[OPEN_AT_ONCE:] + still[:OPEN_AT_ONCE]
        still += [row.number for row in seen.fresh if row.is_open]
        self._open = tuple(still[-MOST_OPEN:])
        if seen.fresh:
            self._since = seen.fresh[-1].number
            self.received.emit(seen.fresh)
        if seen.amended:
            self.amended.emit(seen.amended)

    @Slot(object)
    def on_missed(self, error: Exception) -> None:
        """It did not answer; anything else is a defect to be told."""
        self._asking = False
        if not isinstance(error, PilothouseError):
            self._timer.stop()
            self._bridge.troubled.emit(error)
        self._fresh_about = None
        before = (self.silent_since, self.reason)
        self.reason = str(error)
        self.silent_since = self.silent_since or self._clock()
        if (self.silent_since, self.reason) != before:
            self.changed.emit()

    @Slot(object)
    def on_about_read(self, about: PracticeAbout) -> None:
        """It said what it is."""
        if self._about is None:
            self._about = about
            self.changed.emit()

    @Slot(object)
    def on_about_missed(self, error: Exception) -> None:
        """Nobody looks at it now; whoever will is told then."""
        if not isinstance(error, PilothouseError):
            self._bridge.troubled.emit(error)

    @Slot(object)
    def on_granted(self, _nothing: None) -> None:
        """A wish was granted: show what came of it at once."""
        self.settled.emit("")
        self.on_look_due()

    @Slot(object)
    def on_refused(self, error: Exception) -> None:
        """A wish was not granted."""
        if not isinstance(error, PilothouseError):
            self._bridge.troubled.emit(error)
        self.settled.emit(str(error) or type(error).__name__)
