"""The way back's steps, over any beginning: newest first, proven before the books are closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.change import VERIFY, Step
from pilothouse.domain.deployment import Cause, Progress, StepState, StepStatus
from pilothouse.engine.back import AlikeError, back_steps
from tests.store import samples

PLAN = samples.plan()
BEGUN = {StepStatus.INTENDED, StepStatus.DONE, StepStatus.FAILED, StepStatus.UNKNOWN}


def step(key: str, stage: int, *, books: bool = False, op: str = "fly.update") -> Step:
    return replace(PLAN.steps[0], key=key, stage=stage, books_only=books, op=op)


STEPS = (
    step("record", 0, books=True),
    *(step(f"{what}/{one}", stage) for stage, one in enumerate("abc", 1) for what in ("off", "on")),
    step("verify", 8, op=VERIFY),
    step("settle", 9, books=True),
)


class Undoing:
    """Operations whose inverse of each step is two steps, but of books one, of proofs none."""

    def inverse(self, one: Step) -> Sequence[Step]:
        if one.op == VERIFY:
            return ()
        first = replace(one, key=f"back/{one.key}/1", stage=0)
        if one.books_only:
            return (first,)
        return (first, replace(first, key=f"back/{one.key}/2"))


def back(statuses: dict[str, StepStatus], *, alike: bool = False, cause: Cause = Cause.STEP) -> Any:
    progress = Progress(
        replace(PLAN, steps=STEPS), steps={k: StepState(v) for k, v in statuses.items()}
    )
    operations: Any = Undoing()
    prober: Any = SimpleNamespace(old_side_fails=lambda: alike)
    return back_steps(progress, operations, prober, cause=cause)


stories = st.dictionaries(st.sampled_from([one.key for one in STEPS]), st.sampled_from(StepStatus))


@given(stories)
def test_whatever_was_begun_is_undone_and_nothing_else(story: dict[str, StepStatus]) -> None:
    undone = {one.key.split("/", 1)[1] for one in back(story) if one.op != VERIFY}
    begun = {k for k, v in story.items() if v in BEGUN and k != "verify"}
    assert {key.rsplit("/", 1)[0] for key in undone} == begun


@given(stories)
def test_later_stages_are_undone_first(story: dict[str, StepStatus]) -> None:
    stage_of = {one.key: one.stage for one in STEPS}
    steps = [one for one in back(story) if one.op != VERIFY and not one.books_only]
    was = [(one.stage, -stage_of[one.key.split("/", 1)[1].rsplit("/", 1)[0]]) for one in steps]
    assert [then for _, then in sorted(was)] == sorted(then for _, then in was)
    assert len({(now, then) for now, then in was}) == len({now for now, _ in was})


@given(stories)
def test_acting_then_proving_then_the_books(story: dict[str, StepStatus]) -> None:
    steps = back(story)
    acting = [one.stage for one in steps if one.op != VERIFY and not one.books_only]
    proofs = [one.stage for one in steps if one.op == VERIFY]
    books = [one.stage for one in steps if one.books_only]
    assert len(proofs) == (1 if acting else 0)
    assert all(stage < proofs[0] for stage in acting)
    assert all(stage > max([*acting, *proofs], default=-1) for stage in books)


@given(stories)
def test_keys_are_unique_and_begin_with_back(story: dict[str, StepStatus]) -> None:
    keys = [one.key for one in back(story)]
    assert len(set(keys)) == len(keys)
    assert all(key.startswith("back/") for key in keys)


@given(stories)
def test_it_is_the_same_each_time_it_is_asked_for(story: dict[str, StepStatus]) -> None:
    assert back(story) == back(story)


def test_the_proof_is_of_the_old_side() -> None:
    (proof,) = [one for one in back({"off/a": StepStatus.DONE}) if one.op == VERIFY]
    assert proof.args == {
        "side": "old",
        "artifact": PLAN.old_side.artifact,
        "instances": ["3f19", "a6c2"],
    }
    assert not proof.changes
    assert proof.limit_s >= 15


@pytest.mark.parametrize("cause", [Cause.STEP, Cause.EVIDENCE])
def test_nobody_goes_back_to_what_fails_just_the_same(cause: Cause) -> None:
    with pytest.raises(AlikeError, match="v42 fails just the same"):
        back({"off/a": StepStatus.DONE}, alike=True, cause=cause)


def test_a_person_is_not_asked_about_evidence() -> None:
    assert back({"off/a": StepStatus.DONE}, alike=True, cause=Cause.PERSON)
