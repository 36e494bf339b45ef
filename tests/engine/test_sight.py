"""What cannot be seen speaks neither for nor against a release: it is waited for, then unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import AccountRefused, KeyringUnavailable, Lost, RateLimited
from pilothouse.domain.model import JsonMap
from pilothouse.domain.policy import Policy, Timing
from pilothouse.engine.verify import Verified
from tests.engine.conftest import QUICK, Rig
from tests.engine.pretend import APP, lost_before
from tests.engine.test_verify import LIVE, Proof
from tests.fakes import FakeClock
from tests.store import samples

Fault = Callable[[Callable[[], JsonMap]], JsonMap]
REFUSED = AccountRefused("pretend", said="expired", renew="Make a new one.")


def raising(error: Exception) -> Fault:
    def fault(_apply: Callable[[], JsonMap]) -> JsonMap:
        raise error

    return fault


def kinds(rig: Rig, deployment: str) -> list[EventKind]:
    return [event.kind for event in rig.journal.events(deployment)]


# ------------------------------------------------------------------- for how long it was blind


def test_one_lost_answer_late_in_a_long_wait_is_not_a_long_blindness(rig: Rig) -> None:
    rig.cloud.linger_s = QUICK.blind_s + 0.2
    rig.cloud.faults[("known", 0)] = lost_before
    deployment = rig.start()
    progress = rig.service.wait(deployment, timeout_s=30)
    assert progress.state is State.GOOD, progress.reason
    assert progress.blind_since is None
    assert {EventKind.BLIND, EventKind.SIGHTED} <= set(kinds(rig, deployment))


def test_a_platform_that_asks_for_a_day_of_patience_is_asked_again_before(rig: Rig) -> None:
    rig.cloud.faults[("put", 0)] = raising(RateLimited("too many", retry_after_s=86_400.0))
    assert rig.deploy().state is State.GOOD


@pytest.mark.parametrize("way", ["new", "old"])
def test_a_platform_that_does_not_answer_proves_nothing(way: str) -> None:
    proof = Proof(None, timing=Timing())
    with pytest.raises(Lost, match="does not answer"):
        getattr(proof, way)()
    assert proof.clock.steady() < 15.0


def test_a_platform_away_just_at_the_end_of_a_proof_is_not_the_releases_fault() -> None:
    proof = Proof(replace(LIVE, instances=()), timing=Timing())

    def wait(seconds: float) -> None:
        proof.clock.advance(seconds)
        if proof.clock.steady() > 13.0:
            proof.verified._provider.live_now = None  # type: ignore[attr-defined]

    proof.verified._context.wait = wait  # type: ignore[method-assign]
    with pytest.raises(Lost, match="does not answer"):
        proof.old(limit_s=15.0)


# ------------------------------------------------------------------- tokens


def test_a_token_refused_while_looking_is_not_the_releases_fault(rig: Rig) -> None:
    rig.cloud.faults[("well", 0)] = raising(REFUSED)
    progress = rig.deploy()
    assert progress.state is State.GOOD, progress.reason


def test_a_locked_keyring_sends_nothing_and_is_tried_again(rig: Rig) -> None:
    rig.cloud.faults[("put", 0)] = raising(KeyringUnavailable("It is locked.", "Unlock it."))
    deployment = rig.start()
    assert rig.service.wait(deployment, timeout_s=30).state is State.GOOD
    outcomes = [
        event.data["outcome"]
        for event in rig.journal.events(deployment)
        if event.kind is EventKind.SETTLED and event.step == "put:a"
    ]
    assert outcomes == ["absent", "done"]


def test_a_token_refused_on_the_way_back_is_unknown_and_goes_on_with_a_new_one(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    for number in range(1, 20):
        rig.cloud.faults[("put", number)] = raising(REFUSED)
    progress = rig.deploy()
    assert progress.state is State.UNKNOWN, progress.reason
    assert "Make a new one." in progress.reason
    rig.cloud.faults.clear()
    (again,) = rig.service.recover()
    assert rig.service.wait(again, timeout_s=30).state is State.ROLLED_BACK
    assert set(rig.cloud.runs.values()) == {"old"}


# ------------------------------------------------------------------- after a restart


class Told:
    """Hears what a prober would be told of who serves what."""

    def __init__(self) -> None:
        self.old, self.new = ["a", "b"], list[str]()

    def leaves_traffic(self, one: str) -> None:
        self.old = [other for other in self.old if other != one]
        self.new = [other for other in self.new if other != one]

    def serves_new(self, instances: list[str]) -> None:
        self.new += instances

    def serves_old(self, instances: list[str]) -> None:
        self.old += instances


def sides(begun: dict[str, JsonMap], *keys: str) -> Told:
    """Who serves what by a journal in which steps `a/…` of the lane a were begun."""
    plan = replace(samples.plan(APP), policy=Policy())
    plan = replace(plan, old_side=replace(plan.old_side, instances=("a", "b")))
    step = replace(samples.plan().steps[1], lane="a", changes=True, books_only=False)
    steps = tuple(replace(step, key=key) for key in keys)
    context: Any = SimpleNamespace(
        plan=plan,
        all_steps=steps,
        begun=lambda step: step.key in begun,
        data_of=lambda key: begun.get(key, {}),
    )
    told, nothing = Told(), None
    prober: Any = told
    inner: Any = nothing
    Verified(inner, provider=inner, prober=prober, context=context, clock=FakeClock())
    return told


def test_after_a_restart_what_was_changed_speaks_for_the_old_side_no_more() -> None:
    told = sides({"cordon/a": {}}, "cordon/a", "update/a")
    assert (told.old, told.new) == (["b"], [])
    told = sides({"update/a": {}, "shown/a": {"serving": ["a"]}}, "update/a", "shown/a")
    assert (told.old, told.new) == (["b"], ["a"])


def test_after_a_restart_on_the_way_back_what_went_back_is_the_old_side_again() -> None:
    begun: dict[str, JsonMap] = {
        "shown/a": {"serving": ["a"]},
        "back/restore/a": {},
        "back/shown/a": {"serving": ["a"]},
    }
    told = sides(begun, "shown/a", "back/restore/a", "back/shown/a")
    assert (told.old, told.new) == (["b", "a"], [])
