"""Folding events: what holds after any story, however long, in whatever order things went."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.deployment import (
    LIVE,
    Cause,
    Event,
    EventKind,
    Outcome,
    Progress,
    State,
    StepStatus,
)
from pilothouse.domain.fold import SETTLED_AS, advance, fold
from tests.fakes import START
from tests.store import samples

PLAN = samples.plan()
KEYS = [step.key for step in PLAN.steps]
BACK: dict[str, Any] = {
    "key": "back/update/3f19",
    "op": "fly.restore",
    "args": {},
    "title": "Put 3f19 back",
    "group": "Back",
    "stage": 0,
    "lane": "3f19",
    "changes": True,
    "expected_s": 1.0,
    "limit_s": 9.0,
    "books_only": False,
}
Line = tuple[EventKind, str | None, dict[str, Any]]


def story(*lines: Line) -> list[Event]:
    return [
        Event("8f21ab04", n, str(n), 1, START + timedelta(seconds=n), "ann", kind, step, data)
        for n, (kind, step, data) in enumerate(lines, start=1)
    ]


def told(*lines: Line) -> Progress:
    return fold(PLAN, story(*lines))


def of_run(kind: EventKind, /, **data: Any) -> Line:
    return kind, None, data


def of_step(kind: EventKind, key: str, /, **data: Any) -> Line:
    return kind, key, data


def started() -> Line:
    return of_run(EventKind.STARTED, owner="ann")


def decided(cause: Cause = Cause.STEP) -> Line:
    return of_run(EventKind.DECIDED, cause=cause.value, reason="It failed.", steps=[BACK])


def ended(state: State) -> Line:
    return of_run(EventKind.ENDED, state=state.value, reason="So it is.", asked=9, lost=1)


def asked(kind: str) -> Line:
    return of_run(EventKind.REQUESTED, kind=kind, by="bob", text="wrong tide")


def intended(key: str) -> Line:
    return of_step(EventKind.INTENDED, key, deadline={"boot_id": "b", "boot_s": 1.0})


def settled(key: str, outcome: Outcome) -> Line:
    return of_step(EventKind.SETTLED, key, outcome=outcome.value, data={"n": 1}, reason="why")


lines = st.one_of(
    st.just(started()),
    st.sampled_from(["stop", "pause", "resume", "seen", "something new"]).map(asked),
    st.sampled_from(Cause).map(decided),
    st.sampled_from([State.GOOD, State.UNKNOWN, State.HELD, State.ROLLED_BACK]).map(ended),
    st.just(of_run(EventKind.PAUSED, reason="A person paused it.")),
    st.just(of_run(EventKind.RESUMED)),
    st.just(of_run(EventKind.BLIND, reason="no answer")),
    st.just(of_run(EventKind.SIGHTED)),
    st.just(of_run(EventKind.NOTED, text="by the way")),
    st.sampled_from(KEYS).map(intended),
    st.builds(settled, st.sampled_from(KEYS), st.sampled_from(Outcome)),
    st.sampled_from(KEYS).map(lambda key: of_step(EventKind.NOTED, key, text="still at it")),
)
stories = st.lists(lines, max_size=30)


@given(stories, st.data())
def test_a_story_may_be_folded_in_two_parts(told_lines: list[Line], data: st.DataObject) -> None:
    events = story(*told_lines)
    cut = data.draw(st.integers(0, len(events)))
    progress = fold(PLAN, events[:cut])
    for event in events[cut:]:
        progress = advance(progress, event)
    assert progress == fold(PLAN, events)


@given(stories)
def test_going_back_never_turns_forward(told_lines: list[Line]) -> None:
    progress = Progress(PLAN)
    turned = False
    for event in story(*told_lines):
        progress = advance(progress, event)
        turned = turned or event.kind is EventKind.DECIDED
        assert progress.going_back is turned
        if turned:
            assert progress.state is not State.RUNNING
            assert progress.state is not State.PLANNED


@given(stories)
def test_wishes_are_kept_whatever_comes_after(told_lines: list[Line]) -> None:
    progress = told(*told_lines)
    wishes = [data["kind"] for kind, _, data in told_lines if kind is EventKind.REQUESTED]
    assert bool(progress.stopped_by) is ("stop" in wishes)
    last = [wish for wish in wishes if wish in {"pause", "resume"}][-1:]
    assert progress.paused is (last == ["pause"])


@given(stories)
def test_the_number_and_the_fence_are_those_of_the_last_event(told_lines: list[Line]) -> None:
    progress = told(*told_lines)
    assert progress.last_seq == len(told_lines)
    assert progress.fence == (1 if told_lines else 0)


@given(stories, st.sampled_from([of_run(EventKind.NOTED, text="x"), asked("something new")]))
def test_what_is_not_known_leaves_the_state(told_lines: list[Line], strange: Line) -> None:
    before, after = told(*told_lines), told(*told_lines, strange)
    assert replace(after, last_seq=before.last_seq, fence=before.fence) == before


@given(stories)
def test_a_kind_that_says_nothing_of_steps_leaves_the_step(told_lines: list[Line]) -> None:
    strange = of_step(EventKind.BLIND, KEYS[0], reason="misplaced")
    assert told(*told_lines, strange).steps == told(*told_lines).steps


@given(stories)
def test_attempts_are_intents(told_lines: list[Line]) -> None:
    progress = told(*told_lines)
    for key in KEYS:
        intents = [line for line in told_lines if line[:2] == (EventKind.INTENDED, key)]
        assert progress.of(key).attempts == len(intents)


def test_the_life_of_a_good_deployment() -> None:
    progress = Progress(PLAN)
    assert progress.state is State.PLANNED
    key = KEYS[0]
    for line, state, status in [
        (started(), State.RUNNING, StepStatus.PENDING),
        (intended(key), State.RUNNING, StepStatus.INTENDED),
        (settled(key, Outcome.UNKNOWN), State.RUNNING, StepStatus.UNKNOWN),
        (settled(key, Outcome.DONE), State.RUNNING, StepStatus.DONE),
        (ended(State.GOOD), State.GOOD, StepStatus.DONE),
    ]:
        (event,) = story(line)
        progress = advance(progress, replace(event, seq=progress.last_seq + 1))
        assert progress.state is state
        assert progress.of(key).status is status
    assert (progress.asked, progress.lost) == (9, 1)
    assert progress.data_of(key) == {"n": 1}
    assert progress.exit_code == 0


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_status(outcome: Outcome) -> None:
    progress = told(started(), intended(KEYS[0]), settled(KEYS[0], outcome))
    state = progress.of(KEYS[0])
    assert state.status is SETTLED_AS[outcome]
    assert state.reason == "why"
    assert state.may_have_landed is (outcome in {Outcome.DONE, Outcome.FAILED, Outcome.UNKNOWN})
    assert state.is_open is (outcome is Outcome.UNKNOWN)


def test_an_intent_alone_may_have_landed() -> None:
    state = told(started(), intended(KEYS[0])).of(KEYS[0])
    assert state.is_open
    assert state.may_have_landed
    assert state.deadline == {"boot_id": "b", "boot_s": 1.0}


def test_a_decision_brings_its_steps_and_keeps_its_reason_through_a_restart() -> None:
    progress = told(started(), decided(Cause.EVIDENCE), ended(State.UNKNOWN), started())
    assert progress.state is State.GOING_BACK
    assert progress.cause is Cause.EVIDENCE
    assert progress.turned_for == "It failed."
    assert [step.key for step in progress.back] == [BACK["key"]]
    assert progress.all_steps == PLAN.steps + progress.back
    assert progress.ended_at is None


def test_a_restart_keeps_the_first_start() -> None:
    progress = told(started(), ended(State.UNKNOWN), started())
    assert progress.started_at == START + timedelta(seconds=1)


def test_going_on_forgets_why_it_was_paused_but_not_why_it_goes_back() -> None:
    pause = of_run(EventKind.PAUSED, reason="A person paused it.")
    assert told(started(), pause).reason == "A person paused it."
    assert told(started(), pause, of_run(EventKind.RESUMED)).reason == ""
    assert told(started(), decided(), of_run(EventKind.RESUMED)).reason == "It failed."


def test_blind_since_ends_with_sight_and_with_the_deployment() -> None:
    blind = of_run(EventKind.BLIND, reason="no answer")
    assert told(started(), blind).blind_since == START + timedelta(seconds=2)
    assert told(started(), blind, of_run(EventKind.SIGHTED)).blind_since is None
    assert told(started(), blind, ended(State.UNKNOWN)).blind_since is None


def test_a_stop_without_a_name_is_still_a_stop() -> None:
    progress = told(started(), of_run(EventKind.REQUESTED, kind="stop", by=""))
    assert progress.stopped_by == "A person"
    assert progress.state in LIVE
