"""What guards are asked about: a change, fresh facts, and who wants it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.change import Change, ChangeKind, Facts, Plan
from pilothouse.domain.policy import Policy
from pilothouse.domain.records import AppRecord
from pilothouse.engine.views import Consent


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How the owner's own command ended; `output` is its end, at most a few thousand letters."""

    exit_code: int | None
    seconds: float
    output: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """One moment at which guards are asked.

    `plan` and `consent` are there the second time only, just before acting; `answers` are the
    statuses that the app's address gave just now (None: no answer), empty when there is none.
    """

    change: Change
    facts: Facts
    policy: Policy
    record: AppRecord
    now: datetime
    asked_by: str
    answers: tuple[int | None, ...]
    run_command: Callable[[str, float], CommandResult]
    plan: Plan | None = None
    consent: Consent | None = None

    @property
    def is_rollback(self) -> bool:
        """Whether this is a way back, which waits for almost nothing."""
        return self.change.kind is ChangeKind.ROLLBACK
