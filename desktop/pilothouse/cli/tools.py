"""What the command line is handed by the composition root, and how its commands share it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import click

from pilothouse.cli.printer import Printer
from pilothouse.engine.service import Service


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything outside that commands need.

    `open_service(sandbox)` starts the engine and closes it again; `open_window(sandbox)` runs the
    window; `doctor(sandbox)` gives (what, fine?, sentence) rows; `sandbox_folder` is where the
    sandbox of this home keeps its state; `log_file` is where traces of defects go.
    """

    open_service: Callable[[bool], AbstractContextManager[Service]]
    open_window: Callable[[bool], int]
    doctor: Callable[[bool], list[tuple[str, bool, str]]]
    sandbox_folder: Path
    actor: str
    log_file: Path | None = None


@dataclass(slots=True)
class Call:
    """One call of the program."""

    tools: Tools
    sandbox: bool
    json: bool = False

    def printer(self) -> Printer:
        """Where this call prints."""
        return Printer(as_json=self.json)

    def service(self) -> AbstractContextManager[Service]:
        """The engine, for the length of a `with`."""
        return self.tools.open_service(self.sandbox)


pass_call = click.make_pass_decorator(Call)


def set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    """Keep the wish for JSON with the call, wherever on the line it was written."""
    call = context.find_object(Call)
    if call is not None and value:
        call.json = True
    return value


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    expose_value=False,
    callback=set_json,
    help="One JSON object, or one line per event.",
)
