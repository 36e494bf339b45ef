"""Proving a side: by requests from outside, by the platform's signs, and by those alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from pilothouse.domain.change import VERIFY
from pilothouse.domain.deployment import Cause, State
from pilothouse.domain.errors import Failed, Lost, Undecided
from pilothouse.domain.evidence import Counts, Probe, judge
from pilothouse.domain.model import App, Instance, Live
from pilothouse.domain.policy import Policy, Timing
from pilothouse.engine.verify import SIGNS_EVERY_S, Signs, Verified
from tests.engine.conftest import Rig
from tests.engine.pretend import APP, THEN
from tests.fakes import FakeClock
from tests.store import samples

A = Instance("a", "ams", "app", "started", 3, "new", "v1", True, serving=True)
B = replace(A, id="b")
LIVE = Live(APP, None, (A, B), "/", maintenance=False, seen_at=THEN)
STEP = replace(
    samples.plan().steps[1], args={"artifact": "new", "instances": ["a", "b"]}, limit_s=5.0
)


@dataclass
class Telling:
    """A provider that tells what the test says; None: it does not answer."""

    live_now: Live | None
    looks: int = 0

    def live(self, _app: App) -> Live:
        self.looks += 1
        if self.live_now is None:
            raise Lost("no answer")
        return self.live_now


class Looking:
    """Signs, looked at anew at each call."""

    def __init__(
        self,
        live: Live | None,
        args: dict[str, Any] | None = None,
        *,
        first_life: int | None = None,
    ) -> None:
        self.telling, self.clock = Telling(live), FakeClock()
        step = STEP if args is None else replace(STEP, args=args)
        context: Any = SimpleNamespace(plan=samples.plan(APP), see=lambda: None)
        provider: Any = self.telling
        self.signs = Signs(provider, context, step, self.clock, first_life=first_life)

    def at(self, live: Live | None) -> Signs:
        self.telling.live_now = live
        self.clock.advance(SIGNS_EVERY_S)
        self.signs.look()
        return self.signs


@pytest.mark.parametrize(
    ("live", "says"),
    [
        (LIVE, ""),
        (replace(LIVE, instances=(A, replace(B, healthy=None))), ""),
        (replace(LIVE, maintenance=True), "The app is in maintenance."),
        (replace(LIVE, instances=()), "No instance serves."),
        (replace(LIVE, instances=(A,)), "1 of 2 instances do not serve."),
        (
            replace(LIVE, instances=(A, replace(B, serving=False))),
            "1 of 2 instances do not serve.",
        ),
        (
            replace(LIVE, instances=(A, replace(B, artifact="old"))),
            "1 of 2 instances run something else.",
        ),
        (
            replace(LIVE, instances=(A, replace(B, healthy=False))),
            "1 of 2 instances are not healthy.",
        ),
        (None, "The platform does not answer: no answer"),
    ],
)
def test_what_the_platform_says(live: Live | None, says: str) -> None:
    signs = Looking(live).at(live)
    assert signs.wrong == says
    assert signs.good is (not says)


def test_where_no_instances_are_named_all_that_serve_must_run_it() -> None:
    looking = Looking(LIVE, {"artifact": "new"})
    assert looking.at(replace(LIVE, instances=(A,))).good
    odd = replace(LIVE, instances=(A, replace(B, artifact="old")))
    assert "run something else" in looking.at(odd).wrong


def test_signs_get_well_again() -> None:
    looking = Looking(None)
    assert not looking.at(None).good
    assert looking.at(LIVE).good


def test_the_platform_is_looked_at_once_a_second() -> None:
    looking = Looking(LIVE)
    looking.at(LIVE)
    for _ in range(5):
        looking.signs.look()
    assert looking.telling.looks == 1


@pytest.mark.parametrize("state", ["crashed", "failed"])
def test_a_crash_ends_the_proof_at_once(state: str) -> None:
    looking = Looking(LIVE)
    with pytest.raises(Failed, match=f"Instance b {state}"):
        looking.at(replace(LIVE, instances=(A, replace(B, state=state, serving=False))))


def test_a_third_life_is_no_recovery() -> None:
    looking = Looking(LIVE)
    assert looking.at(LIVE).good
    with pytest.raises(Failed, match="crash loop"):
        looking.at(replace(LIVE, instances=(A, replace(B, lives=2))))


def test_a_release_that_was_never_proven_may_not_be_in_its_second_life_when_first_seen() -> None:
    looking = Looking(LIVE, first_life=1)
    with pytest.raises(Failed, match="crash loop"):
        looking.at(replace(LIVE, instances=(A, replace(B, lives=2))))


def test_a_new_incarnation_begins_its_lives_anew() -> None:
    looking = Looking(LIVE)
    looking.at(replace(LIVE, instances=(A, replace(B, lives=3))))
    assert looking.at(replace(LIVE, instances=(A, replace(B, version="v2", lives=1)))).good


def test_a_crash_of_something_else_is_not_this_sides() -> None:
    other = replace(B, id="c", artifact="old", state="crashed", serving=False)
    assert Looking(LIVE).at(replace(LIVE, instances=(A, B, other))).good


# ------------------------------------------------------------------- in a run


def test_an_app_without_an_address_is_judged_by_the_platform_alone(rig: Rig) -> None:
    rig.cloud.addresses = ()
    progress = rig.deploy()
    assert progress.state is State.GOOD, progress.reason
    assert not progress.provisional
    found = progress.data_of("verify")
    assert found["by_platform_signs_alone"] is True
    assert (found["asked"], progress.asked) == (0, 0)


def test_an_app_without_an_address_goes_back_by_the_platforms_signs(rig: Rig) -> None:
    rig.cloud.addresses = ()
    rig.cloud.on_call = lambda key: rig.cloud.crashing.add("new") if key == "known:b" else None
    progress = rig.deploy()
    assert progress.state is State.ROLLED_BACK, progress.reason
    assert progress.cause is Cause.EVIDENCE
    assert "crashed on the platform" in progress.reason
    assert set(rig.cloud.runs.values()) == {"old"}


def test_a_proof_counts_and_bounds_what_it_asked(rig: Rig) -> None:
    found = rig.deploy().data_of("verify")
    assert found["judgement"] == "good"
    assert found["by_platform_signs_alone"] is False
    assert found["lost"] == found["bursts"] == 0
    asked, bound = found["asked"], found["upper_bound"]
    assert isinstance(asked, int)
    assert isinstance(bound, float)
    assert asked >= 200
    assert 0 < bound < 0.015


def test_a_dead_new_release_stops_before_the_second_instance(rig: Rig) -> None:
    rig.cloud.bad.add("new")
    rig.cloud.linger_s = 1.0
    progress = rig.deploy()
    assert progress.state is State.ROLLED_BACK
    assert "gave no good answer for" in progress.reason
    assert "b" not in " ".join(rig.cloud.changes)


# ------------------------------------------------------------------- by a clock set by hand


class Proof:
    """A `Verified` whose waits only move the clock, over a prober that the test speaks for."""

    def __init__(self, live: Live | None, *, timing: Timing, has_address: bool = True) -> None:
        self.clock = FakeClock()
        self.counts, self.back = Counts(), tuple[Probe, ...]()
        self.dead_s = 0.0
        self.notes: list[str] = []
        plan = replace(samples.plan(APP), policy=Policy(timing=timing))
        context: Any = SimpleNamespace(
            plan=plan,
            data_of=lambda _key: {},
            wait=self.clock.advance,
            all_steps=plan.steps,
            begun=lambda _step: False,
            see=lambda: None,
            tell=lambda _step, text: self.notes.append(text),
        )
        prober: Any = SimpleNamespace(
            has_address=has_address,
            all_is_new=lambda: None,
            going_back=self.clock.steady,
            new_counts=lambda: self.counts,
            new_side=lambda: judge(self.counts),
            new_dead_s=lambda: self.dead_s,
            since=lambda _at_s: self.back,
            latencies_ms=lambda _side: None,
        )
        provider: Any = Telling(live)
        nothing: Any = None
        self.verified = Verified(
            nothing, provider=provider, prober=prober, context=context, clock=self.clock
        )

    def new(self, limit_s: float = 900.0) -> dict[str, Any]:
        step = replace(STEP, op=VERIFY, limit_s=limit_s)
        return dict(self.verified.apply(step))

    def old(self, limit_s: float = 15.0) -> dict[str, Any]:
        args: dict[str, Any] = {"side": "old", "artifact": "new", "instances": ["a", "b"]}
        return dict(self.verified.apply(replace(STEP, op=VERIFY, args=args, limit_s=limit_s)))


REAL = Timing()


def test_the_shortest_bake_is_kept_even_when_all_is_clear() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.counts = Counts(asked=900)
    assert proof.new()["judgement"] == "good"
    assert REAL.bake_min_s <= proof.clock.steady() < REAL.bake_min_s + 1


def test_the_longest_bake_without_a_verdict_leaves_it_provisional() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.counts = Counts(asked=150)
    found = proof.new()
    assert found["judgement"] == "provisional"
    assert 0.019 < found["upper_bound"] < 0.021
    assert REAL.bake_max_s <= proof.clock.steady() < REAL.bake_max_s + 1


def test_two_hiccups_in_a_long_bake_are_forgiven_at_its_end() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.counts = Counts(asked=900, lost=5, bursts=2)
    assert proof.new()["judgement"] == "good"
    assert proof.clock.steady() >= REAL.bake_max_s


def test_three_are_not() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.counts = Counts(asked=900, lost=7, bursts=3)
    with pytest.raises(Failed, match="7 of 900 requests from outside failed"):
        proof.new()
    assert proof.clock.steady() == 0


def test_nobody_answering_is_for_a_person() -> None:
    proof = Proof(LIVE, timing=REAL)
    with pytest.raises(Undecided, match="neither good nor bad"):
        proof.new()


def test_a_dead_side_needs_no_bake() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.dead_s = 2.1
    with pytest.raises(Failed, match=r"no good answer for 2.1 s"):
        proof.new()
    assert proof.clock.steady() == 0


def test_a_side_that_serves_well_but_is_called_ill_is_not_proven() -> None:
    proof = Proof(replace(LIVE, instances=(A, replace(B, healthy=False))), timing=REAL)
    proof.counts = Counts(asked=9000)
    with pytest.raises(Failed, match="could not be proven within 700 s: 1 of 2 instances are not"):
        proof.new(limit_s=700.0)


def test_signs_alone_prove_an_app_without_an_address() -> None:
    proof = Proof(LIVE, timing=REAL, has_address=False)
    found = proof.new()
    assert found["judgement"] == "good"
    assert found["by_platform_signs_alone"] is True
    assert proof.clock.steady() >= REAL.bake_min_s


def back_probes(clean: int) -> tuple[Probe, ...]:
    lost = Probe(0.0, "public", None, 500, 0.01, good=False)
    return (lost, *[replace(lost, at_s=n + 1.0, status=200, good=True) for n in range(clean)])


def test_a_way_back_is_proven_by_twenty_in_a_row() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.back = back_probes(20)
    found = proof.old()
    assert (found["judgement"], found["asked"], found["lost"]) == ("good", 21, 1)


def test_nineteen_are_not_enough() -> None:
    proof = Proof(LIVE, timing=REAL)
    proof.back = back_probes(19)
    with pytest.raises(Failed, match="did not serve cleanly within 15 s: 1 of 20 requests"):
        proof.old()


def test_a_way_back_needs_the_platforms_signs_too() -> None:
    proof = Proof(replace(LIVE, instances=(A,)), timing=REAL)
    proof.back = back_probes(40)
    with pytest.raises(Failed, match="1 of 2 instances do not serve"):
        proof.old()
