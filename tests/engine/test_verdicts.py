"""What deployments say of releases, and where one may go back to, over any history."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pilothouse.domain.change import Change, ChangeKind, Plan, Step
from pilothouse.domain.deployment import Progress, State, StepState, StepStatus
from pilothouse.domain.model import Release, ReleaseKind, ReleaseStatus, ReleaseVerdict
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.verdicts import choices_back, release_of, with_verdicts
from tests.fakes import START
from tests.store import samples

NEVER = {ReleaseVerdict.ROLLED_BACK, ReleaseVerdict.FAILED_SAFE, ReleaseVerdict.UNKNOWN}
PLAN = samples.plan()


def release(
    version: int,
    *,
    artifact: str | None = "",
    status: ReleaseStatus = ReleaseStatus.COMPLETE,
    verdict: ReleaseVerdict = ReleaseVerdict.NOT_WATCHED,
    eligible: bool | None = None,
) -> Release:
    return Release(
        app_id=PLAN.app.id,
        version=version,
        id=f"r{version}",
        kind=ReleaseKind.CODE,
        status=status,
        current=False,
        artifact=f"image-{version}" if artifact == "" else artifact,
        description="",
        author="ann",
        created_at=START + timedelta(hours=version),
        eligible=eligible,
        verdict=verdict,
    )


def deployed(
    version: int | None,
    state: State,
    *,
    plan: Plan = PLAN,
    back: int | None = None,
    provisional: bool = False,
) -> DeploymentRecord:
    """A deployment that made release `version`, and on its way back release `back`."""
    steps: dict[str, StepState] = {}
    undoing: tuple[Step, ...] = ()
    if version is not None:
        steps[plan.steps[0].key] = StepState(StepStatus.DONE, data={"release": version})
    if back is not None:
        undoing = (replace(plan.steps[0], key="back/1"),)
        steps["back/1"] = StepState(StepStatus.DONE, data={"release": back})
    progress = Progress(plan, state, steps, back=undoing, provisional=provisional)
    return DeploymentRecord("8f21ab04", plan.app.id, "ann", START, progress)


releases = st.builds(
    release,
    st.integers(1, 30),
    artifact=st.sampled_from(["x", "y", "z", None]),
    status=st.sampled_from(ReleaseStatus),
    verdict=st.sampled_from(ReleaseVerdict),
    eligible=st.none() | st.booleans(),
)
histories = st.lists(releases, max_size=12, unique_by=lambda one: one.version).map(
    lambda rows: tuple(sorted(rows, key=lambda one: -one.version))
)


@given(histories, st.none() | st.integers(1, 30))
def test_a_choice_is_always_one_that_can_work(
    history: tuple[Release, ...], live: int | None
) -> None:
    current = next((r for r in history if r.version == live), None)
    for choice in choices_back(history, live):
        assert choice in history
        assert choice.version != live
        assert choice.status is ReleaseStatus.COMPLETE
        assert choice.artifact is not None
        assert choice.eligible is not False
        assert choice.verdict not in NEVER
        assert current is None or choice.artifact != current.artifact
        if choice.verdict is not ReleaseVerdict.VERIFIED and live is not None:
            assert choice.version < live


@given(histories, st.none() | st.integers(1, 30))
def test_proven_ones_come_first_and_then_the_newest(
    history: tuple[Release, ...], live: int | None
) -> None:
    choices = choices_back(history, live)
    ranks = [(c.verdict is not ReleaseVerdict.VERIFIED, -c.version) for c in choices]
    assert ranks == sorted(ranks)
    assert len(set(choices)) == len(choices)


def test_nowhere_to_go_back_to() -> None:
    assert choices_back((), None) == ()
    assert choices_back((release(3),), 3) == ()


def test_a_proven_release_is_preferred_to_a_newer_one_nobody_watched() -> None:
    proven = release(2, verdict=ReleaseVerdict.VERIFIED)
    assert choices_back((release(4), release(3), proven), 4)[0] == proven


def test_what_failed_is_never_chosen() -> None:
    bad = [release(n, verdict=verdict) for n, verdict in enumerate(sorted(NEVER), start=2)]
    assert choices_back((release(9), *reversed(bad), release(1)), 9) == (release(1),)


@given(histories, st.lists(st.tuples(st.integers(1, 30), st.sampled_from(State)), max_size=8))
def test_the_newest_deployment_of_a_release_has_the_word(
    history: tuple[Release, ...], told: list[tuple[int, State]]
) -> None:
    seen = with_verdicts(history, [deployed(version, state) for version, state in told])
    words = {
        State.GOOD: ReleaseVerdict.VERIFIED,
        State.FAILED_SAFE: ReleaseVerdict.FAILED_SAFE,
        State.ROLLED_BACK: ReleaseVerdict.ROLLED_BACK,
        State.HELD: ReleaseVerdict.UNKNOWN,
        State.UNKNOWN: ReleaseVerdict.UNKNOWN,
    }
    assert [r.version for r in seen] == [r.version for r in history]
    for before, after in zip(history, seen, strict=True):
        first = next((state for version, state in told if version == before.version), None)
        if first is None:
            assert after == before
        else:
            assert after.verdict is words.get(first, ReleaseVerdict.PROVISIONAL)


def test_a_deployment_without_a_release_says_nothing() -> None:
    assert with_verdicts((release(43),), [deployed(None, State.GOOD)]) == (release(43),)


def test_a_good_ending_that_was_not_proven_is_provisional() -> None:
    (seen,) = with_verdicts((release(43),), [deployed(43, State.GOOD, provisional=True)])
    assert seen.verdict is ReleaseVerdict.PROVISIONAL


def test_a_rolled_back_release_says_where_it_went_and_the_way_back_is_proven() -> None:
    history = (release(44), release(43))
    back, bad = with_verdicts(history, [deployed(43, State.ROLLED_BACK, back=44)])
    assert bad.verdict is ReleaseVerdict.ROLLED_BACK
    assert bad.went_back_to == PLAN.from_version
    assert back.verdict is ReleaseVerdict.VERIFIED
    assert back.went_back_to == PLAN.from_version


def test_a_way_back_that_failed_proves_nothing() -> None:
    (seen, _) = with_verdicts((release(44), release(43)), [deployed(43, State.HELD, back=44)])
    assert seen.verdict is ReleaseVerdict.NOT_WATCHED


def test_a_rollback_by_hand_says_where_it_went() -> None:
    change = Change(ChangeKind.ROLLBACK, PLAN.app.ref, to_version=40)
    plan = replace(PLAN, change=change, to_version=40)
    (seen,) = with_verdicts((release(43),), [deployed(43, State.GOOD, plan=plan)])
    assert seen.verdict is ReleaseVerdict.VERIFIED
    assert seen.went_back_to == 40


def test_only_a_step_that_ended_well_made_a_release() -> None:
    key = PLAN.steps[0].key
    for status in StepStatus:
        progress = Progress(PLAN, steps={key: StepState(status, data={"release": 7})})
        assert release_of(progress) == (7 if status is StepStatus.DONE else None)
