"""The one door: everything arrives in the GUI thread, in order, and nothing after the end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from pilothouse.ui.bridge import THREADS, Bridge
from tests.waiting import until


class Receiver(QObject):
    """Keeps what it is given, and on which thread."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[object] = []
        self.threads: set[QThread] = set()

    @Slot(object)
    def on_arrived(self, thing: object) -> None:
        self.got.append(thing)
        self.threads.add(QThread.currentThread())


@pytest.fixture
def bridge(qapp: object) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close(limit_s=5)


def test_events_of_many_threads_arrive_in_the_gui_thread(qtbot: QtBot, bridge: Bridge) -> None:
    receiver = Receiver()
    bridge.arrived.connect(receiver.on_arrived)

    def publish(start: int) -> None:
        for number in range(start, start + 100):
            bridge.publish(number)

    threads = [threading.Thread(target=publish, args=(k * 1000,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert receiver.got == [], "nothing arrives outside the event loop"
    qtbot.waitUntil(lambda: len(receiver.got) == 400)
    assert receiver.threads == {QThread.currentThread()}
    first = [number for number in receiver.got if isinstance(number, int) and number < 1000]
    assert first == sorted(first)


def test_a_result_goes_to_whoever_asked(qtbot: QtBot, bridge: Bridge) -> None:
    receiver = Receiver()
    asked_on: list[str] = []

    def call() -> int:
        asked_on.append(threading.current_thread().name)
        return 7

    bridge.ask(call, receiver.on_arrived)
    qtbot.waitUntil(lambda: receiver.got == [7])
    assert asked_on != [threading.current_thread().name]
    assert receiver.threads == {QThread.currentThread()}


def test_a_failure_goes_to_failed_or_to_trouble(qtbot: QtBot, bridge: Bridge) -> None:
    failed, trouble = Receiver(), Receiver()
    bridge.troubled.connect(trouble.on_arrived)
    error = ValueError("no")

    def call() -> int:
        raise error

    bridge.ask(call, None, failed.on_arrived)
    bridge.ask(call)
    qtbot.waitUntil(lambda: failed.got == [error] and trouble.got == [error])


def test_a_result_for_a_receiver_that_is_gone_is_dropped(qtbot: QtBot, bridge: Bridge) -> None:
    gone, kept, gate = Receiver(), Receiver(), threading.Event()
    bridge.ask(gate.wait, gone.on_arrived)
    delete(gone)
    gate.set()
    bridge.ask(lambda: "after", kept.on_arrived)
    qtbot.waitUntil(lambda: kept.got == ["after"])
    assert gone.got == []


def test_questions_run_side_by_side_but_not_all_at_once(qtbot: QtBot, bridge: Bridge) -> None:
    receiver, gate = Receiver(), threading.Event()
    running: list[int] = []
    most: list[int] = []

    def call() -> int:
        running.append(1)
        most.append(len(running))
        assert gate.wait(5)
        running.pop()
        return 1

    for _ in range(THREADS * 3):
        bridge.ask(call, receiver.on_arrived)
    until(lambda: len(running) == THREADS, "all threads at work")
    gate.set()
    qtbot.waitUntil(lambda: len(receiver.got) == THREADS * 3)
    assert max(most) == THREADS


def test_closing_does_not_wait_for_a_call_that_hangs(qtbot: QtBot) -> None:
    bridge, receiver, gate = Bridge(), Receiver(), threading.Event()
    bridge.arrived.connect(receiver.on_arrived)
    entered = threading.Event()

    def hang() -> int:
        entered.set()
        assert gate.wait(5)
        return 1

    bridge.ask(hang, receiver.on_arrived)
    assert entered.wait(5)
    bridge.publish("too late to be heard")
    assert not bridge.close()
    bridge.publish("nobody hears this")
    bridge.ask(hang, receiver.on_arrived)
    gate.set()
    with qtbot.waitSignal(bridge.destroyed):
        bridge.deleteLater()
    assert receiver.got == []
