"""Going back by hand, and what a window shows after it was killed or closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QLineEdit

from pilothouse.domain.news import Looked, Reach
from tests.journeys.pilot import API, BILLING, ROOT, WEB, Pilot, artifact, ended
from tests.journeys.window_pilot import CTRL, LONG_S, WindowPilot, until_seen
from tests.waiting import until

OpenWindow = Callable[..., WindowPilot]
ACCOUNTS = 2


@pytest.mark.parametrize("app", [API, BILLING])
def test_roll_back_in_two_clicks(pilot: Pilot, window: WindowPilot, app: str) -> None:
    before = pilot.serving(app)
    name = app.partition(":")[2]
    old = pilot.newest(app)["version"]
    with window.gaps.unmeasured():
        assert pilot.deploy(app, *pilot.what(app, "next")).code == 0
    window.wait_for("4 apps serve")
    window.look_now()
    window.open_app(name)
    window.wait_for(f"v{old + 1} on ")
    window.click("Roll back…")
    window.click(f"Roll back to v{old}")
    window.wait_for(f"v{old} serves. Nobody’s request was lost.", LONG_S)
    window.until_whole(pilot, app)
    assert pilot.serving(app) == before
    window.go("Fleet")
    window.open_app(name)
    until_seen(
        lambda: _verdicts(window) == ["verified", "rolled back"], "the verdicts of both releases"
    )
    window.picture(f"history-{name}")
    window.wait_for("Release hold…")
    window.click("Release hold…")
    window.picture("release-hold")
    window.click_at(window.named(QLineEdit, "Why may deploys go on?"))
    window.type("the cause was found")
    window.click(f"Release hold of {name}")
    until_seen(lambda: window.find_button("Release hold…") is None, "the hold to be gone")
    with window.gaps.unmeasured():
        assert pilot.status(app)["held"] is False


def test_roll_back_by_two_keys(pilot: Pilot, window: WindowPilot) -> None:
    before = pilot.serving(WEB)
    old = pilot.newest(WEB)["version"]
    with window.gaps.unmeasured():
        assert pilot.deploy(WEB, *pilot.what(WEB, "next")).code == 0
    window.wait_for("4 apps serve")
    window.look_now()
    fleet = window.named(QAbstractItemView, "Apps")
    window.click_row(fleet, "harbor-web,")
    window.press(Qt.Key.Key_R)
    until_seen(lambda: window.surface is not window.window, "the sheet")
    until_seen(lambda: window.primary().isEnabled(), "the way back")
    window.picture("roll-back-sheet")
    window.press(Qt.Key.Key_Return, CTRL)
    window.wait_for(f"v{old} serves. Nobody’s request was lost.", LONG_S)
    assert pilot.serving(WEB) == before


@pytest.mark.parametrize("app", [API, BILLING])
def test_a_window_killed_in_the_middle_is_taken_up_by_the_next_one(
    pilot: Pilot, open_window: OpenWindow, app: str
) -> None:
    before = pilot.serving(app)
    new = pilot.newest(app)["version"] + 1
    environ = pilot.environment()
    environ["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    command = [sys.executable, "-m", "tests.journeys.window_pilot", app, "next"]
    with subprocess.Popen(command, env=environ, cwd=ROOT) as first:
        until(lambda: _all_run(pilot, app) != before, "a first change", LONG_S)
        os.kill(first.pid, signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    window = open_window()
    window.wait_for("apps")
    window.go("Deployments")
    table = window.named(QAbstractItemView, "Deployments")
    window.click_row(table, "harbor-api" if app == API else "billing", double=True)
    window.wait_for(f"v{new} serves.", LONG_S)
    window.picture(f"recovered-{app.partition(':')[0]}")
    window.until_whole(pilot, app)
    assert pilot.newest(app)["version"] == new
    assert pilot.serving(app) != before


def test_what_is_known_is_shown_at_once_with_its_age(pilot: Pilot, open_window: OpenWindow) -> None:
    first = open_window()
    first.wait_for("4 apps serve")
    first.open_app("harbor-api")
    until_seen(lambda: first.rows("Releases") > 20, "the history")
    control = pilot.sandbox.control
    control.act(WEB, "foreign-deploy", image="registry.fly.io/harbor-web:next")
    newest = pilot.newest(WEB)["version"]
    first.close()
    control.fault("slow", count=1000, seconds=4.0)
    second = open_window()
    told: list[str] = []
    second.running.bridge.arrived.connect(
        lambda news: told.append("looked") if _is_sight(news) else None
    )
    until_seen(lambda: second.rows("Apps") == 4, "the fleet from the cache")
    told.append("shown")
    assert "ago" in second.words()
    second.picture("cached-fleet")
    second.open_app("harbor-api")
    until_seen(lambda: second.rows("Releases") > 20, "the history from the cache")
    told.append("history")
    assert told[:2] == ["shown", "history"]
    second.picture("cached-history")
    control.clear_faults()
    second.look_now()
    second.go("harbor-web")
    second.wait_for(f"v{newest} on 2 of 2 machines")
    until_seen(lambda: told.count("looked") >= ACCOUNTS, "both accounts")
    second.until_sandbox(lambda: not _threads("pilothouse-look"), "the end of slow looks")


def _threads(name: str) -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith(name)]


def _is_sight(news: object) -> bool:
    return isinstance(news, Looked) and news.reach is Reach.SEEN


def test_a_second_window_brings_the_first_to_the_front(pilot: Pilot, window: WindowPilot) -> None:
    window.wait_for("4 apps serve")
    window.window.showMinimized()
    second = pilot.start()
    until_seen(lambda: second.poll() is not None, "the end of the second start")
    said = ended(second)
    assert (said.code, said.out, said.err) == (0, "", "")
    until_seen(lambda: not window.window.isMinimized(), "the first window")


def _verdicts(window: WindowPilot) -> list[str]:
    """What the history says of the two newest releases, which Pilothouse made."""
    said = window.spoken("Releases")[:2]
    words = ("verified", "not watched", "rolled back", "unknown")
    return [next((word for word in words if word in one.lower()), one) for one in said]


def _all_run(pilot: Pilot, app: str) -> set[str]:
    """What the instances run, in traffic or not, by the sandbox."""
    return {artifact(one) for one in pilot.sandbox.control.app(app)["instances"]}
