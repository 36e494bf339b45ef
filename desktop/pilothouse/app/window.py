"""The window with everything behind it; the heavy rooms are entered after the first paint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from pilothouse.app.home import Home, actor
from pilothouse.domain.errors import UsageError
from pilothouse.domain.ports import Notifier

if TYPE_CHECKING:
    from pilothouse.app.practice_cloud import PracticeControl
    from pilothouse.engine.service import Service
    from pilothouse.notifications.router import Router


def open_window(environ: Mapping[str, str], *, sandbox: bool) -> int:
    """Run the window until it is left; the exit code.

    Raises:
        UsageError: there is no display to draw on.
    """
    refuse_without_display(environ)
    from pilothouse.ui.options import Options
    from pilothouse.ui.start import run_window

    def make() -> tuple[Service, Callable[[], None]]:
        from pilothouse.app.compose import make_service

        service, close = make_service(environ, sandbox=sandbox)
        service.watch.start()
        return service, close

    options = Options(
        Home.of(environ).data(sandbox=sandbox),
        actor(),
        sandbox=sandbox,
        can_try=not sandbox,
        try_sandbox=None if sandbox else try_sandbox,
        make_alerts=make_alerts,
        make_practice=partial(make_practice, environ),
    )
    return run_window(make, options)


def make_practice(
    environ: Mapping[str, str],
) -> tuple[PracticeControl, Callable[[], None]]:
    """The way to the sandbox of this home, wherever it lives when it is asked, and its end."""
    from pilothouse.app.practice_cloud import PracticeControl
    from pilothouse.sandbox import detached

    control = PracticeControl(partial(detached.living, Home.of(environ).sandbox))
    return control, control.close


def refuse_without_display(environ: Mapping[str, str]) -> None:
    """Say so in a sentence where Qt would end the program."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(environ.get(name) for name in wanted):
        raise UsageError(
            "No window was opened: neither DISPLAY nor WAYLAND_DISPLAY is set, so there is no "
            "screen to draw on. The command line does the same: pilothouse --help."
        )


def make_alerts(tray: Notifier, on_action: Callable[[str, str], None]) -> Router:
    """The ways to reach a person, best first: the desktop's notices, then the tray's."""
    from pilothouse.notifications.router import Router

    if not sys.platform.startswith("linux"):
        return Router([tray])
    from pilothouse.notifications.freedesktop import FreedesktopNotifier

    return Router([FreedesktopNotifier(on_action), tray])


def try_sandbox() -> None:
    """Open a window of its own on the sandbox."""
    command = [sys.executable, "-m", "pilothouse", "--sandbox"]
    if getattr(sys, "frozen", False):
        command = [sys.executable, "--sandbox"]
    subprocess.Popen(command, start_new_session=True)
