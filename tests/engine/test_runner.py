"""The loop on a pretend platform: how each kind of trouble ends, and that nothing is done twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pilothouse.domain.deployment import EventKind, Progress, State
from pilothouse.domain.errors import Blocked, Declined, Lost, NotSent
from pilothouse.domain.records import RequestKind
from tests.engine.conftest import APP, QUICK, Rig
from tests.engine.pretend import Cloud, lost_after, lost_before, refuse
from tests.waiting import until


def whole(cloud: Cloud, image: str) -> None:
    """Every instance runs `image` and serves, nobody holds a lease, no release is open."""
    assert set(cloud.runs.values()) == {image}
    assert all(cloud.serving.values())
    assert not cloud.leased
    assert "pending" not in {status for _, status, _ in cloud.releases.values()}


def test_a_good_deploy_ends_good_and_proven(rig: Rig) -> None:
    progress = rig.deploy()
    assert progress.state is State.GOOD, progress.reason
    assert not progress.provisional
    assert progress.lost == 0
    whole(rig.cloud, "new")
    assert rig.journal.app(APP.id).owner is None
    assert rig.journal.app(APP.id).hold_reason is None
    assert rig.cloud.changes == ["take a", "put a", "let a", "take b", "put b", "let b"]


def test_every_intent_is_on_disk_before_its_call(rig: Rig) -> None:
    seen: list[str] = []

    def on_call(key: str) -> None:
        record = rig.journal.deployments(limit=1)[0]
        assert record.progress.of(key).status.value == "intended"
        seen.append(key)

    rig.cloud.on_call = on_call
    rig.deploy()
    assert "put:a" in seen


@pytest.mark.parametrize("op", ["record", "take", "put", "let", "settle"])
def test_an_answer_lost_after_it_landed_is_adopted_not_repeated(rig: Rig, op: str) -> None:
    rig.cloud.faults[(op, 0)] = lost_after
    progress = rig.deploy()
    assert progress.state is State.GOOD, progress.reason
    whole(rig.cloud, "new")
    counts = {"record": 1, "take": 2, "put": 2, "let": 2, "settle": 1}
    assert sum(1 for call in rig.cloud.calls if call.split()[0] == op) == counts[op]
    assert rig.cloud.newest == 3


@pytest.mark.parametrize("op", ["record", "take", "put", "let", "settle"])
def test_an_answer_lost_before_it_landed_is_done_again_once(rig: Rig, op: str) -> None:
    rig.cloud.faults[(op, 0)] = lost_before
    progress = rig.deploy()
    assert progress.state is State.GOOD, progress.reason
    whole(rig.cloud, "new")
    assert rig.cloud.newest == 3


def test_what_provably_was_not_sent_is_sent_again(rig: Rig) -> None:
    rig.cloud.faults[("put", 0)] = refuse(NotSent("connection refused"))
    assert rig.deploy().state is State.GOOD
    whole(rig.cloud, "new")


def test_a_refusal_before_anything_serves_changes_nothing(rig: Rig) -> None:
    rig.cloud.faults[("record", 0)] = refuse(Declined("no such plan", status=422))
    progress = rig.deploy()
    assert progress.state is State.FAILED_SAFE
    assert progress.exit_code == 10
    whole(rig.cloud, "old")
    assert rig.cloud.changes == []


def test_a_crashing_release_is_taken_back_and_the_app_is_held(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    progress = rig.deploy()
    assert progress.state is State.ROLLED_BACK, progress.reason
    assert progress.exit_code == 11
    assert "exited with 1" in progress.reason
    whole(rig.cloud, "old")
    assert "b" not in " ".join(rig.cloud.changes)
    held = rig.journal.app(APP.id).hold_reason
    assert held is not None
    assert "exited with 1" in held
    with pytest.raises(Blocked, match="held"):
        rig.start("newer")


def test_a_release_that_errs_is_found_by_asking_and_taken_back(rig: Rig) -> None:
    rig.cloud.bad.add("new")
    progress = rig.deploy()
    assert progress.state is State.ROLLED_BACK, progress.reason
    assert progress.lost > 0
    whole(rig.cloud, "old")


def test_old_and_new_failing_alike_is_held_not_taken_back(rig: Rig) -> None:
    rig.cloud.bad.add("new")
    rig.cloud.on_call = lambda key: rig.cloud.bad.add("old") if key == "let:a" else None
    rig.cloud.linger_s = 1.5  # "b" speaks for the old side while "a" is proven bad
    progress = rig.deploy()
    assert progress.state is State.HELD
    assert "fails just the same" in progress.reason
    assert progress.exit_code == 13


def test_no_answer_at_all_from_outside_is_for_a_person_to_decide(rig: Rig) -> None:
    short = rig.again(timing=replace(QUICK, bake_max_s=0.5))

    def cut(key: str) -> None:
        if key == "take:a":  # the old side was asked by then, the new one is not there yet
            short.asker.network = False

    rig.cloud.on_call = cut
    progress = short.deploy()
    assert progress.state is State.HELD
    assert "neither good nor bad" in progress.reason


def test_a_person_stops_it_and_everything_goes_back(rig: Rig) -> None:
    rig.cloud.on_call = lambda key: (
        rig.service.ask(RequestKind.STOP, rig.journal.deployments(limit=1)[0].id, "wrong tide")
        if key == "put:b"
        else None
    )
    progress = rig.deploy()
    assert progress.state is State.ROLLED_BACK
    assert "ann stopped it. wrong tide" in progress.reason
    whole(rig.cloud, "old")


def test_a_way_back_that_fails_is_held_for_a_person(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    rig.cloud.faults[("put", 1)] = refuse(Declined("no capacity", status=422))
    progress = rig.deploy()
    assert progress.state is State.HELD
    assert "way back failed" in progress.reason
    assert progress.exit_code == 13
    assert not rig.cloud.leased


def test_a_silent_platform_is_waited_for_then_called_unknown_then_recovered(rig: Rig) -> None:
    def silence(key: str) -> None:
        if key == "put:a":
            rig.cloud.silent = True

    rig.cloud.on_call = silence
    rig.cloud.faults[("put", 0)] = lost_after
    progress = rig.deploy()
    assert progress.state is State.UNKNOWN
    assert progress.exit_code == 12
    rig.cloud.silent = False
    rig.cloud.on_call = lambda _key: None
    second = rig.again()
    (taken,) = second.service.recover()
    assert second.service.wait(taken, timeout_s=30).state is State.GOOD
    whole(rig.cloud, "new")
    assert rig.cloud.changes.count("put a") == 1


def test_an_unknown_deployment_is_not_taken_up_after_a_newer_one(rig: Rig) -> None:
    rig.cloud.on_call = lambda key: setattr(rig.cloud, "silent", key == "put:a")
    rig.cloud.faults[("put", 0)] = lost_before
    assert rig.deploy().state is State.UNKNOWN
    rig.cloud.silent = False
    rig.cloud.on_call = lambda _key: None
    rig.cloud.serving["a"] = True
    assert rig.deploy("newer").state is State.GOOD
    assert rig.service.recover() == ()


def test_a_pause_holds_before_the_next_step_and_going_on_finishes(rig: Rig) -> None:
    def pause(key: str) -> None:
        if key == "put:a":
            rig.service.ask(RequestKind.PAUSE, rig.journal.deployments(limit=1)[0].id)

    rig.cloud.linger_s = 0.2
    rig.cloud.on_call = pause
    deployment = rig.start()
    until(lambda: _state(rig, deployment) is State.PAUSED, "paused")
    assert rig.cloud.runs == {"a": "new", "b": "old"}
    rig.service.ask(RequestKind.RESUME, deployment)
    assert rig.service.wait(deployment, timeout_s=30).state is State.GOOD


def _state(rig: Rig, deployment: str) -> State:
    return rig.journal.deployment(deployment).progress.state


def test_a_run_that_is_left_is_taken_up_at_the_next_start(rig: Rig) -> None:
    reached: list[str] = []
    rig.cloud.on_call = reached.append
    deployment = rig.start()
    until(lambda: "put:a" in reached, "the first update")
    rig.service.close()
    assert _state(rig, deployment) is State.RUNNING
    assert rig.journal.app(APP.id).owner is None
    second = rig.again()
    assert second.service.recover() == (deployment,)
    assert second.service.wait(deployment, timeout_s=30).state is State.GOOD
    whole(rig.cloud, "new")
    assert rig.cloud.changes.count("put a") == 1


def test_rolling_back_by_hand_goes_to_the_earlier_release_and_holds(rig: Rig) -> None:
    progress = rig.rollback()
    assert progress.state is State.GOOD, progress.reason
    assert progress.plan.to_version == 1
    whole(rig.cloud, "older")
    assert rig.journal.app(APP.id).hold_reason is not None
    assert progress.exit_code == 0


def test_rolling_back_after_a_deploy_goes_to_the_release_proven_good(rig: Rig) -> None:
    rig.deploy("newer")
    rig.deploy("newest")
    progress = rig.rollback()
    assert progress.plan.to_version == 3
    whole(rig.cloud, "newer")


def test_a_second_way_back_does_not_return_to_what_was_just_left(rig: Rig) -> None:
    rig.deploy("newer")
    rig.deploy("newest")
    assert rig.rollback().plan.to_version == 3
    second = rig.rollback()
    assert second.state is State.GOOD, second.reason
    whole(rig.cloud, "old")


def test_rolling_back_works_while_held(rig: Rig) -> None:
    rig.service.ask(RequestKind.HOLD, "fly:pier", "regatta")
    assert rig.rollback(1).state is State.GOOD


def test_a_deploy_while_held_is_blocked_and_changes_nothing(rig: Rig) -> None:
    rig.service.ask(RequestKind.HOLD, "fly:pier", "regatta")
    with pytest.raises(Blocked, match="regatta"):
        rig.start()
    assert rig.cloud.calls == []
    rig.service.ask(RequestKind.RELEASE_HOLD, "fly:pier")
    assert rig.deploy().state is State.GOOD


def test_a_stale_plan_is_refused(rig: Rig) -> None:
    from pilothouse.domain.change import Change, ChangeKind
    from pilothouse.engine.views import Consent

    plan = rig.service.plan(Change(ChangeKind.DEPLOY, "fly:pier", image="new"))
    rig.cloud.releases[3] = ("other", "complete", "by somebody else")
    with pytest.raises(Blocked, match="v3 was released meanwhile"):
        rig.service.submit(plan, Consent("ann", yes=True))
    assert rig.cloud.calls == []


def test_a_lost_answer_is_told_in_the_journal(rig: Rig) -> None:
    rig.cloud.faults[("put", 0)] = lost_after
    progress = rig.deploy()
    deployment = rig.journal.deployments(limit=1)[0].id
    notes = [e for e in rig.journal.events(deployment) if e.kind is EventKind.NOTED]
    assert any("Looking whether it landed" in str(note.data["text"]) for note in notes)
    assert progress.of("put:a").reason == "It landed."


def test_a_release_that_is_not_proven_by_the_end_of_the_bake_is_provisional(rig: Rig) -> None:
    slow = rig.again(timing=replace(QUICK, bake_max_s=0.4, probe_gap_s=0.05))
    progress: Progress = slow.deploy()
    assert progress.state is State.GOOD
    assert progress.provisional
    assert progress.exit_code == 0


def test_a_lost_read_while_waiting_is_no_failure(rig: Rig) -> None:
    rig.cloud.faults[("well", 0)] = refuse(Lost("reset"))
    assert rig.deploy().state is State.GOOD
