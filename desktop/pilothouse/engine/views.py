"""What the engine shows its faces, and what they must bring to start a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pilothouse.domain.model import Account, App, AppState, Live, Release
from pilothouse.domain.news import Reach
from pilothouse.domain.records import DeploymentRecord


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's yes to one plan.

    `typed_name` is what was typed where production asks for the app's name; `yes` stands for
    every confirmation, as `--yes` does.
    """

    by: str
    typed_name: str = ""
    yes: bool = False


@dataclass(frozen=True, slots=True)
class AppView:
    """One app as the window's fleet shows it, from the cache and the journal.

    `seen_at` is when `live` was seen, `history_seen_at` when the newest page of history was read;
    `reach` is how the last look went, with the reason where it did not go well.
    """

    app: App
    account: Account
    state: AppState
    live: Live | None
    release: Release | None
    hold_reason: str | None
    locked_by: str | None
    last: DeploymentRecord | None
    way_back: Release | None
    seen_at: datetime | None
    history_seen_at: datetime | None
    reach: Reach
    reach_reason: str
    production: bool
