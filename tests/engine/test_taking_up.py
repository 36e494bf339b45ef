"""Taking up what was left: never what has ended, never twice, and nobody waits for nobody."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pilothouse.domain.deployment import State
from pilothouse.domain.errors import Interrupted, JournalUnavailable
from pilothouse.domain.policy import Timing
from pilothouse.domain.ports import RunContext
from pilothouse.domain.records import DeploymentRecord, Journal, Lease, RequestKind
from pilothouse.engine.stepping import StepFailed
from pilothouse.engine.tenure import Tenure
from pilothouse.engine.trip import Point
from pilothouse.engine.way import Way
from pilothouse.store.journal import SqlJournal
from tests.engine.conftest import APP, Rig
from tests.engine.pretend import PretendOperations, PretendProvider
from tests.engine.test_prober import Bench, plan_for
from tests.engine.test_service import Gate, take_over
from tests.fakes import FakeClock
from tests.waiting import until

# ------------------------------------------------------------------- what has ended stays ended


class StaleJournal:
    """A journal whose list of open deployments is a moment old."""

    def __init__(self, journal: SqlJournal, stale: tuple[DeploymentRecord, ...]) -> None:
        self._journal, self._stale = journal, stale

    def deployments(self, **_asked: object) -> tuple[DeploymentRecord, ...]:
        return self._stale

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def test_what_ended_between_two_looks_is_not_begun_again(rig: Rig) -> None:
    rig.deploy()
    (record,) = rig.journal.deployments()
    before = rig.journal.events(record.id)
    second = rig.again(wrap=lambda journal: cast("Journal", StaleJournal(journal, (record,))))
    assert second.service.recover() == ()
    assert rig.journal.events(record.id) == before
    assert rig.journal.app(APP.id).owner is None


def test_what_somebody_takes_up_at_once_was_begun_and_is_not_called_refused(rig: Rig) -> None:
    other = rig.again()

    def quick(point: Point, _where: str) -> None:
        if point is Point.CREATED:
            assert len(other.service.recover()) == 1

    first = rig.again(trip=quick)
    deployment = first.start()
    assert first.service.wait(deployment, timeout_s=30).state is State.GOOD
    assert rig.cloud.changes.count("put a") == 1


def test_what_nobody_carries_on_is_not_waited_for(rig: Rig) -> None:
    gate = Gate(rig, "take:a")
    deployment = rig.start()
    assert gate.reached.wait(10)
    take_over(rig)
    gate.open.set()
    assert rig.service.wait(deployment).state is State.RUNNING


# ------------------------------------------------------------------- defects beside the steps


class Clumsy(PretendProvider):
    """A provider whose hand cannot be taken, or cannot be given back."""

    def __init__(self, rig: Rig, at: str) -> None:
        super().__init__(rig.cloud)
        self._at = at

    def operations(self, run: RunContext) -> PretendOperations:
        if self._at == "operations":
            raise ZeroDivisionError
        made = super().operations(run)

        def fail() -> None:
            raise ZeroDivisionError

        if self._at == "close":
            made.close = fail  # type: ignore[method-assign]
        return made


@pytest.mark.parametrize(("at", "state"), [("operations", State.UNKNOWN), ("close", State.GOOD)])
def test_a_clumsy_hand_leaves_nobody_in_the_dark(rig: Rig, at: str, state: State) -> None:
    clumsy = rig.again(provider=Clumsy(rig, at))
    assert clumsy.deploy().state is state
    assert rig.journal.app(APP.id).owner is None


class Lanes:
    """Two lanes of one stage, of which the test says what each step does."""

    def __init__(self) -> None:
        self.halted, self.done = threading.Event(), list[str]()
        self.known_bad: set[str] = set()

    def hear(self, **_how: object) -> None:
        if self.halted.is_set():
            raise Interrupted("cut short")

    def perform(self, step: Any) -> None:
        self.done.append(step.key)
        if step.key == "a/1":
            raise ZeroDivisionError
        assert self.halted.wait(10), "the lane beside it was not told"

    def recall(self, step: Any) -> None:
        if step.key in self.known_bad:
            raise StepFailed(step, "it crashed")

    def go(self) -> None:
        keys = ("a/1", "b/1", "b/2")
        steps: Any = [SimpleNamespace(key=key, stage=1, lane=key[0]) for key in keys]
        context: Any = SimpleNamespace(
            hear=self.hear, halt=self.halted.set, leaving=False, paused=False
        )
        ledger: Any = SimpleNamespace(deployment_id="8f21ab04")
        stepper: Any = self
        Way(ledger, context, stepper).go(steps, forward=True)


def test_a_defect_in_one_lane_stops_the_lane_beside_it() -> None:
    lanes = Lanes()
    with pytest.raises(ZeroDivisionError):
        lanes.go()
    assert "b/2" not in lanes.done


def test_a_failure_that_the_journal_tells_of_comes_before_any_other_step() -> None:
    lanes = Lanes()
    lanes.known_bad.add("b/2")
    with pytest.raises(StepFailed, match="it crashed"):
        lanes.go()
    assert lanes.done == []


class Guessing(PretendProvider):
    """A provider that at first cannot read who answered."""

    asked = 0

    def answered_by(self, headers: Any, body: bytes) -> str | None:
        self.asked += 1
        if self.asked <= 20:
            raise ZeroDivisionError
        return super().answered_by(headers, body)


def test_an_answer_that_cannot_be_read_does_not_end_the_asking() -> None:
    bench = Bench(plan_for())
    bench.prober._provider = Guessing(bench.cloud)
    with bench.asking():
        bench.asked(30)


class Shaky:
    """A journal whose first renewal meets a defect."""

    renewals = 0

    def renew(self, lease: Lease) -> Lease:
        self.renewals += 1
        if self.renewals == 1:
            raise ZeroDivisionError
        return lease

    def release(self, _lease: Lease) -> None:
        """Fine."""


def test_the_lease_is_renewed_on_after_a_defect() -> None:
    shaky = Shaky()
    lease = Lease(APP.id, "8f21ab04", 1, "ann", 100.0)
    journal: Any = shaky
    tenure = Tenure(journal, lease, FakeClock(), Timing(renew_s=0.001))
    platform: list[int] = []

    def renew() -> None:
        platform.append(1)
        if len(platform) == 1:
            raise ZeroDivisionError

    tenure.also_renew(renew)
    tenure.start()
    until(lambda: len(platform) >= 2, "a second renewal at the platform")
    tenure.end()
    assert not tenure.lost


# ------------------------------------------------------------------- wishes


class Forgetful:
    """A journal that goes away after the first wish was taken."""

    def __init__(self, journal: SqlJournal) -> None:
        self._journal, self.taken = journal, 0

    def take(self, lease: Lease, request: Any) -> Any:
        self.taken += 1
        if self.taken == 2:
            raise JournalUnavailable("disk full")
        return self._journal.take(lease, request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def test_a_wish_that_was_taken_is_obeyed_though_the_next_cannot_be(rig: Rig) -> None:
    other = rig.again(wrap=lambda journal: cast("Journal", Forgetful(journal)))

    def wish(key: str) -> None:
        if key == "put:a":
            deployment = rig.journal.deployments(limit=1)[0].id
            rig.service.ask(RequestKind.STOP, deployment)
            rig.service.ask(RequestKind.RESUME, deployment)

    rig.cloud.on_call = wish
    progress = other.deploy()
    assert progress.state is State.ROLLED_BACK, progress.reason
