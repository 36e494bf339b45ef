"""What always holds in the practice cloud, whoever did what to it; asked after every step."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import httpx
import msgspec

from pilothouse.sandbox import state
from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.fly.state import Machine
from pilothouse.sandbox.heroku.limits import CAPACITY, REFILL_PER_S
from pilothouse.sandbox.pace import wall_s
from tests.sandbox.both import Both

PROPAGATED_S = 0.02
"""Real seconds after which a cordon is known everywhere, at the scale of these tests."""


@dataclass
class Ledger:
    """What was seen so far, to hold against what is."""

    histories: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    current: dict[str, int] = field(default_factory=dict)
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)
    cordoned: dict[str, float] = field(default_factory=dict)
    budget: tuple[float, float] = (CAPACITY, 0.0)
    looks: int = 0

    def look(self, both: Both) -> None:
        """Check everything that a look at the state can tell."""
        self._histories_only_grow(both)
        self._one_release_is_current(both)
        self._leases_stay_with_their_holders(both)
        for edge in both.world.edges.values():
            counts_add_up(edge)
        self._note_cordons(both)
        self.looks += 1
        if self.looks % 10 == 0:
            assert msgspec.json.decode(both.picture(), type=state.Saved) == both.world.saved

    def _histories_only_grow(self, both: Both) -> None:
        for app in both.apps:
            rows = [(each.id, each.version) for each in app.releases]
            before = self.histories.get(app.id, rows)
            assert rows[: len(before)] == before, f"{app.name} has another past"
            versions = [version for _, version in rows]
            assert versions == sorted(set(versions)), f"{app.name} used a version twice"
            self.histories[app.id] = rows

    def _one_release_is_current(self, both: Both) -> None:
        for app in both.world.heroku.apps:
            release = app.current_release()
            assert release is not None
            assert release.status == "succeeded", f"{app.name} runs a release that {release.status}"
            assert app.current >= self.current.get(app.id, 0), f"{app.name} went back by itself"
            self.current[app.id] = app.current

    def _leases_stay_with_their_holders(self, both: Both) -> None:
        for app in both.world.fly.apps:
            for machine in both.machines(app):
                nonce, until = self.leases.get(machine.id, ("", 0.0))
                if until > wall_s() + 1.0:
                    assert machine.lease is not None, f"{machine.name} lost its lease"
                    assert machine.lease.nonce == nonce, f"{machine.name} has another holder"

    def _note_cordons(self, both: Both) -> None:
        there = {each.id: each for app in both.world.fly.apps for each in both.machines(app)}
        now = time.monotonic()
        for identifier, machine in there.items():
            if machine.cordoned:
                self.cordoned.setdefault(identifier, now)
        for identifier in list(self.cordoned):
            if identifier not in there or not there[identifier].cordoned:
                del self.cordoned[identifier]

    def hidden(self, both: Both, app: str) -> set[str]:
        """The machines that no request may reach: cordoned, and all proxies know it."""
        since = time.monotonic() - PROPAGATED_S
        mine = {each.id for each in both.machines(app)}
        return {each for each in mine if self.cordoned.get(each, since) < since}

    def note_lease(self, machine: Machine) -> None:
        """Somebody took or gave back the lease, by whatever way."""
        lease = machine.lease
        self.leases[machine.id] = (lease.nonce, lease.expires_at) if lease else ("", 0.0)

    def note_budget(self, answer: httpx.Response) -> None:
        """The budget of Heroku's API grows by its refill alone."""
        shown = answer.headers.get("ratelimit-remaining")
        if shown is None:
            return
        left, at = self.budget
        now = time.monotonic()
        most = min(CAPACITY, left + (now - at) * REFILL_PER_S + 1) if at else CAPACITY
        assert 0 <= int(shown) <= most, f"{shown} requests left, after {left}"
        self.budget = (int(shown), now)


def in_force(machine: Machine) -> str | None:
    """The nonce that alone may change a machine now; None when anybody may."""
    lease = machine.lease
    return lease.nonce if lease is not None and lease.expires_at > wall_s() + 1.0 else None


def counts_add_up(edge: Edge, *, at_rest: bool = False) -> None:
    """Every request has one end at most, and exactly one when nothing is under way."""
    counted = edge.counters
    answered = counted.answered + counted.refused + counted.lost
    ended = answered + counted.broken + counted.abandoned
    assert ended <= counted.requests
    assert sum(counted.by_instance.values()) <= counted.requests
    assert not at_rest or ended == counted.requests
