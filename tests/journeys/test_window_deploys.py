"""Deploys through the window, click by click, judged at the sandbox's edge and in its world."""

from __future__ import annotations

import time

import pytest
from PySide6.QtWidgets import QLineEdit, QListView

from pilothouse.ui.glyph import Badge, tray_icon
from pilothouse.ui.tray import INK
from tests.fakes import RecordingNotifier
from tests.journeys.pilot import API, BILLING, WEB, Pilot, artifact
from tests.journeys.window_pilot import LONG_S, WindowPilot, until_seen

STAGING = "heroku:billing-staging"
RATE = 50.0
ANSWERS = ("What failed", "What serves now", "What was done", "What you can do")


@pytest.mark.parametrize("app", [API, BILLING])
def test_a_good_deploy(pilot: Pilot, window: WindowPilot, app: str) -> None:
    before = pilot.serving(app)
    look, _, name = app.partition(":")
    new = pilot.newest(app)["version"] + 1
    window.wait_for("4 apps serve")
    window.picture(f"{look}-1-fleet")
    window.open_app(name)
    window.picture(f"{look}-2-app")
    window.click("Deploy…")
    window.choose(app, "next")
    window.wait_for(f"Type {name} to confirm.")
    window.picture(f"{look}-3-sheet")
    window.click_at(window.named(QLineEdit, f"Type {name} to confirm"))
    window.type(name)
    with pilot.sandbox.steady_traffic(app, rate=RATE) as traffic:
        began, sent = time.monotonic(), traffic.sent
        window.click(f"Deploy v{new} to {name}")
        window.wait_for(f"Deploying v{new}")
        window.wait_for("No request was lost so far.")
        window.picture(f"{look}-4-run")
        window.wait_for(f"v{new} serves. Nobody’s request was lost.", LONG_S)
        seconds, sent = time.monotonic() - began, traffic.sent - sent
    assert traffic.lost == []
    assert sent >= RATE * seconds * 0.9, f"{sent} sent in {seconds:.1f} s"
    window.picture(f"{look}-5-good-end")
    window.until_whole(pilot, app)
    assert pilot.serving(app) != before
    assert pilot.newest(app)["version"] == new


@pytest.mark.parametrize(
    ("app", "image"), [(API, "crash"), (API, "err5"), (STAGING, "crash"), (BILLING, "err5")]
)
def test_a_bad_release_is_taken_back_and_nobody_is_left_in_the_dark(
    pilot: Pilot, window: WindowPilot, notifier: RecordingNotifier, app: str, image: str
) -> None:
    before = pilot.serving(app)
    name = app.partition(":")[2]
    old = pilot.newest(app)["version"]
    window.deploy(app, image)
    window.wait_for(f"v{old + 1} was rolled back. v{old} serves everything again.", LONG_S)
    window.until_whole(pilot, app)
    with window.gaps.unmeasured():
        assert pilot.serving(app) == before
    for question in ANSWERS:
        window.wait_for(question)
    (shown,) = notifier.shown.values()
    assert shown.title == f"{name}: v{old + 1} was rolled back"
    tray = window.running.tray.icon
    until_seen(lambda: "1 needs you" in tray.toolTip(), "the tray’s tooltip")
    needs = tray_icon(Badge.NEEDS_YOU, INK).pixmap(22, 22).toImage()
    assert tray.icon().pixmap(22, 22).toImage() == needs
    window.picture(f"rolled-back-{name}-{image}")
    window.go("Inbox")
    until_seen(lambda: window.inbox_said() == "Inbox, 1", "the badge of the inbox")
    notices = window.named(QListView, "Notices")
    window.click_row(notices, f"{name}: v{old + 1} was rolled back")
    window.picture(f"inbox-{name}-{image}")
    window.click("Mark as seen")
    window.wait_for("Marked as seen")
    until_seen(lambda: not notifier.shown, "the notice to be withdrawn")
    until_seen(lambda: "needs you" not in tray.toolTip(), "the tray to be calm")
    assert tray.icon().pixmap(22, 22).toImage() != needs
    with window.gaps.unmeasured():
        (notice,) = pilot.run("inbox", "--json").last["notices"]
    assert notice["seen_at"] is not None


@pytest.mark.parametrize("app", [API, BILLING])
def test_stop_and_go_back_in_the_middle(pilot: Pilot, window: WindowPilot, app: str) -> None:
    before = pilot.serving(app)
    old = pilot.newest(app)["version"]
    window.deploy(app, "next")
    window.until_sandbox(lambda: _all_run(pilot, app) != before, "a first change")
    window.click("Stop and go back")
    window.wait_for("Going back…")
    window.picture(f"going-back-{app.partition(':')[0]}")
    window.wait_for(f"v{old} serves everything again.", LONG_S)
    window.until_whole(pilot, app)
    with window.gaps.unmeasured():
        assert pilot.serving(app) == before


def test_pause_after_this_step_and_go_on(pilot: Pilot, window: WindowPilot) -> None:
    new = pilot.newest(API)["version"] + 1
    window.deploy(API, "next")
    window.click("Pause after this step")
    window.wait_for("Paused. Nothing more is changed until you go on, or go back.")
    window.picture("paused")
    with window.gaps.unmeasured():
        mark = pilot.sandbox.control.last_request()
    window.idle_for_ticks(3)
    with window.gaps.unmeasured():
        calls = pilot.sandbox.control.requests(mark)
    writes = [one for one in calls if one["method"] == "POST"]
    leases = [one for one in writes if "lease" in one["path"] or "graphql" in one["path"]]
    assert writes == leases
    window.click("Go on")
    window.wait_for(f"v{new} serves. Nobody’s request was lost.", LONG_S)
    window.until_whole(pilot, API)


def test_it_works_without_tray_and_notices(
    pilot: Pilot, window: WindowPilot, notifier: RecordingNotifier, caplog: pytest.LogCaptureFixture
) -> None:
    before = pilot.serving(WEB)
    old = pilot.newest(WEB)["version"]
    notifier.works = False
    assert not window.running.tray.icon.isVisible()
    window.deploy(WEB, "crash")
    window.wait_for(f"v{old} serves everything again.", LONG_S)
    with window.gaps.unmeasured():
        assert pilot.serving(WEB) == before
    window.go("Inbox")
    until_seen(lambda: window.inbox_said() == "Inbox, 1", "the badge of the inbox")
    until_seen(lambda: "waits in the inbox" in caplog.text, "the log to say so")


def _all_run(pilot: Pilot, app: str) -> set[str]:
    """What the instances run, in traffic or not, by the sandbox."""
    return {artifact(one) for one in pilot.sandbox.control.app(app)["instances"]}
