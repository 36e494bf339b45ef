"""A wish to stop is never lost, and a run that nobody carries on is not called ended."""

from __future__ import annotations

from typing import Any

import pytest

from pilothouse.cli.following import Stopping, ended
from pilothouse.cli.printer import Printer
from pilothouse.domain.deployment import Progress, State
from pilothouse.domain.errors import JournalUnavailable
from pilothouse.domain.records import RequestKind
from tests.store import samples
from tests.waiting import until


class Deaf:
    """A service whose journal is away for the first few wishes."""

    def __init__(self, away: int) -> None:
        self.away, self.heard = away, list[tuple[RequestKind, str]]()

    def ask(self, kind: RequestKind, target: str) -> None:
        if self.away:
            self.away -= 1
            raise JournalUnavailable("disk full")
        self.heard.append((kind, target))


def test_a_stop_is_written_down_as_soon_as_the_journal_can_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    deaf: Any = Deaf(away=2)
    stopping = Stopping(deaf, Printer(as_json=False))
    stopping.begun("8f21ab04")
    stopping.on_signal(2, None)
    until(lambda: deaf.heard, "the wish")
    assert deaf.heard == [(RequestKind.STOP, "8f21ab04")]
    assert "Stopping and going back" in capsys.readouterr().err


def test_a_run_that_begins_after_the_wish_is_stopped_too() -> None:
    deaf: Any = Deaf(away=1)
    stopping = Stopping(deaf, Printer(as_json=False))
    stopping.on_signal(2, None)
    stopping.begun("8f21ab04")
    until(lambda: deaf.heard, "the wish")


def test_what_nobody_carries_on_names_recover(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(samples.plan(), state=State.RUNNING)
    assert ended(Printer(as_json=True), "8f21ab04", progress) == 12
    assert "Nobody carries 8f21ab04 on now: run “pilothouse recover”." in capsys.readouterr().err
