"""What a test may not leave behind, and how it is seen: threads, timers, windows, processes.

Only what began during the test counts, so that fixtures of a wider scope are free to
keep things running. What is on its way out gets a moment. Qt is looked at only where
it was loaded already: a test without Qt pays for two short looks, at threads and at
children. A finding is always a real, living thing, named so that it can be found.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.waiting import TooLateError, until

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "pilothouse"
"""Threads of the program carry this in front of their name."""

GRACE_S = 2.0
"""How long a thing may take to end after the test did."""

TRACKERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Children that the standard library keeps for itself until the end of the interpreter."""


@dataclass(frozen=True)
class Seen:
    """What was alive at one moment, by identity."""

    threads: frozenset[int]
    children: frozenset[int]
    qt: frozenset[int]


def look(*, qt: bool) -> Seen:
    """What is alive now; Qt's objects only on request, as finding them takes a while."""
    return Seen(
        threads=frozenset(id(thread) for thread in threading.enumerate()),
        children=frozenset(_children()),
        qt=frozenset(id(thing) for thing in _qt_objects()) if qt else frozenset(),
    )


def left_since(before: Seen, *, qt: bool, grace_s: float = GRACE_S) -> list[str]:
    """What began after `before` and is still alive when its grace is over."""
    if not _findings(before, qt=qt):
        return []
    gc.collect()

    def gone() -> bool:
        _let_qt_finish()
        return not _findings(before, qt=qt)

    try:
        until(gone, "an end of what the test began", grace_s)
    except TooLateError:
        return _findings(before, qt=qt)
    return []


def processes_of(mark: str) -> dict[int, str]:
    """Every living process with `mark` in its environment, but this one (Linux; else none)."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        pid = int(folder.name)
        # A process may end, or belong to someone else, while we look at it.
        with contextlib.suppress(OSError):
            if pid != os.getpid() and mark.encode() in (folder / "environ").read_bytes():
                found[pid] = _command(pid)
    return {pid: command for pid, command in found.items() if command}


def _findings(before: Seen, *, qt: bool) -> list[str]:
    return [
        *(f"thread {thread.name!r}" for thread in _threads(before)),
        *(
            f"process {pid}: {command}"
            for pid, command in _children().items()
            if pid not in before.children
        ),
        *(
            _describe(thing)
            for thing in (_qt_objects() if qt else ())
            if id(thing) not in before.qt
        ),
    ]


def _threads(before: Seen) -> Iterator[threading.Thread]:
    for thread in threading.enumerate():
        counts = not thread.daemon or thread.name.lower().startswith(OURS)
        if counts and thread.is_alive() and id(thread) not in before.threads:
            yield thread


def _children() -> dict[int, str]:
    """Our living child processes with their command lines (Linux; elsewhere none is seen)."""
    pids: set[int] = set()
    for tasks in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            pids.update(int(pid) for pid in tasks.read_text().split())
    commands = {pid: _command(pid) for pid in pids}
    return {
        pid: command
        for pid, command in commands.items()
        if command and not any(tracker in command for tracker in TRACKERS)
    }


def _command(pid: int) -> str:
    """The command line of a process; empty for one that has ended, waited for or not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    if state in "ZX":
        return ""
    # A process that is just being started has no command line for a moment.
    return raw.replace(b"\0", b" ").decode(errors="replace").strip() or "(starting)"


def _qt_objects() -> Iterator[Any]:
    """Visible windows, running timers and running Qt threads that Python knows of."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return
    core = sys.modules["PySide6.QtCore"]
    is_valid = sys.modules["shiboken6"].isValid
    yield from (w for w in widgets.QApplication.topLevelWidgets() if w.isVisible())
    timers, threads = _kinds(core.QTimer), _kinds(core.QThread)
    # By type, not isinstance: quick, and it does not wake the proxies among the objects.
    kinds = timers | threads
    for thing in [thing for thing in gc.get_objects() if type(thing) in kinds]:
        runs = core.QTimer.isActive if type(thing) in timers else core.QThread.isRunning
        if is_valid(thing) and runs(thing):
            yield thing


def _kinds(kind: type[Any]) -> set[type[Any]]:
    """A class and all that are derived from it."""
    subclasses: list[type[Any]] = kind.__subclasses__()
    return {kind}.union(*(_kinds(derived) for derived in subclasses))


def _describe(thing: Any) -> str:
    owner = thing.parent()
    name = thing.objectName() or "unnamed"
    return (
        f"{type(thing).__name__} ({name}), owned by {type(owner).__name__ if owner else 'nobody'}"
    )


def _let_qt_finish() -> None:
    """Deliver what waits for the event loop: deferred deletions first of all."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None or core.QCoreApplication.instance() is None:
        return
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    core.QCoreApplication.processEvents()
