"""Everything outside that the engine works with, as ports."""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.domain.ports import Accounts, Asker, Clock, Providers
from pilothouse.domain.records import Journal, ReleaseStore, Settings
from pilothouse.engine.trip import Trip, no_trip


@dataclass(frozen=True, slots=True)
class World:
    """Everything outside that the engine works with, as ports."""

    journal: Journal
    releases: ReleaseStore
    settings: Settings
    providers: Providers
    accounts: Accounts
    asker: Asker
    clock: Clock
    actor: str
    trip: Trip = no_trip
