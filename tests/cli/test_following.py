"""A person's signals, a reader who goes away, and news in order."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.records import RequestKind
from pilothouse.engine.trip import Point
from tests.cli.conftest import Desk

MINE = os.getpid()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_means_stop_and_go_back(desk: Desk, number: signal.Signals) -> None:
    desk.cloud.on_call = lambda key: os.kill(MINE, number) if key == "put:a" else None
    desk.cloud.linger_s = 1.0
    said = desk.deploy()
    assert said.code == 11, said.err
    assert "Stopping and going back. Once more leaves at once." in said.err
    assert "ann stopped it" in said.last["reason"]
    assert set(desk.cloud.runs.values()) == {"old"}


def test_a_signal_while_it_is_being_started_is_not_forgotten(desk: Desk) -> None:
    def strike(point: Point, _where: str) -> None:
        if point is Point.CREATED:
            os.kill(MINE, signal.SIGINT)

    desk.cloud.linger_s = 1.0
    desk.opened = lambda: desk.rig.again(trip=strike)
    said = desk.deploy()
    assert said.code in {10, 11}, said.err
    assert "Stopping and going back" in said.err
    assert set(desk.cloud.runs.values()) == {"old"}
    assert not desk.rig.journal.app("127.0.0.1/fly/app-1").owner


def test_a_signal_during_a_recovery_goes_back_too(desk: Desk) -> None:
    desk.cloud.linger_s = 1.0
    reached = threading.Event()
    desk.cloud.on_call = lambda key: reached.set() if key == "put:a" else None
    deployment = desk.rig.start()
    assert reached.wait(10)
    desk.rig.service.close()
    desk.cloud.on_call = lambda key: os.kill(MINE, signal.SIGINT) if key == "put:b" else None
    said = desk.run("recover", "--json")
    assert said.code == 11, said.err
    assert said.last["deployment"] == deployment


def test_the_signals_are_as_before_once_it_is_over(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    desk.deploy()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_reader_who_goes_away_breaks_no_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody_reads:
        monkeypatch.setattr("sys.stdout", nobody_reads)
        said = desk.run("deploy", "fly:pier", "--image", "new", "--yes", *words)
    assert said.code == 0, said.err
    assert set(desk.cloud.runs.values()) == {"new"}
    (record,) = desk.rig.journal.deployments()
    assert record.progress.exit_code == 0


def test_pauses_and_blindness_are_told(desk: Desk) -> None:
    def on_call(key: str) -> None:
        if key == "put:a":
            deployment = desk.rig.journal.deployments(limit=1)[0].id
            desk.rig.service.ask(RequestKind.PAUSE, deployment)
            threading.Timer(0.8, desk.rig.service.ask, (RequestKind.RESUME, deployment)).start()

    desk.cloud.on_call = on_call
    desk.cloud.linger_s = 0.2
    said = desk.run("deploy", "fly:pier", "--image", "new", "--yes")
    assert said.code == 0, said.err
    assert "Paused: A person paused it." in said.out
    assert "Going on." in said.out


def test_going_back_is_told_with_its_reason(desk: Desk) -> None:
    desk.cloud.crashing.add("new")
    said = desk.run("deploy", "fly:pier", "--image", "new", "--yes")
    assert "Going back: a exited with 1" in said.out
    assert said.out.splitlines()[-1].startswith("v3 was rolled back. v2 serves pier again.")
    rows = desk.rig.journal.events(desk.rig.journal.deployments(limit=1)[0].id)
    assert EventKind.DECIDED in {event.kind for event in rows}
