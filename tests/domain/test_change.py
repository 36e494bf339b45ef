"""Plans: what the hash covers, what a plan is called, how long it should take."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given

from pilothouse.domain.change import Change, ChangeKind, Plan
from pilothouse.domain.guard import Family, Ruling, Verdict
from tests.store import samples

PLAN = samples.plan()
OTHER: dict[str, Any] = {
    "change": replace(PLAN.change, overrides=(("app", "it is the repair"),)),
    "app": replace(PLAN.app, name="harbor-web"),
    "from_version": 41,
    "to_version": 44,
    "target": replace(PLAN.target, ref="other"),
    "old_side": replace(PLAN.old_side, instances=("3f19",)),
    "way_back": replace(PLAN.way_back, ready=False),
    "verdicts": (),
    "steps": PLAN.steps[:1],
    "snapshot": {"machines": []},
    "fingerprint": "beef",
    "policy": replace(PLAN.policy, production=False),
    "probe_path": "/other",
    "made_at": PLAN.made_at.replace(year=2024),
    "warnings": (),
    "acts_as": "Bob",
    "format": 99,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Plan)])
def test_the_hash_covers_every_part_of_a_plan(name: str) -> None:
    assert replace(PLAN, **{name: OTHER[name]}).hash != PLAN.hash


@given(samples.plans)
def test_the_same_plan_has_the_same_hash(plan: Plan) -> None:
    assert replace(plan).hash == plan.hash
    assert len(plan.hash) == 64


def test_a_title_names_the_release_or_else_the_artifact() -> None:
    assert PLAN.title == "Deploy v43 to harbor-api"
    assert replace(PLAN, to_version=None).title == "Deploy next to harbor-api"
    back = Change(ChangeKind.ROLLBACK, PLAN.app.ref, to_version=41)
    assert replace(PLAN, change=back, to_version=41).title == "Roll back harbor-api to v41"


def test_lanes_of_a_stage_run_side_by_side() -> None:
    step = PLAN.steps[0]

    def taking(seconds: float, stage: int, lane: str) -> Any:
        return replace(step, expected_s=seconds, stage=stage, lane=lane)

    steps = (taking(3, 1, "a"), taking(2, 1, "a"), taking(4, 1, "b"), taking(1, 2, "a"))
    assert replace(PLAN, steps=steps).expected_s == 6
    assert replace(PLAN, steps=()).expected_s == 0


def test_a_plan_knows_what_stops_it() -> None:
    block = Verdict(Family.APP, Ruling.BLOCK, "Held.")
    warn = Verdict(Family.BASE, Ruling.WARN, "Hm.")
    assert replace(PLAN, verdicts=(block, warn)).stopping == (block,)
    assert replace(PLAN, verdicts=(replace(block, overridden="the repair"),)).stopping == ()
