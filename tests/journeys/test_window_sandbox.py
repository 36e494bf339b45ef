"""The Sandbox page in the real window on a real sandbox: a fault is put, strikes, is taken away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit

from tests.journeys.pilot import WEB, Pilot
from tests.journeys.window_pilot import CTRL, WindowPilot, until_seen

NARROW, USUAL = (960, 600), (1280, 800)


def replace_text(window: WindowPilot, field: str, text: str) -> None:
    """Type over what stands in a field."""
    window.click_at(window.named(QLineEdit, field))
    window.press(Qt.Key.Key_A, CTRL)
    window.type(text)


def test_a_fault_is_put_strikes_the_window_s_own_calls_and_is_taken_away(
    window: WindowPilot,
) -> None:
    window.wait_for("4 apps serve")
    window.click("Sandbox: nothing here is real · 60 × faster")
    window.wait_for("Nothing goes wrong on purpose now.")
    until_seen(lambda: window.rows("Requests received"), "the calls that made the fleet")
    window.pick("Platform", "Fly.io")
    replace_text(window, "How often", "3")
    window.click("Make the next 3 calls to Fly.io fail with 503")
    until_seen(lambda: window.rows("Faults in force"), "the fault")
    window.look_now()
    until_seen(lambda: window.spoken("Faults in force")[0].endswith("struck 3"), "three strikes")
    assert "left used up" in window.spoken("Faults in force")[0]

    def struck() -> list[str]:
        calls = window.spoken("Requests received")
        return [one for one in calls if "answered 503, struck by 503" in one]

    until_seen(lambda: len(struck()) == 3, "the calls that it struck")
    assert all(" Fly.io " in one for one in struck())
    window.click_at(window.named(QLineEdit, "Filter requests"))
    window.type("503")
    until_seen(lambda: window.rows("Requests received") == 3, "the filtered calls")
    window.picture("sandbox-struck")
    window.press(Qt.Key.Key_Escape)
    window.window.resize(*NARROW)
    QApplication.processEvents()
    window.picture("sandbox-narrow")
    window.window.resize(*USUAL)
    window.click("Take away the fault")
    window.wait_for("Nothing goes wrong on purpose now.")
    window.press(Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    window.wait_for("4 apps serve")


def test_what_somebody_else_does_is_seen_in_the_fleet(pilot: Pilot, window: WindowPilot) -> None:
    newest = pilot.newest(WEB)["version"]
    window.wait_for("4 apps serve")
    window.press(Qt.Key.Key_5, CTRL)
    window.wait_for("Nothing goes wrong on purpose now.")
    window.click("Others")
    window.pick("App", "harbor-web")
    window.click("Have a colleague deploy to harbor-web")
    window.wait_for("Done.")
    window.picture("sandbox-others")
    window.click("An instance")
    window.pick("What goes wrong", "Fail the health checks")
    window.click("Make harbor-web fail its checks")
    until_seen(lambda: window.rows("Faults in force"), "the fault")
    window.picture("sandbox-instance")
    window.click("Take all away")
    window.wait_for("Nothing goes wrong on purpose now.")
    window.press(Qt.Key.Key_1, CTRL)
    window.look_now()
    window.open_app("harbor-web")
    window.wait_for(f"v{newest + 1} on 2 of 2 machines")
