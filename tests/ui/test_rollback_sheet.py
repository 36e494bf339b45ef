"""The roll back sheet: one key sends it off, and only the way back's own facts can stop it."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from pilothouse.domain.change import ChangeKind, Plan
from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.engine.views import Consent
from pilothouse.ui.sheets.rollback import RollBackSheet
from pilothouse.ui.sheets.targets import targets
from tests.ui import sample
from tests.ui.stage import Stage, button, picture, press


def opened(stage: Stage, to_version: int | None = None) -> RollBackSheet:
    made = RollBackSheet(
        stage.view,
        stage.service,
        stage.bridge,
        stage.window,
        by="lena",
        to_version=to_version,
    )
    stage.window.show()
    made.open()
    stage.qtbot.waitUntil(made.isActiveWindow)
    return made


@pytest.fixture
def sheet(stage: Stage) -> RollBackSheet:
    return opened(stage)


def checked(stage: Stage, sheet: RollBackSheet) -> None:
    stage.qtbot.waitUntil(lambda: sheet.drafting.plan is not None and not sheet.drafting.making)
    stage.qtbot.waitUntil(lambda: len(sheet.list.row_buttons) == 2)


def go(stage: Stage, sheet: RollBackSheet) -> None:
    press(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_the_last_good_release_is_chosen_and_goes_by_one_key(
    stage: Stage, sheet: RollBackSheet
) -> None:
    checked(stage, sheet)
    assert sheet.primary.text() == "Roll back to v41"
    picture(sheet, "rollback-sheet-light")
    with stage.qtbot.waitSignal(sheet.started):
        go(stage, sheet)
    assert stage.service.called("submit") == [(stage.plans[-1], Consent("lena"))]
    change = stage.plans[-1].change
    assert (change.kind, change.to_version) == (ChangeKind.ROLLBACK, 41)


def test_pressed_before_the_plan_stands_it_goes_as_soon_as_it_does(stage: Stage) -> None:
    gate = stage.service.gates["plan"] = threading.Event()
    sheet = opened(stage)
    go(stage, sheet)
    assert not sheet.primary.isEnabled()
    with stage.qtbot.waitSignal(sheet.started):
        gate.set()


def test_what_was_not_read_yet_is_not_agreed_to(stage: Stage) -> None:
    def warned(plan: Plan) -> Plan:
        return replace(plan, warnings=("v41 answered 3 % with errors when last seen.",))

    gate = stage.service.gates["plan"] = threading.Event()
    stage.changed_plan = warned
    sheet = opened(stage)
    go(stage, sheet)
    gate.set()
    checked(stage, sheet)
    assert stage.service.called("submit") == []
    assert sheet.strip.text == "v41 answered 3 % with errors when last seen."
    assert sheet.primary.text() == "Roll back to v41 anyway"
    with stage.qtbot.waitSignal(sheet.started):
        go(stage, sheet)


def test_the_keys_change_the_choice(stage: Stage, sheet: RollBackSheet) -> None:
    checked(stage, sheet)
    row = sheet.list.row_of(41)
    assert row is not None
    press(row, Qt.Key.Key_Down)
    stage.qtbot.waitUntil(lambda: sheet.primary.text() == "Roll back to v40")
    stage.qtbot.waitUntil(lambda: stage.plans[-1].change.to_version == 40)


def test_the_rest_is_one_press_away(stage: Stage, sheet: RollBackSheet) -> None:
    checked(stage, sheet)
    button(sheet, "Show 9 more releases to go back to").click()
    picture(sheet, "rollback-sheet-unfolded-light")
    row = sheet.list.row_of(38)
    assert row is not None
    row.click()
    stage.qtbot.waitUntil(lambda: sheet.primary.text() == "Roll back to v38 anyway")
    assert "was gone back from" in sheet.strip.text


def test_only_the_way_back_itself_can_stop_it(stage: Stage, sheet: RollBackSheet) -> None:
    def gone(plan: Plan) -> Plan:
        verdict = Verdict(
            Family.WAY_BACK, Ruling.BLOCK, "v41 cannot be run: its image is gone.", "v36 can."
        )
        return replace(plan, verdicts=(verdict,))

    stage.changed_plan = gone
    sheet.drafting.remake()
    stage.qtbot.waitUntil(
        lambda: sheet.strip.text == "v41 cannot be run: its image is gone. v36 can."
    )
    assert not sheet.primary.isEnabled()


def test_a_chosen_release_is_chosen(stage: Stage) -> None:
    sheet = opened(stage, 36)
    stage.qtbot.waitUntil(lambda: sheet.primary.text() == "Roll back to v36")


def test_what_it_says(stage: Stage, sheet: RollBackSheet) -> None:
    checked(stage, sheet)
    texts = [label.text() for label in sheet.facts]
    assert texts[0].startswith("The image ")
    assert texts[0].endswith(", on 6 machines")
    assert "database is not touched" in texts[1]
    assert texts[2].startswith("From outside")


def test_the_targets_are_in_the_order_of_trust() -> None:
    view = sample.view_of(sample.HARBOR, "harbor-api", 42)
    found = targets(view, sample.history())
    assert [one.version for one in found.first] == [41, 40]
    assert 42 not in [one.version for one in found.all]
    assert 35 not in [one.version for one in found.all]
