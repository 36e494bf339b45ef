"""The lease of a run: renewed while the run lives, given up when it does not, lost for good."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from pilothouse.domain.errors import Fenced, JournalUnavailable, Lost
from pilothouse.domain.policy import Timing
from pilothouse.domain.records import Lease
from pilothouse.engine.tenure import IDLE_LIMIT_S, Tenure
from tests.fakes import FakeClock
from tests.waiting import until

QUICK = Timing(lease_s=15.0, renew_s=0.005)


class Leases:
    """The part of a journal that leases are of; `error` is what a renewal meets."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.error: Exception | None = None
        self.renewed = self.tried = self.released = 0

    def lease(self) -> Lease:
        return Lease("app-1", "8f21ab04", 7, "ann", self._clock.boot()[1] + 15.0)

    def renew(self, lease: Lease) -> Lease:
        self.tried += 1
        if self.error is not None:
            raise self.error
        self.renewed += 1
        return replace(lease, until_s=self._clock.boot()[1] + 15.0)

    def release(self, _lease: Lease) -> None:
        self.released += 1
        if isinstance(self.error, JournalUnavailable):
            raise self.error


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.leases = Leases(self.clock)
        journal: Any = self.leases
        self.tenure = Tenure(journal, self.leases.lease(), self.clock, QUICK)

    def turns(self, number: int = 3) -> None:
        """Wait until the timer came round a few more times."""
        wanted = self.leases.tried + number
        until(lambda: self.leases.tried >= wanted, "renewals")


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.tenure.start()
    return bench


def test_it_is_renewed_as_time_goes_by(bench: Bench) -> None:
    for _ in range(5):
        bench.clock.advance(10)
        bench.tenure.beat()
        bench.turns(2)
    assert 0 < bench.tenure.left_s() <= 15
    assert not bench.tenure.lost
    bench.tenure.end()
    assert bench.leases.released == 1


def test_a_lease_that_was_taken_is_lost_for_good(bench: Bench) -> None:
    bench.leases.error = Fenced("taken")
    until(lambda: bench.tenure.lost, "the loss")
    assert bench.tenure.left_s() == 0
    bench.leases.error = None
    bench.tenure.beat()
    assert bench.tenure.left_s() == 0
    bench.tenure.end()


def test_a_run_without_a_sign_of_life_is_not_renewed(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.turns()
    bench.clock.advance(IDLE_LIMIT_S + 1)
    until(lambda: "no sign of life" in caplog.text, "the doubt")
    before = bench.leases.renewed
    assert bench.tenure.left_s() == 0
    bench.tenure.beat()
    until(lambda: bench.leases.renewed > before, "a renewal after a sign of life")
    bench.tenure.end()


def test_a_journal_that_is_away_is_tried_again(bench: Bench) -> None:
    bench.leases.error = JournalUnavailable("disk full")
    bench.turns()
    assert not bench.tenure.lost
    bench.clock.advance(16)
    assert bench.tenure.left_s() == 0
    bench.leases.error = None
    bench.tenure.beat()
    until(lambda: bench.tenure.left_s() > 0, "a renewal")
    bench.tenure.end()


def test_a_lease_that_cannot_be_given_back_ends_by_itself(bench: Bench) -> None:
    bench.leases.error = JournalUnavailable("disk full")
    bench.tenure.end()
    assert bench.leases.released == 1


def test_the_platforms_own_lease_is_renewed_after_ours_and_its_trouble_is_not_ours(
    bench: Bench,
) -> None:
    renewals = threading.Semaphore(0)

    def renew() -> None:
        renewals.release()
        raise Lost("no route")

    bench.tenure.also_renew(renew)
    for _ in range(3):
        assert renewals.acquire(timeout=10)
    assert not bench.tenure.lost
    bench.tenure.end()


def test_an_end_without_a_start_gives_the_lease_back() -> None:
    bench = Bench()
    bench.tenure.end()
    assert bench.leases.released == 1
