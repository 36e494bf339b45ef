"""Printing: rich in a terminal, plain lines elsewhere, JSON where it was asked for.

Results go to standard output, errors and progress of a terminal to standard error. A reader who
goes away (`| head`) is not written to any more; what runs, runs on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TextIO

from pilothouse.domain.model import Json

STYLES = {
    "good": "green",
    "verified": "green",
    "serving": "green",
    "pass": "green",
    "complete": "green",
    "warn": "yellow",
    "rolled_back": "yellow",
    "held": "yellow",
    "provisional": "blue",
    "deploying": "blue",
    "failed_safe": "red",
    "failed": "red",
    "block": "red",
    "broken": "red",
    "unknown": "magenta",
}


class Printer:
    """One call's output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_terminal = sys.stdout.isatty() and not as_json

    def data(self, row: Mapping[str, Json]) -> None:
        """One JSON object on a line of its own; nothing without `--json`."""
        if self.as_json:
            _write(sys.stdout, json.dumps(row, ensure_ascii=False))

    def line(self, text: str = "", *, style: str = "") -> None:
        """One line for people; nothing with `--json`."""
        if self.as_json:
            return
        if self.is_terminal and style:
            from rich.console import Console
            from rich.text import Text

            Console(highlight=False).print(Text(text, STYLES.get(style, style)))
            return
        _write(sys.stdout, text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table for people; plain columns where nobody looks at colours."""
        if self.as_json:
            return
        if not self.is_terminal:
            self._plain(heads, rows)
            return
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="dim")
        for number, head in enumerate(heads):
            # The first cell is what the next command names; the others may be cut instead.
            table.add_column(head, no_wrap=number == 0)
        for row in rows:
            table.add_row(*[Text(cell, STYLES.get(cell, "")) for cell in row])
        Console(highlight=False).print(table)

    def _plain(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        widths = [max(len(line[column]) for line in [heads, *rows]) for column in range(len(heads))]
        for line in [heads, *rows]:
            cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
            self.line("  ".join(cells).rstrip())

    def error(self, text: str) -> None:
        """A sentence on standard error."""
        _write(sys.stderr, f"pilothouse: {text}")


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        # Into nothing from now on, else the interpreter itself would complain at its end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def age(moment: datetime | None) -> str:
    """How long ago, in the words of the window: 4 s, 12 min, 3 h, 5 d, 2 mo."""
    if moment is None:
        return "never"
    seconds = max(0, int((datetime.now(UTC) - moment).total_seconds()))
    for size, word in ((86400 * 60, "mo"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // (86400 * 30 if word == 'mo' else size)} {word}"
    return f"{seconds} s"


def stamp(moment: datetime | None) -> str | None:
    """A moment as JSON gives it: ISO 8601, UTC."""
    return None if moment is None else moment.astimezone(UTC).isoformat()
