"""What works on this computer, and what to install for what does not."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping

import pilothouse
from pilothouse.app.home import Home
from pilothouse.domain.errors import PilothouseError

Row = tuple[str, bool, str]


def examine(environ: Mapping[str, str], *, sandbox: bool) -> list[Row]:
    """Look at everything that the program stands on; (what, whether it is fine, a sentence)."""
    home = Home.of(environ)
    rows: list[Row] = [
        ("pilothouse", True, f"Version {pilothouse.__version__}, Python {sys.version.split()[0]}."),
        ("files", os.access(home.folder(), os.W_OK), f"Everything is kept in {home.root}."),
    ]
    rows += [
        _tried("journal", lambda: _journal(home, sandbox=sandbox)),
        _tried("keyring", _keyring),
        _tried("notices", _notices),
        _tried("sandbox", lambda: _sandbox(home)),
        ("window", *_window(environ)),
    ]
    return rows


def _tried(what: str, look: Callable[[], tuple[bool, str]]) -> Row:
    try:
        fine, says = look()
    except (PilothouseError, OSError) as error:
        return what, False, str(error)
    return what, fine, says


def _journal(home: Home, *, sandbox: bool) -> tuple[bool, str]:
    from pilothouse.store.clock import SystemClock
    from pilothouse.store.journal import SqlJournal

    path = home.data(sandbox=sandbox) / "journal.db"
    journal = SqlJournal.open(f"sqlite:///{path}", SystemClock())
    try:
        number = len(journal.deployments(limit=100_000))
    finally:
        journal.close()
    return True, f"It can be written and has {number} deployments."


def _keyring() -> tuple[bool, str]:
    from pilothouse.credentials import Keyring

    says = Keyring().state()
    return "No keyring" not in says, says


def _notices() -> tuple[bool, str]:
    from pilothouse.notifications.freedesktop import FreedesktopNotifier

    notifier = FreedesktopNotifier(lambda _deployment, _action: None)
    try:
        says = notifier.state()
    finally:
        notifier.close()
    return says.startswith("Notices are shown"), says


def _sandbox(home: Home) -> tuple[bool, str]:
    from pilothouse.sandbox import detached

    living = detached.living(home.sandbox) if home.sandbox.is_dir() else None
    if living is None:
        return True, "Not running; --sandbox starts it."
    return True, f"Running {living.scale:g} times faster than real, process {living.pid}."


def _window(environ: Mapping[str, str]) -> tuple[bool, str]:
    if importlib.util.find_spec("PySide6") is None:
        return False, "Qt is not installed; the command line works without it."
    if sys.platform.startswith("linux") and not (
        environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    ):
        return False, "There is no display here; the command line works without one."
    return True, "A display is here."
