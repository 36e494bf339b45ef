"""The engine's face: two engines on one journal, defects of ours, and what is taken up again."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from pilothouse.domain.change import Change, ChangeKind
from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import Blocked, Declined, LeaseHeld, NotFound, UsageError
from pilothouse.domain.guard import Verdict
from pilothouse.domain.news import Journaled, News, Notified, VerdictGiven
from pilothouse.domain.records import RequestKind
from pilothouse.engine.trip import Point
from pilothouse.engine.views import Consent
from tests.engine.conftest import APP, QUICK, Rig
from tests.engine.pretend import lost_before, refuse
from tests.waiting import until

YES = Consent("ann", yes=True)


class Gate:
    """Holds the run inside one call until it is opened."""

    def __init__(self, rig: Rig, at: str) -> None:
        self._at = at
        self.reached, self.open = threading.Event(), threading.Event()
        rig.cloud.on_call = self._on_call

    def _on_call(self, key: str) -> None:
        if key == self._at and not self.open.is_set():
            self.reached.set()
            assert self.open.wait(20)


def state_of(rig: Rig, deployment: str) -> State:
    return rig.journal.deployment(deployment).progress.state


# ------------------------------------------------------------------- who may act


def take_over(rig: Rig) -> None:
    """As another computer would, once the lease had run out."""
    with sqlite3.connect(rig.folder / "journal.db") as database:
        database.execute("UPDATE app SET fence = fence + 1, owner = 'other boot 1 1'")
    database.close()


def test_a_run_that_was_fenced_out_writes_and_changes_nothing_more(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate(rig, "take:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    take_over(rig)
    before = rig.journal.events(deployment)
    gate.open.set()
    until(lambda: "was fenced out" in caplog.text, "the end of the run")
    rig.service.close()
    assert rig.journal.events(deployment) == before
    assert rig.cloud.changes == ["take a"]
    assert state_of(rig, deployment) is State.RUNNING


def test_a_second_engine_leaves_a_running_deployment_alone_and_says_who_runs_it(rig: Rig) -> None:
    gate = Gate(rig, "take:a")
    second = rig.again()
    deployment = rig.start()
    assert gate.reached.wait(10)
    assert second.service.recover() == ()
    with pytest.raises(LeaseHeld, match=deployment):
        second.service.recover(only=deployment)
    with pytest.raises(Blocked, match="acts on pier"):
        second.start("newer")
    gate.open.set()
    assert second.service.wait(deployment, timeout_s=30).state is State.GOOD


def test_a_wish_from_another_engine_is_heard(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    second = rig.again()
    deployment = rig.start()
    assert gate.reached.wait(10)
    second.service.ask(RequestKind.STOP, deployment[:5], "wrong tide")
    gate.open.set()
    progress = second.service.wait(deployment, timeout_s=30)
    assert progress.state is State.ROLLED_BACK
    assert progress.stop_reason == "wrong tide"


def test_of_two_submits_of_one_plan_one_is_done(rig: Rig) -> None:
    plan = rig.service.plan(Change(ChangeKind.DEPLOY, APP.ref, image="new"))
    ids: list[str] = []
    refused: list[Exception] = []

    def submit() -> None:
        try:
            ids.append(rig.service.submit(plan, YES))
        except (Blocked, LeaseHeld) as error:
            refused.append(error)

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 1
    assert len(refused) == 3
    assert rig.service.wait(ids[0], timeout_s=30).state is State.GOOD
    assert rig.cloud.changes.count("put a") == 1


# ------------------------------------------------------------------- defects of ours


def defect(_apply: Callable[[], object]) -> dict[str, str]:
    raise ZeroDivisionError("token=fo1_secret")


def test_a_defect_of_ours_ends_in_unknown_not_in_silence(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    rig.cloud.faults[("put", 0)] = defect
    progress = rig.deploy()
    assert progress.state is State.UNKNOWN
    assert progress.exit_code == 12
    assert "Pilothouse itself failed (ZeroDivisionError)" in progress.reason
    assert "secret" not in progress.reason
    assert "met a defect" in caplog.text
    assert rig.journal.app(APP.id).owner is None
    assert not rig.cloud.leased
    (again,) = rig.service.recover()
    assert rig.service.wait(again, timeout_s=30).state is State.GOOD


def test_a_face_that_fails_takes_no_run_with_it(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[News] = []

    def broken(_news: News) -> None:
        raise BrokenPipeError

    rig.service.subscribe(broken)
    rig.service.subscribe(heard.append)
    assert rig.deploy().state is State.GOOD
    assert any(isinstance(news, Journaled) for news in heard)
    assert "A listener failed" in caplog.text


def test_who_no_longer_listens_hears_nothing(rig: Rig) -> None:
    heard: list[News] = []
    unsubscribe = rig.service.subscribe(heard.append)
    unsubscribe()
    unsubscribe()
    assert rig.deploy().state is State.GOOD
    assert heard == []


# ------------------------------------------------------------------- what is taken up again


def test_a_pause_lasts_through_a_restart(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    rig.service.ask(RequestKind.PAUSE, deployment)
    gate.open.set()
    until(lambda: state_of(rig, deployment) is State.PAUSED, "a pause")
    rig.service.close()
    assert state_of(rig, deployment) is State.PAUSED
    second = rig.again()
    heard: list[EventKind] = []
    second.service.subscribe(
        lambda news: heard.append(news.event.kind) if isinstance(news, Journaled) else None
    )
    assert second.service.recover() == (deployment,)
    until(lambda: EventKind.PAUSED in heard, "the pause, again")
    assert rig.cloud.runs == {"a": "new", "b": "old"}
    second.service.ask(RequestKind.RESUME, deployment)
    assert second.service.wait(deployment, timeout_s=30).state is State.GOOD


def test_a_stop_during_a_pause_goes_back(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    rig.service.ask(RequestKind.PAUSE, deployment)
    gate.open.set()
    until(lambda: state_of(rig, deployment) is State.PAUSED, "a pause")
    rig.service.ask(RequestKind.STOP, deployment)
    assert rig.service.wait(deployment, timeout_s=30).state is State.ROLLED_BACK
    assert set(rig.cloud.runs.values()) == {"old"}


def test_a_stop_that_nobody_heard_is_obeyed_at_the_next_start(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    closing = threading.Thread(target=rig.service.close)
    closing.start()
    rig.service.ask(RequestKind.STOP, deployment)
    gate.open.set()
    closing.join(20)
    second = rig.again()
    if not state_of(rig, deployment).is_ended:
        assert second.service.recover() == (deployment,)
    assert second.service.wait(deployment, timeout_s=30).state is State.ROLLED_BACK


def test_only_what_was_asked_for_is_taken_up(rig: Rig) -> None:
    rig.cloud.on_call = lambda key: setattr(rig.cloud, "silent", key == "put:a")
    rig.cloud.faults[("put", 0)] = lost_before
    assert rig.deploy().state is State.UNKNOWN
    assert rig.service.recover(only="another") == ()


def test_what_is_held_is_never_taken_up(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    rig.cloud.faults[("put", 1)] = refuse(Declined("no capacity", status=422))
    assert rig.deploy().state is State.HELD
    assert rig.service.recover() == ()


def test_a_deployment_that_was_written_down_and_never_started_is_taken_up(rig: Rig) -> None:
    class Struck(Exception):
        pass

    def strike(point: Point, _where: str) -> None:
        if point is Point.CREATED:
            raise Struck

    struck = rig.again(trip=strike)
    with pytest.raises(Struck):
        struck.start()
    (taken,) = rig.service.recover()
    assert rig.service.wait(taken, timeout_s=30).state is State.GOOD


# ------------------------------------------------------------------- endings


def test_without_going_back_by_itself_what_changed_nothing_is_still_safe(rig: Rig) -> None:
    plan = rig.service.plan(Change(ChangeKind.DEPLOY, APP.ref, image="new"))
    stubborn = replace(plan, policy=replace(plan.policy, go_back=False))
    rig.cloud.faults[("record", 0)] = refuse(Declined("no such plan", status=422))
    progress = rig.service.wait(rig.service.submit(stubborn, YES), timeout_s=30)
    assert progress.state is State.FAILED_SAFE, progress.reason


def test_without_going_back_by_itself_a_failure_waits_for_a_person(rig: Rig) -> None:
    rig.cloud.crashing.add("new")
    plan = rig.service.plan(Change(ChangeKind.DEPLOY, APP.ref, image="new"))
    stubborn = replace(plan, policy=replace(plan.policy, go_back=False))
    progress = rig.service.wait(rig.service.submit(stubborn, YES), timeout_s=30)
    assert progress.state is State.HELD
    assert "switched off" in progress.reason
    assert rig.cloud.runs == {"a": "new", "b": "old"}


def test_a_rollback_that_is_stopped_is_held_and_not_called_failed(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    plan = rig.service.plan(Change(ChangeKind.ROLLBACK, APP.ref, to_version=1))
    deployment = rig.service.submit(plan, YES)
    assert gate.reached.wait(10)
    rig.service.ask(RequestKind.STOP, deployment)
    gate.open.set()
    progress = rig.service.wait(deployment, timeout_s=30)
    assert progress.state is State.HELD
    assert "way back failed" not in progress.reason
    assert "A rollback is not rolled back." in progress.reason


def test_an_ending_is_told_and_marked_as_seen(rig: Rig) -> None:
    heard: list[News] = []
    rig.service.subscribe(heard.append)
    rig.cloud.crashing.add("new")
    rig.deploy()
    (told,) = {news.notice for news in heard if isinstance(news, Notified)}
    assert told.state == "rolled_back"
    assert told.seen_at is None
    (open_notice,) = rig.service.logbook.inbox()
    assert open_notice.seen_at is None
    rig.service.ask(RequestKind.SEEN, told.deployment_id)
    (seen,) = rig.service.logbook.inbox()
    assert seen.seen_at is not None
    last = heard[-1]
    assert isinstance(last, Notified)
    assert last.notice.seen_at is not None


def test_verdicts_are_told_with_the_drafts_mark(rig: Rig) -> None:
    heard: list[Verdict] = []

    def hear(news: News) -> None:
        if isinstance(news, VerdictGiven):
            assert news.draft == "draft 1"
            heard.append(news.verdict)

    rig.service.subscribe(hear)
    plan = rig.service.plan(Change(ChangeKind.DEPLOY, APP.ref, image="new"), draft="draft 1")
    assert sorted(heard, key=repr) == sorted(plan.verdicts, key=repr)


@pytest.mark.parametrize(
    ("ref", "error"),
    [
        ("pier", UsageError),
        ("fly:", UsageError),
        ("fly:nowhere", NotFound),
        ("elsewhere:pier", NotFound),
    ],
)
def test_an_app_that_is_not_there(rig: Rig, ref: str, error: type[Exception]) -> None:
    for ask in (
        lambda: rig.service.plan(Change(ChangeKind.DEPLOY, ref, image="new")),
        lambda: rig.service.ask(RequestKind.HOLD, ref, "x"),
    ):
        with pytest.raises(error):
            ask()


def test_waiting_has_a_limit(rig: Rig) -> None:
    gate = Gate(rig, "put:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    assert rig.service.wait(deployment, timeout_s=0.2).state is State.RUNNING
    gate.open.set()
    assert rig.service.wait(deployment, timeout_s=30).state is State.GOOD


def test_the_owners_command_is_asked_before_anything_is_done(rig: Rig) -> None:
    guarded = rig.again(policy_command="echo 3 failed; exit 1")
    with pytest.raises(Blocked, match="ended with exit 1"):
        guarded.start()
    assert rig.cloud.calls == []
    assert guarded.rollback(1).state is State.GOOD


def test_a_quick_lease_is_renewed_while_a_run_waits(rig: Rig) -> None:
    quick = rig.again(timing=replace(QUICK, renew_s=0.05))
    rig.cloud.linger_s = 0.5
    deployment = quick.start()
    until(lambda: rig.journal.app(APP.id).owner is not None, "a lease")
    assert quick.service.wait(deployment, timeout_s=30).state is State.GOOD
    assert rig.journal.app(APP.id).owner is None
