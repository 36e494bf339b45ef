"""The window with everything behind it; the heavy rooms are entered after the first paint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pilothouse.app.home import Home, actor

if TYPE_CHECKING:
    from pilothouse.domain.ports import Notifier
    from pilothouse.engine.service import Service
    from pilothouse.notifications.router import Router


def open_window(environ: Mapping[str, str], *, sandbox: bool) -> int:
    """Run the window until it is left; the exit code."""
    from pilothouse.ui.options import Options
    from pilothouse.ui.start import run_window

    def make() -> tuple[Service, Callable[[], None]]:
        from pilothouse.app.compose import make_service

        return make_service(environ, sandbox=sandbox)

    options = Options(
        Home.of(environ).data(sandbox=sandbox),
        actor(),
        sandbox=sandbox,
        can_try=not sandbox,
        try_sandbox=_try_sandbox,
        make_alerts=_alerts,
    )
    return run_window(make, options)


def _alerts(tray: Notifier, act: Callable[[str, str], None]) -> Router:
    """The desktop's notices first; the tray's messages where there is no daemon for them."""
    from pilothouse.notifications.freedesktop import FreedesktopNotifier
    from pilothouse.notifications.router import Router

    return Router([FreedesktopNotifier(act), tray])


def _try_sandbox() -> None:
    """Open the sandbox's own window, which outlives this one."""
    subprocess.Popen(
        [sys.executable, "-m", "pilothouse", "--sandbox"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
