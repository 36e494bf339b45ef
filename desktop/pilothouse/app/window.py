"""The window with everything behind it; the heavy rooms are entered after the first paint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pilothouse.app.home import Home, actor

if TYPE_CHECKING:
    from pilothouse.engine.service import Service


def open_window(environ: Mapping[str, str], *, sandbox: bool) -> int:
    """Run the window until it is left; the exit code."""
    from pilothouse.ui.options import Options
    from pilothouse.ui.start import run_window

    def make() -> tuple[Service, Callable[[], None]]:
        from pilothouse.app.compose import make_service

        return make_service(environ, sandbox=sandbox)

    folder = Home.of(environ).data(sandbox=sandbox)
    return run_window(make, Options(folder, actor(), sandbox=sandbox, can_try=not sandbox))
