"""Steps of a change at Fly.io, and what undoes them: any fleet, struck at any point."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.change import VERIFY, Step
from pilothouse.domain.policy import Policy, Timing
from pilothouse.providers.fly import steps as fly
from pilothouse.providers.fly.strategies import at_once, inverse, steps
from tests.providers.fly.samples import BACK, DEPLOY, NEW, facts, known

TIMING = Timing()
REGIONS = st.sampled_from(["ams", "fra", "syd"])
STATES = st.sampled_from(["started", "started", "started", "stopped", "suspended", "failed"])


@st.composite
def fleets(draw: st.DrawFn) -> dict[str, Any]:
    return {
        f"{number:02d}ab4e2f9a1b08": known(
            state=draw(STATES),
            region=draw(REGIONS),
            group=draw(st.sampled_from(["app", "app", "worker"])),
            cordoned=draw(st.integers(0, 4)) == 0,
            service=draw(st.integers(0, 4)) > 0,
        )
        for number in range(draw(st.integers(0, 12)))
    }


SHARES = st.one_of(st.floats(0.05, 0.99), st.integers(1, 20).map(float))


def roll(machines: dict[str, Any], share: float = 0.33) -> tuple[Step, ...]:
    return steps(DEPLOY, facts(machines), Policy(max_unavailable=share))


def verbs(lane: list[Step]) -> list[str]:
    return [one.op.removeprefix("fly.") for one in lane]


FULL = ["cordon", "drain", "update", "healthy", "uncordon", "propagated"]


def test_four_machines_roll_two_at_a_time_one_in_each_region() -> None:
    fleet = {
        "3f19": known(region="ams"),
        "c2d1": known(region="ams"),
        "7b21": known(region="fra"),
        "90aa": known(region="fra"),
    }
    found = roll(fleet)
    assert [(one.key, one.stage) for one in found[:2]] == [("record", 0), ("settle-running", 0)]
    assert {one.group for one in found if one.stage == 1} == {"Roll ams 3f19, fra 7b21"}
    assert {one.group for one in found if one.stage == 2} == {"Roll ams c2d1, fra 90aa"}
    lane = [one for one in found if one.lane == "3f19"]
    assert verbs(lane) == FULL
    assert lane[2].title == "Update 3f19 in ams"
    assert [one.key for one in found[-2:]] == ["verify", "settle"]
    assert found[-2].args["instances"] == ["3f19", "7b21", "90aa", "c2d1"]
    assert found[-2].args["artifact"] == NEW


def test_no_two_headings_of_a_plan_say_the_same() -> None:
    found = roll({"3f19": known(region="ams"), "c2d1": known(region="fra")})
    names = [name for name, _ in groupby(found, key=lambda one: one.group)]
    assert names[0] == "Record the release"
    assert names[-2:] == ["Prove it", "Settle the release"]
    assert len(set(names)) == len(names)


def test_a_single_machine_is_not_taken_out_of_traffic_for_longer_than_its_update() -> None:
    found = roll({"3f19": known()})
    assert verbs([one for one in found if one.lane == "3f19"]) == ["update", "healthy"]
    assert found[3].args["joins"] is True


def test_going_back_brings_what_was_taken_out_into_traffic_again() -> None:
    fleet = {"3f19": known(cordoned=True), "c2d1": {**known(state="stopped"), "crashed": True}}
    found = steps(BACK, facts(fleet, back_to=41), Policy())
    assert verbs([s for s in found if s.lane == "3f19"]) == FULL[2:]
    crashed = [s for s in found if s.lane == "c2d1"]
    assert verbs(crashed)[-2:] == ["update", "healthy"]
    assert crashed[-2].args["launch"] is True
    assert next(s for s in found if s.op == VERIFY).args["instances"] == ["3f19", "c2d1"]


def test_what_was_cordoned_stays_cordoned() -> None:
    found = roll({"3f19": known(cordoned=True), "c2d1": known(), "7b21": known()})
    lane = [one for one in found if one.lane == "3f19"]
    assert verbs(lane) == ["update", "healthy"]
    assert lane[0].args["hidden"] is True
    assert lane[1].args["joins"] is False
    assert "3f19" not in str(found[-2].args["instances"])


def test_sleeping_machines_come_last_and_are_not_woken() -> None:
    found = roll({"3f19": known(), "c2d1": known(), "7b21": known(state="stopped")})
    asleep = [one for one in found if one.lane == "7b21"]
    assert verbs(asleep) == ["update"]
    assert asleep[0].args["launch"] is False
    assert asleep[0].stage == max(one.stage for one in found if one.op == fly.UPDATE)


def test_a_host_that_does_not_answer_is_left_out() -> None:
    fleet = {"3f19": known(), "c2d1": {**known(), "config": None}}
    assert not [one for one in roll(fleet) if one.lane == "c2d1"]


def test_a_way_back_by_hand_says_so_in_the_record() -> None:
    fleet = facts({"3f19": known()}, back_to=41)
    assert steps(BACK, fleet, Policy())[0].args["description"] == "Rollback to v41"


def test_a_machines_own_earlier_configuration_is_used() -> None:
    fleet = facts({"3f19": known(), "c2d1": known()}, back_to=41)
    snapshot: dict[str, Any] = {
        **fleet.snapshot,
        "targets": {"3f19": {"image": "x", "env": {"A": "old"}}},
    }
    found = steps(BACK, replace(fleet, snapshot=snapshot), Policy())
    updates: dict[str, Any] = {one.lane: one.args for one in found if one.op == fly.UPDATE}
    assert updates["3f19"]["config"]["env"] == {"A": "old"}
    assert updates["c2d1"]["config"]["env"] == {"LOG_LEVEL": "info"}


def test_waves_are_no_larger_than_their_number_needs() -> None:
    fleet = {f"{number:03d}": known() for number in range(100)}
    sizes = Counter(one.stage for one in roll(fleet) if one.op == fly.UPDATE)
    assert list(sizes.values()) == [25, 25, 25, 25]


@given(st.integers(1, 300), SHARES)
def test_never_more_are_out_than_the_owner_allows_nor_none(warm: int, share: float) -> None:
    count = at_once(warm, share)
    assert 1 <= count <= warm
    assert count <= max(1, math.ceil(warm * share) if share < 1 else int(share))


@given(fleets(), SHARES)
def test_every_plan_holds_what_it_must(machines: dict[str, Any], share: float) -> None:
    found = roll(machines, share)
    assert max(Counter(one.key for one in found).values()) == 1
    assert [one.stage for one in found] == sorted(one.stage for one in found)
    updated = [one.lane for one in found if one.op == fly.UPDATE]
    assert sorted(updated) == sorted(machines)
    warm = {key for key, one in machines.items() if one["state"] in {"started", "failed"}}
    for stage in {one.stage for one in found if one.op == fly.UPDATE}:
        rolled = {one.lane for one in found if one.op == fly.UPDATE and one.stage == stage}
        assert rolled <= warm or not rolled & warm, "warm and sleeping machines do not mix"
        for group in ("app", "worker"):
            members = {key for key in warm if machines[key]["group"] == group}
            assert len(rolled & members) <= at_once(max(1, len(members)), share)
    for lane in machines:
        mine = verbs([one for one in found if one.lane == lane])
        assert mine in (FULL, ["update", "healthy"], ["update"])
        if machines[lane]["cordoned"]:
            assert "cordon" not in mine
            assert "uncordon" not in mine
    assert [one.op for one in found[-2:]] == [VERIFY, fly.SETTLE]


@dataclass
class Model:
    """A platform in a few words: what each machine runs and whether it is hidden."""

    runs: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, bool] = field(default_factory=dict)
    hidden_while_changed: list[str] = field(default_factory=list)

    def do(self, step: Step) -> None:
        match step.op:
            case fly.CORDON:
                self.hidden[step.lane] = True
            case fly.UNCORDON:
                self.hidden[step.lane] = False
            case fly.UPDATE:
                self.runs[step.lane] = "new"
            case fly.RESTORE:
                if self.runs[step.lane] == "new" and not self.hidden[step.lane]:
                    self.hidden_while_changed.append(step.lane)
                self.runs[step.lane] = "old"
            case _:
                """Waits and the history change no machine."""


def way_back(begun: list[Step]) -> list[Step]:
    """The inverse of what was begun, in the engine's order: newest stage first."""
    found: list[Step] = []
    for stage in sorted({one.stage for one in begun}, reverse=True):
        for one in reversed([each for each in begun if each.stage == stage]):
            found += inverse(one, TIMING)
    return found


@given(fleets(), SHARES, st.data())
def test_whatever_was_begun_the_way_back_ends_where_it_started(
    machines: dict[str, Any], share: float, data: st.DataObject
) -> None:
    plan = roll(machines, share)
    model = Model(
        dict.fromkeys(machines, "old"),
        {key: one["cordoned"] for key, one in machines.items()},
    )
    before = Model(dict(model.runs), dict(model.hidden))
    last = data.draw(st.integers(0, max(one.stage for one in plan)))
    begun: list[Step] = []
    lanes = {one.lane for one in plan if one.stage == last}
    cut = {lane: data.draw(st.integers(0, 6), label=lane) for lane in sorted(lanes)}
    for one in plan:
        if one.stage > last or (one.stage == last and cut[one.lane] <= 0):
            continue
        if one.stage == last:
            cut[one.lane] -= 1
        begun.append(one)
        if one.stage < last or cut[one.lane] > 0 or data.draw(st.booleans()):
            model.do(one)  # otherwise its call was lost and never landed
    back = way_back(begun)
    for one in back:
        assert one.key.startswith("back/")
        model.do(one)
    assert max(Counter(one.key for one in back).values(), default=1) == 1
    assert (model.runs, model.hidden) == (before.runs, before.hidden)
    full = {one.lane for one in begun if one.op == fly.UNCORDON}
    assert not full & set(model.hidden_while_changed), "a serving machine is drained first"


def test_the_inverse_of_each_step() -> None:
    plan = {one.key: one for one in roll({"3f19": known(), "c2d1": known()})}
    undone = {key: verbs(list(inverse(one, TIMING))) for key, one in plan.items()}
    assert undone["record"] == ["settle"]
    assert undone["settle-running"] == []
    assert undone["cordon/3f19"] == ["uncordon", "propagated"]
    assert undone["drain/3f19"] == []
    assert undone["update/3f19"] == ["rested", "restore", "healthy"]
    assert undone["healthy/3f19"] == []
    assert undone["uncordon/3f19"] == ["cordon", "drain"]
    assert undone["verify"] == []
    restored = inverse(plan["update/3f19"], TIMING)[1]
    assert restored.args["config"] == known()["config"]
    assert restored.group == "Roll back ams 3f19"
    assert restored.title == "Put the old release back on 3f19 in ams"
    failed = inverse(plan["record"], TIMING)[0]
    assert (failed.args["status"], failed.books_only) == ("failed", True)
