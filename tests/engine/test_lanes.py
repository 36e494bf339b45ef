"""Threads of runs: known while they live, left on request, and waited for."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

from pilothouse.engine.lanes import Lanes
from tests.waiting import until


class Leaving:
    """The part of a context that lanes use."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def leave(self) -> None:
        self.asked.set()


def begun(lanes: Lanes, name: str, done: list[str]) -> Leaving:
    leaving = Leaving()
    context: Any = leaving

    def work() -> None:
        assert leaving.asked.wait(20)
        done.append(name)

    lanes.start(name, context, work)
    return leaving


def test_runs_go_side_by_side_and_are_known_while_they_live() -> None:
    lanes, done = Lanes(), list[str]()
    first, second = begun(lanes, "one", done), begun(lanes, "two", done)
    assert set(lanes.running()) == {"one", "two"}
    second.leave()
    until(lambda: not lanes.is_running("two"), "the end of the second")
    assert lanes.is_running("one")
    first.leave()
    until(lambda: lanes.running() == (), "the end of both")
    assert done == ["two", "one"]


def test_leaving_asks_all_and_waits_for_all() -> None:
    lanes, done = Lanes(), list[str]()
    for name in "abc":
        begun(lanes, name, done)
    lanes.leave()
    assert sorted(done) == ["a", "b", "c"]
    assert lanes.running() == ()
    lanes.leave()


def test_a_short_run_is_not_known_afterwards() -> None:
    for _ in range(50):
        lanes, done = Lanes(), list[str]()
        context: Any = Leaving()
        lanes.start("x", context, partial(done.append, "x"))
        lanes.leave()
        assert done == ["x"]
        assert not lanes.is_running("x")
