"""States and their exit codes."""

from __future__ import annotations

import pytest

from pilothouse.domain.deployment import (
    ENDED,
    EXIT_CODES,
    LIVE,
    NEED_A_PERSON,
    Progress,
    State,
    StepState,
    StepStatus,
)
from tests.store import samples


def test_a_state_is_live_or_ended_and_never_both() -> None:
    assert set(State) == LIVE | ENDED
    assert not LIVE & ENDED
    assert all(state.is_ended is (state in ENDED) for state in State)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.GOOD, 0),
        (State.FAILED_SAFE, 10),
        (State.ROLLED_BACK, 11),
        (State.UNKNOWN, 12),
        (State.HELD, 13),
    ],
)
def test_every_ending_has_its_exit_code(state: State, code: int) -> None:
    assert Progress(samples.plan(), state=state).exit_code == code
    assert EXIT_CODES.keys() == ENDED


@pytest.mark.parametrize("state", sorted(LIVE))
def test_what_has_not_ended_is_not_known_yet(state: State) -> None:
    assert Progress(samples.plan(), state=state).exit_code == 12


def test_all_but_good_endings_need_a_person() -> None:
    assert {State.GOOD} == ENDED - NEED_A_PERSON


def test_a_step_nobody_began_is_pending() -> None:
    progress = Progress(samples.plan())
    assert progress.of("anything") == StepState()
    assert progress.of("anything").status is StepStatus.PENDING
    assert progress.data_of("anything") == {}
    assert not progress.of("anything").may_have_landed
