"""How the window is started, as the composition root says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pilothouse.domain.ports import Notifier
from pilothouse.domain.practice import PracticeCloud

if TYPE_CHECKING:
    from pilothouse.ui.alerts import Alerts

OnActionCall = Callable[[str, str], None]
MakePractice = Callable[[], tuple[PracticeCloud, Callable[[], None]]]


@dataclass(frozen=True, slots=True)
class Options:
    """What the window is told before it starts.

    Args:
        folder: the program's home, for what the window remembers and for its lock.
        actor: who acts here, as the journal will say.
        sandbox: whether nothing here is real.
        can_try: whether the Welcome page offers the sandbox.
        try_sandbox: starts it, with a window of its own; called on another thread.
        make_alerts: makes the ways to reach a person from the tray's notifier and from what is to
            be called with a deployment's id and a choice; called on another thread.
        make_practice: makes the way to the sandbox, and the call that closes it; called on another
            thread.
    """

    folder: Path
    actor: str = ""
    sandbox: bool = False
    can_try: bool = False
    try_sandbox: Callable[[], object] | None = None
    make_alerts: Callable[[Notifier, OnActionCall], Alerts] | None = None
    make_practice: MakePractice | None = None
