"""One start of the program: the command line is read, and the window or a command runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from pilothouse.app.home import Home, actor

if TYPE_CHECKING:
    from pilothouse.engine.service import Service


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    from pilothouse.cli.main import run as run_cli
    from pilothouse.cli.tools import Tools

    home = Home.of(os.environ)
    tools = Tools(
        open_service=_open_service,
        open_window=_open_window,
        doctor=_doctor,
        sandbox_folder=home.sandbox,
        actor=actor(),
        log_file=home.root / "pilothouse.log",
    )
    return run_cli(arguments, tools)


def _open_service(sandbox: bool) -> AbstractContextManager[Service]:
    from pilothouse.app.compose import open_service

    return open_service(os.environ, sandbox=sandbox)


def _open_window(sandbox: bool) -> int:
    from pilothouse.app.window import open_window

    return open_window(os.environ, sandbox=sandbox)


def _doctor(sandbox: bool) -> list[tuple[str, bool, str]]:
    from pilothouse.app.doctor import examine

    return examine(os.environ, sandbox=sandbox)
