"""One look at the sandbox, on another thread: what is new since the last one, ready to be shown.

A look reads one page of calls, so that a long journal stops neither a thread for long nor the
window. Calls that were not answered yet are looked at again, a few at a time.
"""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.domain.practice import (
    AbsentCall,
    FaultInForce,
    FaultKind,
    PracticeAbout,
    PracticeApp,
    PracticeCloud,
)
from pilothouse.ui.practice.call_rows import CallRow, row_of

PAGE = 500
"""So few that making their lines does not keep the window waiting for the interpreter."""
OPEN_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Known:
    """What was known before the look.

    Args:
        about: None before the first answer, and again after a silence.
        since: the number of the newest call.
        still_open: calls without an answer, to be looked at again.
        wants_apps: whether the apps are to be read too.
    """

    about: PracticeAbout | None = None
    since: int = 0
    still_open: tuple[int, ...] = ()
    wants_apps: bool = True


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the look showed.

    Args:
        kinds: None when they were not asked for, as they do not change while a sandbox lives.
        apps: the same.
        fresh: calls that were not known, oldest first.
        amended: known calls that were answered meanwhile.
        anew: another sandbox answers, whose calls count from 1: forget those known.
        last: the number of the newest call that there is; more are to be read if it is not known.
    """

    about: PracticeAbout
    kinds: tuple[FaultKind, ...] | None
    apps: tuple[PracticeApp, ...] | None
    faults: tuple[FaultInForce, ...]
    absent: tuple[AbsentCall, ...]
    fresh: tuple[CallRow, ...]
    amended: tuple[CallRow, ...]
    anew: bool
    last: int

    @property
    def is_whole(self) -> bool:
        """Whether no call is left to be read."""
        return not self.fresh or self.fresh[-1].number >= self.last


def look(cloud: PracticeCloud, known: Known, before: PracticeAbout | None) -> Sighting:
    """Look once.

    Args:
        cloud: the sandbox.
        known: what is known of it.
        before: the sandbox that the known calls are of; None without one.

    Raises:
        PlatformError: it does not answer, or not so that it can be understood.
    """
    about, kinds = known.about, None
    if about is None:
        about, kinds = cloud.about(), cloud.kinds()
    anew = before is not None and before.pid != about.pid
    faults, absent = cloud.faults(), cloud.absent()
    apps = cloud.apps() if known.wants_apps else None
    page = cloud.calls(0 if anew else known.since, PAGE)
    fresh = tuple(row_of(call) for call in page.calls)
    amended = () if anew else _answered(cloud, known.still_open)
    return Sighting(about, kinds, apps, faults, absent, fresh, amended, anew=anew, last=page.last)


def _answered(cloud: PracticeCloud, still_open: tuple[int, ...]) -> tuple[CallRow, ...]:
    found = []
    for number in still_open[:OPEN_AT_ONCE]:
        for call in cloud.calls(number - 1, 1).calls:
            if call.number == number and call.status is not None:
                found.append(row_of(call))
    return tuple(found)
