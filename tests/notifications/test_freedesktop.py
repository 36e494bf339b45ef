"""Notices over a real bus to a daemon in another process, and without either."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pilothouse.domain.news import Notice, Urgency
from pilothouse.notifications.freedesktop import FreedesktopNotifier
from tests.desktop_bus import Bus, end, private_bus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="D-Bus notices are for Linux")

ALL = ("actions", "body", "body-markup")
NOTICE = Notice(
    deployment_id="8f21ab04",
    app_id="a",
    app_name="harbor-api",
    state="rolled_back",
    urgency=Urgency.CRITICAL,
    title="harbor-api: v43 was rolled back",
    text="6 of 54 requests to v43 failed. <b> & v42 serves everything again. Held.",
    failed="",
    serves="",
    done="",
    choices="",
    at=datetime(2025, 11, 22, 14, 7, tzinfo=UTC),
)


class Screen:
    """The fake daemon's process."""

    def __init__(self, bus: Bus, *capabilities: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fake_daemon.py")), *capabilities],
            env=bus.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.said() == {"ready": True}

    def said(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        assert self.said() == {"obeyed": line.split(maxsplit=1)[0]}

    def end(self) -> None:
        self.process.communicate(timeout=10)


class Desk:
    """A bus with a notifier on it, and what was clicked."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.clicks: queue.Queue[tuple[str, str]] = queue.Queue()
        self.notifier = FreedesktopNotifier(lambda *click: self.clicks.put(click))
        self.screens: list[Screen] = []

    def screen(self, *capabilities: str) -> Screen:
        self.screens.append(Screen(self.bus, *capabilities))
        return self.screens[-1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="ph-") as name, private_bus(Path(name)) as bus:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
        desk = Desk(bus)
        yield desk
        desk.notifier.close()
        for screen in desk.screens:
            screen.end()


def test_a_notice_is_sent_with_exact_types_and_stays(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    assert screen.said() == {
        "number": 1,
        "replaces": 0,
        "icon": "pilothouse",
        "title": "harbor-api: v43 was rolled back",
        "text": (
            "6 of 54 requests to v43 failed. &lt;b&gt; &amp; v42 serves everything again. Held."
        ),
        "actions": ["default", "Open", "seen", "Mark as seen"],
        "hints": {"urgency": ["y", 2], "desktop-entry": ["s", "pilothouse"]},
        "lasts": 0,
    }


def test_a_plain_daemon_gets_plain_text_and_no_buttons(desk: Desk) -> None:
    screen = desk.screen("body")
    assert desk.notifier.show(NOTICE)
    said = screen.said()
    assert "<b> & v42" in said["text"]
    assert said["actions"] == []


@pytest.mark.parametrize(
    ("state", "urgency", "level", "lasts", "can_be_seen"),
    [
        ("failed_safe", Urgency.NORMAL, 1, 0, True),
        ("held", Urgency.CRITICAL, 2, 0, False),
        ("unknown", Urgency.NORMAL, 1, 0, False),
        ("good", Urgency.SILENT, 0, -1, False),
    ],
)
def test_urgency_and_buttons_follow_the_state(
    desk: Desk, state: str, urgency: Urgency, level: int, lasts: int, can_be_seen: bool
) -> None:
    screen = desk.screen(*ALL)
    assert desk.notifier.show(replace(NOTICE, state=state, urgency=urgency))
    said = screen.said()
    assert (said["hints"]["urgency"], said["lasts"]) == (["y", level], lasts)
    assert ("seen" in said["actions"]) is can_be_seen


def test_a_deployment_has_one_notice(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    for notice in (NOTICE, replace(NOTICE, deployment_id="other"), NOTICE):
        assert desk.notifier.show(notice)
    said = [screen.said() for _ in range(3)]
    assert [(one["number"], one["replaces"]) for one in said] == [(1, 0), (2, 0), (1, 1)]


def test_a_notice_can_be_withdrawn_once(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    screen.said()
    desk.notifier.withdraw(NOTICE.deployment_id)
    assert screen.said() == {"closed": 1}
    desk.notifier.withdraw(NOTICE.deployment_id)
    desk.notifier.withdraw("another")
    assert desk.notifier.show(NOTICE)
    assert screen.said()["replaces"] == 0


def test_clicks_arrive_and_a_dismissed_notice_is_forgotten(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    screen.said()
    screen.do("action 1 default")
    assert desk.clicks.get(timeout=10) == (NOTICE.deployment_id, "open")
    screen.do("action 1 seen")
    assert desk.clicks.get(timeout=10) == (NOTICE.deployment_id, "seen")
    screen.do("action 7 seen")
    screen.do("close 1")
    assert desk.notifier.show(NOTICE)
    assert screen.said()["replaces"] == 0
    assert desk.clicks.empty()


def test_only_the_daemon_itself_is_believed(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    screen.said()
    stranger = desk.screen("--stranger")
    stranger.do("action 1 seen")
    screen.do("action 1 default")
    assert desk.clicks.get(timeout=10) == (NOTICE.deployment_id, "open")
    assert desk.clicks.empty()


def test_a_click_that_cannot_be_followed_ends_nothing(desk: Desk) -> None:
    def refuse(deployment_id: str, _action: str) -> None:
        desk.clicks.put((deployment_id, "tried"))
        raise RuntimeError("the window is gone")

    screen = desk.screen(*ALL)
    notifier = FreedesktopNotifier(refuse)
    assert notifier.show(NOTICE)
    screen.said()
    screen.do("action 1 default")
    assert desk.clicks.get(timeout=10) == (NOTICE.deployment_id, "tried")
    assert notifier.show(NOTICE)
    notifier.close()


def test_without_a_daemon_it_says_no_and_with_one_it_goes_on(desk: Desk) -> None:
    assert not desk.notifier.show(NOTICE)
    assert "No notification daemon" in desk.notifier.state()
    first = desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    assert first.said()["number"] == 1
    first.end()
    assert not desk.notifier.show(NOTICE)
    second = desk.screen("body")
    assert desk.notifier.show(NOTICE)
    said = second.said()
    assert (said["replaces"], said["actions"]) == (0, [])  # nothing is left of the first one
    assert desk.notifier.state() == "Notices are shown by Fake 1.0, without buttons."


def test_a_bus_that_died_is_found_again(desk: Desk) -> None:
    desk.screen(*ALL)
    assert desk.notifier.show(NOTICE)
    end(desk.bus.process)
    assert not desk.notifier.show(NOTICE)
    (desk.bus.folder / "bus").unlink(missing_ok=True)
    with private_bus(desk.bus.folder) as again:
        screen = Screen(again, *ALL)
        assert desk.notifier.show(NOTICE)
        assert screen.said()["number"] == 1
        screen.end()


@pytest.mark.parametrize("address", [None, "unix:path=/nowhere/bus", "nonsense"])
def test_without_a_bus_it_says_no(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    notifier = FreedesktopNotifier(lambda *_: None)
    assert not notifier.show(NOTICE)
    assert "no desktop bus" in notifier.state()
    notifier.withdraw(NOTICE.deployment_id)
    notifier.close()


def test_after_closing_nothing_is_shown_any_more(desk: Desk) -> None:
    desk.screen(*ALL)
    desk.notifier.close()
    assert not desk.notifier.show(NOTICE)
    desk.notifier.withdraw(NOTICE.deployment_id)
    desk.notifier.close()


def test_a_daemon_that_does_not_answer_is_given_up(desk: Desk) -> None:
    screen = desk.screen(*ALL)
    notifier = FreedesktopNotifier(lambda *_: None, reply_s=0.2)
    assert notifier.show(NOTICE)
    screen.said()
    screen.do("mute")
    assert not notifier.show(replace(NOTICE, deployment_id="other"))
    notifier.close()


def test_the_bus_library_is_not_loaded_before_it_is_used() -> None:
    code = (
        "import sys, pilothouse.notifications.freedesktop as f, pilothouse.notifications.router;"
        "f.FreedesktopNotifier(print).close(); print('jeepney' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "desktop")},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "False\n"
