"""An engine on a real journal and a pretend platform, with time as short as it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.deployment import Progress
from pilothouse.domain.model import Account
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import Accounts
from pilothouse.domain.records import Journal
from pilothouse.engine.service import Service
from pilothouse.engine.trip import Trip, no_trip
from pilothouse.engine.views import Consent
from pilothouse.engine.world import World
from pilothouse.store.clock import SystemClock
from pilothouse.store.journal import SqlJournal
from pilothouse.store.releases import ReleaseCache
from pilothouse.store.settings import JsonSettings
from tests.engine.pretend import APP, Cloud, PretendAsker, PretendProvider
from tests.properties import without_haste

without_haste()

QUICK = replace(
    Timing.for_scale(1000),
    call_s=0.1,
    grace_s=0.05,
    poll_s=0.02,
    look_s=0.05,
    bake_min_s=0.1,
    bake_max_s=3.0,
    probe_gap_s=0.001,
    blind_s=0.6,
    dead_s=0.5,
)


class OneProvider:
    """`domain.ports.Providers` and `Accounts` with one account."""

    def __init__(self, provider: PretendProvider, timing: Timing) -> None:
        self._provider, self._timing = provider, timing

    def all(self) -> tuple[PretendProvider, ...]:
        return (self._provider,)

    def of(self, account_id: str) -> PretendProvider:
        return self._provider

    def timing(self, account: Account) -> Timing:
        return self._timing

    def list(self) -> tuple[Account, ...]:
        return (self._provider.account,)

    def keyring_state(self) -> str:
        return "No keyring is needed here."


@dataclass
class Rig:
    """One engine; `again` builds another one on the same journal, as a restart would."""

    folder: Path
    cloud: Cloud
    asker: PretendAsker
    service: Service
    journal: SqlJournal
    again: Callable[..., Rig]

    def deploy(self, image: str = "new", **more: object) -> Progress:
        """Plan, confirm and wait."""
        return self.service.wait(self.start(image), timeout_s=30)

    def start(self, image: str = "new") -> str:
        """Plan and confirm."""
        plan = self.service.plan(Change(ChangeKind.DEPLOY, "fly:pier", image=image))
        return self.service.submit(plan, Consent("ann", yes=True))

    def rollback(self, version: int | None = None) -> Progress:
        """Go back and wait."""
        plan = self.service.plan(Change(ChangeKind.ROLLBACK, "fly:pier", to_version=version))
        return self.service.wait(self.service.submit(plan, Consent("ann", yes=True)), timeout_s=30)


class Workshop:
    """Builds rigs on one folder and one cloud, and takes all of them down."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._cloud = folder, Cloud()
        self._after = ExitStack()

    def build(
        self,
        trip: Trip = no_trip,
        timing: Timing = QUICK,
        wrap: Callable[[SqlJournal], Journal] = lambda journal: journal,
        *,
        policy_command: str = "",
        provider: PretendProvider | None = None,
        accounts: Accounts | None = None,
    ) -> Rig:
        clock = SystemClock()
        journal = SqlJournal.open(f"sqlite:///{self._folder / 'journal.db'}", clock)
        self._after.callback(journal.close)
        cache = ReleaseCache.open(self._folder)
        self._after.callback(cache.close)
        settings = JsonSettings(self._folder / "settings.json")
        if policy_command:
            settings.set_policy(APP, production=None, command=policy_command)
        one = OneProvider(provider or PretendProvider(self._cloud), timing)
        asker = PretendAsker(self._cloud)
        world = World(
            wrap(journal),
            cache,
            settings,
            one,
            accounts or one,  # type: ignore[arg-type]  # few tests here add an account
            asker,
            clock,
            "ann",
            trip,
        )
        service = Service(world)
        self._after.callback(service.close)
        return Rig(self._folder, self._cloud, asker, service, journal, self.build)

    def close(self) -> None:
        self._after.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with closing(Workshop(tmp_path)) as workshop:
        yield workshop.build()


__all__ = ["APP", "QUICK", "Policy", "Rig"]
