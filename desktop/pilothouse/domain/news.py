"""What listeners hear while the program runs.

News is passing: whoever missed it reads the journal or the cache. A listener never calls the
engine from inside its own call, and never blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pilothouse.domain.deployment import Event, Progress
from pilothouse.domain.evidence import Probe
from pilothouse.domain.guard import Verdict
from pilothouse.domain.model import Live


@dataclass(frozen=True, slots=True)
class Journaled:
    """An event was written; `progress` is the state after it."""

    app_id: str
    event: Event
    progress: Progress


@dataclass(frozen=True, slots=True)
class Probed:
    """Probes were answered, oldest first; `side` of each is told by its instance."""

    deployment_id: str
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class JournalTrouble:
    """The journal cannot be written: the run is paused; `reason` empty: it can again."""

    deployment_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A guard answered while a plan was being made; `draft` is the caller's own mark."""

    draft: str
    verdict: Verdict


class Reach(StrEnum):
    """What became of an attempt to look at an account or an app."""

    SEEN = "seen"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Looked:
    """An app, or a whole account where `app_id` is None, was looked at."""

    account: str
    app_id: str | None
    reach: Reach
    at: datetime
    reason: str = ""
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class HistoryRead:
    """A page of history went into the cache; `total` so far; `complete` when nothing is older."""

    app_id: str
    total: int
    complete: bool


class Urgency(StrEnum):
    """How loudly a notice speaks."""

    SILENT = "silent"
    NORMAL = "normal"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something a person should know; open until it is marked as seen.

    The four answers of `failed`, `serves`, `done`, `choices` are sentences in this order.
    """

    deployment_id: str
    app_id: str
    app_name: str
    state: str
    urgency: Urgency
    title: str
    text: str
    failed: str
    serves: str
    done: str
    choices: str
    at: datetime
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notified:
    """A notice was raised, changed in place, or marked as seen."""

    notice: Notice


News = Journaled | Probed | JournalTrouble | VerdictGiven | Looked | HistoryRead | Notified
