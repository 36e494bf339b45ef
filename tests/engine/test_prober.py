"""Asking from outside: who is told apart, what counts as a loss, and that a bad side is found."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pilothouse.domain.change import Plan, Side
from pilothouse.domain.evidence import Judgement, Probe
from pilothouse.domain.news import News, Probed
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.ports import Answer
from pilothouse.engine.prober import Prober
from pilothouse.store.clock import SystemClock
from tests.engine.pretend import APP, CONTROL, Cloud, PretendAsker, PretendProvider
from tests.store import samples
from tests.waiting import until

SPEED = 20.0
FIFTY_A_SECOND = Timing(probe_gap_s=0.02 / SPEED, dead_s=2.0)
BARE = replace(APP, addresses=())


class RushedClock(SystemClock):
    """Time that goes by twenty times faster, so that seconds of evidence need no patience."""

    def steady(self) -> float:
        return super().steady() * SPEED


class TurningAsker(PretendAsker):
    """A pretend asker whose statuses the test decides; `status` None: as the instances are."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self.status: Callable[[str], int | None] = lambda _instance: None
        self.held: set[str] = set()
        self.waiting: set[str] = set()
        self.open = threading.Event()

    def ask(self, url: str, *, headers: dict[str, str], timeout_s: float) -> Answer:
        answer = super().ask(url, headers=headers, timeout_s=timeout_s)
        if url.startswith(CONTROL):
            return answer
        pinned = headers.get("x-pin", "")
        if pinned in self.held:
            self.waiting.add(pinned)
            self.open.wait(20.0)
        status = self.status(str(answer.headers.get("x-instance", "")))
        return answer if status is None else replace(answer, status=status)


def plan_for(timing: Timing = FIFTY_A_SECOND, *, app: object = APP) -> Plan:
    return replace(
        samples.plan(),
        app=app,  # type: ignore[arg-type]
        old_side=Side("v2", "old", ("a", "b")),
        policy=Policy(timing=timing),
        probe_path="/",
    )


class Bench:
    """A prober over a cloud, with all that it told."""

    def __init__(self, plan: Plan) -> None:
        self.cloud = Cloud()
        self.asker = TurningAsker(self.cloud)
        self.told: list[Probe] = []
        self.clock = RushedClock()
        self.prober = Prober(
            "8f21ab04",
            plan,
            asker=self.asker,
            provider=PretendProvider(self.cloud),
            clock=self.clock,
            publish=self._hear,
        )

    def _hear(self, news: News) -> None:
        assert isinstance(news, Probed)
        self.told += news.probes

    def asked(self, number: int) -> None:
        """Wait until so many more were asked."""
        wanted = len(self.told) + number
        until(lambda: len(self.told) >= wanted, f"{number} more probes")

    @contextmanager
    def asking(self) -> Iterator[None]:
        self.prober.start()
        try:
            yield
        finally:
            self.asker.open.set()
            self.prober.stop()


@pytest.fixture
def bench() -> Bench:
    return Bench(plan_for())


def test_without_an_address_nobody_is_asked() -> None:
    bench = Bench(plan_for(app=BARE))
    with bench.asking():
        assert not bench.prober.has_address
        assert bench.prober.has_baseline
        assert bench.prober.new_side() is Judgement.NO_DATA
    assert bench.told == []


def test_old_and_new_are_told_apart_by_the_instance_asked(bench: Bench) -> None:
    with bench.asking():
        bench.asked(12)
        assert {p.lane for p in bench.told} == {"public", "a", "b"}
        assert bench.prober.new_side() is Judgement.NO_DATA
        bench.cloud.runs["a"] = "new"
        bench.prober.leaves_traffic("a")
        bench.prober.serves_new(["a"])
        until(lambda: bench.prober.new_counts().asked >= 5, "probes of the new side")
    assert bench.prober.new_counts().lost == 0
    assert bench.prober.all_counts().asked == len(bench.told)
    assert {p.instance for p in bench.told} <= {"a", "b"}


def test_the_public_address_speaks_for_the_new_side_once_all_is_new(bench: Bench) -> None:
    with bench.asking():
        bench.asked(10)
        assert bench.prober.new_counts().asked == 0
        bench.prober.all_is_new()
        until(lambda: bench.prober.new_counts().asked >= 10, "public probes of the new side")
        bench.prober.going_back()
        bench.asked(16)  # more than can have been under way
        before = bench.prober.new_counts().asked
        bench.asked(20)
        assert bench.prober.new_counts().asked == before


def test_our_own_network_down_is_nobodys_loss(bench: Bench) -> None:
    with bench.asking():
        bench.prober.all_is_new()
        bench.asked(30)
        bench.asker.network = False
        bench.asked(200)  # four seconds without any answer
        assert bench.prober.new_dead_s() == 0
        assert not bench.prober.old_side_fails()
    counts = bench.prober.all_counts()
    assert counts.lost == 0
    lost = [probe for probe in bench.told if not probe.good]
    assert len(lost) >= 190
    assert not any(probe.counts for probe in lost)
    assert all(probe.why for probe in lost)


def test_a_silent_app_while_control_answers_is_dead_within_seconds(bench: Bench) -> None:
    with bench.asking():
        bench.prober.all_is_new()
        bench.asked(30)
        bench.cloud.serving.update(a=False, b=False)
        began = bench.clock.steady()
        until(lambda: bench.prober.new_dead_s() >= 2.0, "a dead side")
        assert bench.clock.steady() - began < 2.0 + 4.0  # the machine may be busy
    assert bench.prober.all_counts().lost > 0


def test_a_side_that_fails_every_second_request_is_found(bench: Bench) -> None:
    turn = iter(range(1_000_000))
    with bench.asking():
        bench.asked(10)
        bench.asker.status = lambda one: 500 if one == "a" and next(turn) % 2 else None
        bench.prober.leaves_traffic("a")
        bench.prober.serves_new(["a"])
        until(lambda: bench.prober.new_side() is Judgement.BAD, "a bad side")
        assert bench.prober.new_dead_s() < 2.0
        assert not bench.prober.old_side_fails()
    counts = bench.prober.new_counts()
    assert 0.2 < counts.lost / counts.asked < 0.8


def test_an_old_side_that_fails_is_seen(bench: Bench) -> None:
    with bench.asking():
        bench.asked(30)
        assert not bench.prober.old_side_fails()
        bench.cloud.bad.add("old")
        until(bench.prober.old_side_fails, "a failing old side")


def test_good_is_what_was_good_before_the_change(bench: Bench) -> None:
    bench.asker.status = lambda _one: 404
    with bench.asking():
        bench.asked(30)
        assert bench.prober.all_counts().lost == 0
        assert bench.prober.has_baseline
        bench.asker.status = lambda _one: 200
        until(lambda: bench.prober.all_counts().lost > 0, "a loss by another class")
        bench.asker.status = lambda _one: 500
        bench.asked(20)
    assert not bench.told[-1].good


def test_an_app_that_failed_before_the_change_sets_no_class(bench: Bench) -> None:
    bench.asker.status = lambda _one: 500
    with bench.asking():
        bench.asked(30)
        bench.asker.status = lambda one: 404 if one == "a" else 200
        bench.asked(16)
        lost = bench.prober.all_counts().lost
        bench.asked(30)
        assert bench.prober.all_counts().lost == lost


def test_a_request_whose_instance_left_traffic_meanwhile_is_nobodys_loss(bench: Bench) -> None:
    bench.prober.serves_new(["c"])
    bench.cloud.runs["c"], bench.cloud.serving["c"] = "new", False
    bench.asker.status = lambda one: 500 if one == "c" else None
    bench.asker.held.add("c")
    with bench.asking():
        until(lambda: "c" in bench.asker.waiting, "a request under way")
        bench.prober.leaves_traffic("c")
        bench.asker.open.set()
        until(lambda: any(p.lane == "c" for p in bench.told), "its answer")
    late = [probe for probe in bench.told if probe.lane == "c"]
    assert not any(probe.good or probe.counts for probe in late)
    assert bench.prober.new_counts().asked == 0
    assert bench.prober.all_counts().lost == 0


def test_since_gives_what_was_sent_since(bench: Bench) -> None:
    with bench.asking():
        bench.asked(20)
        began = bench.prober.going_back()
        bench.asked(30)
    later = bench.prober.since(began)
    assert 0 < len(later) < len(bench.told)
    assert all(probe.at_s >= began for probe in later)
    assert [p.at_s for p in later] == sorted(p.at_s for p in later)


def test_latencies_need_ten_good_answers(bench: Bench) -> None:
    assert bench.prober.latencies_ms("public") is None
    with bench.asking():
        until(lambda: bench.prober.latencies_ms("public") is not None, "ten answers")
    times = bench.prober.latencies_ms("public")
    assert times is not None
    assert 0 < times[0] <= times[1]


def test_stopping_twice_or_before_the_start_is_fine(bench: Bench) -> None:
    bench.prober.stop()
    other = Bench(plan_for())
    with other.asking():
        other.asked(1)
    other.prober.stop()
    told = len(other.told)
    assert other.prober.all_counts().asked == told
