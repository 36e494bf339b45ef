"""The deploy sheet: nothing can block its button silently, and nothing starts by accident."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QDialog, QWidget

from pilothouse.domain.change import Plan
from pilothouse.domain.errors import Blocked, LeaseHeld, NotFound
from pilothouse.domain.guard import Family, Ruling, Verdict
from pilothouse.domain.news import Journaled, Looked, Reach, VerdictGiven
from pilothouse.engine.views import Consent
from pilothouse.ui.sheets.deploy import DeploySheet
from pilothouse.ui.sheets.override import OverrideSheet
from tests.ui import sample
from tests.ui.sample_runs import Teller, deploy_plan
from tests.ui.stage import Stage, button, picture, press, write

FREEZE = Verdict(Family.CALENDAR, Ruling.BLOCK, "Freeze until Monday.", can_override=True)


def blocked(plan: Plan) -> Plan:
    """The plan with a freeze, unless a reason stands against it."""
    reason = dict(plan.change.overrides).get("calendar", "")
    return replace(plan, verdicts=(replace(FREEZE, overridden=reason), *plan.verdicts))


@pytest.fixture
def sheet(stage: Stage) -> DeploySheet:
    made = DeploySheet(stage.view, stage.service, stage.bridge, stage.window, by="lena")
    stage.window.show()
    made.open()
    stage.qtbot.waitUntil(made.isActiveWindow)
    return made


def planned(stage: Stage, sheet: DeploySheet) -> None:
    sheet.form.what.choose("main-5fd81b2")  # type: ignore[attr-defined]
    stage.qtbot.waitUntil(lambda: sheet.drafting.plan is not None and not sheet.drafting.making)


def test_it_is_opened_window_modal_and_dims_the_window(stage: Stage, sheet: DeploySheet) -> None:
    assert sheet.windowModality() is Qt.WindowModality.WindowModal
    veil = stage.window.findChild(QWidget, "veil")
    assert veil is not None
    assert veil.isVisible()
    assert veil.size() == stage.window.size()
    sheet.reject()
    assert not veil.isVisible()


def test_without_a_source_it_says_so(sheet: DeploySheet) -> None:
    assert sheet.missing.text() == "Choose what is to be deployed."
    assert not sheet.primary.isEnabled()
    assert sheet.primary.text() == "Deploy to harbor-api"


def test_it_goes_from_image_to_run(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    change = stage.plans[-1].change
    assert change.app_ref == "harbor:harbor-api"
    assert change.image == "registry.fly.io/harbor-api:main-5fd81b2"
    assert sheet.primary.text() == "Deploy v43 to harbor-api"
    assert sheet.missing.text() == "Type harbor-api to confirm."
    assert not sheet.primary.isEnabled()
    write(sheet.name, "harbor-api")
    assert sheet.missing.isHidden()
    assert sheet.primary.isEnabled()
    picture(sheet, "deploy-sheet-light")
    with stage.qtbot.waitSignal(sheet.started) as started:
        press(sheet, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    (submitted,) = stage.service.called("submit")
    assert submitted == (stage.plans[-1], Consent("lena", typed_name="harbor-api"))
    assert started.args == ["d001"]
    assert sheet.result() == QDialog.DialogCode.Accepted


def test_case_counts_and_enter_never_deploys(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    write(sheet.name, "Harbor-api")
    assert not sheet.primary.isEnabled()
    sheet.name.clear()
    write(sheet.name, "harbor-api")
    press(sheet.name, Qt.Key.Key_Return)
    assert stage.service.called("submit") == []
    assert sheet.isVisible()


def test_other_apps_do_not_ask_for_their_name(stage: Stage) -> None:
    stage.view = replace(stage.view, production=False)
    sheet = DeploySheet(stage.view, stage.service, stage.bridge, stage.window, by="lena")
    sheet.open()
    planned(stage, sheet)
    assert sheet.name.isHidden()
    assert sheet.primary.isEnabled()


def test_verdicts_settle_in_place_as_they_arrive(stage: Stage, sheet: DeploySheet) -> None:
    stage.service.gates["plan"] = threading.Event()
    sheet.form.what.choose("main-5fd81b2")  # type: ignore[attr-defined]
    stage.qtbot.waitUntil(lambda: len(stage.service.called("plan")) == 1)
    row = sheet.form.guards.row(Family.BASE)
    assert row is not None
    assert "is checking" in row.accessibleName()
    assert sheet.missing.text() == "Waiting for Credential and 3 more."
    draft = stage.service.called("plan")[0][1]  # type: ignore[index]
    verdict = Verdict(Family.BASE, Ruling.BLOCK, "v43 was released meanwhile.")
    stage.service.tell(VerdictGiven("someone else’s", verdict))
    stage.service.tell(VerdictGiven(draft, verdict))
    stage.qtbot.waitUntil(lambda: "Base blocks" in row.accessibleName())
    assert sheet.form.guards.row(Family.BASE) is row
    assert sheet.missing.text() == "Base blocks: v43 was released meanwhile."
    stage.service.gates["plan"].set()
    stage.qtbot.waitUntil(lambda: "Base passes" in row.accessibleName())


def test_a_block_is_overridden_with_a_reason(stage: Stage, sheet: DeploySheet) -> None:
    stage.changed_plan = blocked
    planned(stage, sheet)
    write(sheet.name, "harbor-api")
    assert sheet.missing.text().startswith("Calendar blocks")
    picture(sheet, "deploy-sheet-blocked-light")
    button(sheet, "Override…").click()
    asked = sheet.findChild(OverrideSheet)
    assert asked is not None
    assert asked.isVisible()
    write(asked.reason, "too short")
    assert not asked.primary.isEnabled()
    assert asked.missing.text() == "1 more character, please."
    write(asked.reason, " by far")
    picture(asked, "override-sheet-light")
    asked.primary.click()
    stage.qtbot.waitUntil(sheet.primary.isEnabled)
    assert stage.plans[-1].change.overrides == (("calendar", "too short by far"),)
    row = sheet.form.guards.row(Family.CALENDAR)
    assert row is not None
    assert "overridden" in row.accessibleName()


def test_going_back_by_itself_is_part_of_the_plan(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    before = sheet.drafting.plan
    assert before is not None
    sheet.form.go_back.click()
    after = sheet.drafting.plan
    assert after is not None
    assert not after.policy.go_back
    assert after.hash != before.hash


def test_a_release_made_meanwhile_makes_the_plan_anew(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    live = stage.view.live
    assert live is not None
    newer = sample.release_of(stage.view.app, 43, ago=sample.NOW - sample.NOW, author="CI")
    stage.service.tell(
        Looked(
            "harbor",
            stage.view.app.id,
            Reach.SEEN,
            sample.NOW,
            live=replace(live, release=newer),
        )
    )
    stage.qtbot.waitUntil(lambda: len(stage.plans) == 2)
    assert sheet.strip.text.startswith("v43 was released meanwhile. This plan was for v42")


def test_someone_elses_deployment_can_be_watched(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    teller = Teller(deploy_plan(stage.view), "otherone")
    teller.start()
    news = Journaled(stage.view.app.id, teller.events[-1], teller.progress)
    stage.service.tell(news)
    stage.qtbot.waitUntil(lambda: bool(sheet.strip.text))
    assert "Deploy v43 to harbor-api since" in sheet.strip.text
    assert "(step 1 of 6)" in sheet.strip.text
    with stage.qtbot.waitSignal(sheet.watch_wanted) as wanted:
        button(sheet, "Watch").click()
    assert wanted.args == ["otherone"]


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (LeaseHeld("harbor-api", owner="Jonas", since=None, deployment="77"), "Jonas acts on"),
        (Blocked([Verdict(Family.BASE, Ruling.BLOCK, "It changed.")]), "changed meanwhile"),
        (Blocked([Verdict(Family.APP, Ruling.BLOCK, "It is held.")]), "It is held."),
    ],
)
def test_a_refusal_is_said_and_nothing_was_started(
    stage: Stage, sheet: DeploySheet, error: Exception, says: str
) -> None:
    stage.service.failures["submit"] = error
    planned(stage, sheet)
    write(sheet.name, "harbor-api")
    sheet.primary.click()
    stage.qtbot.waitUntil(lambda: says in sheet.strip.text)
    assert sheet.isVisible()


def test_an_unknown_image_is_said_in_place(stage: Stage, sheet: DeploySheet) -> None:
    stage.service.failures["plan"] = NotFound("image", "nope", where="the registry", exists=["v42"])
    sheet.form.what.choose("nope")  # type: ignore[attr-defined]
    stage.qtbot.waitUntil(lambda: "No image “nope”" in sheet.missing.text())
    assert not sheet.primary.isEnabled()


def test_a_defect_leaves_the_sheet_usable(stage: Stage, sheet: DeploySheet) -> None:
    stage.service.failures["plan"] = RuntimeError("a defect")
    with stage.qtbot.waitSignal(stage.bridge.troubled):
        sheet.form.what.choose("nope")  # type: ignore[attr-defined]
    assert not sheet.drafting.making
    del stage.service.failures["plan"]
    planned(stage, sheet)


def test_only_the_newest_question_counts(stage: Stage, sheet: DeploySheet) -> None:
    gate = stage.service.gates["plan"] = threading.Event()
    for name in ("one", "two"):
        sheet.form.what.choose(name)  # type: ignore[attr-defined]
    gate.set()
    stage.qtbot.waitUntil(lambda: len(stage.plans) == 2 and not sheet.drafting.making)
    plan = sheet.drafting.plan
    assert plan is not None
    assert plan.change.image == "registry.fly.io/harbor-api:two"


def test_known_images_are_offered(stage: Stage, sheet: DeploySheet) -> None:
    box = sheet.form.what.findChildren(QWidget)[0]
    stage.qtbot.waitUntil(lambda: box.count() > 5)  # type: ignore[attr-defined]
    assert box.itemText(0).startswith("v42 · ")  # type: ignore[attr-defined]


def test_everything_that_takes_the_focus_has_a_name(stage: Stage, sheet: DeploySheet) -> None:
    stage.changed_plan = blocked
    planned(stage, sheet)
    nameless = [
        type(one).__name__
        for one in sheet.findChildren(QWidget)
        if one.isVisibleTo(sheet) and one.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
    ]
    assert nameless == []


def test_the_steps_of_the_plan_can_be_heard(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    said = QAccessible.queryAccessibleInterface(sheet.pane.steps).text(QAccessible.Text.Name)
    assert said.startswith("Plan of 6 steps: 1 Record release v43")


def test_esc_leaves_everything_as_it_is(stage: Stage, sheet: DeploySheet) -> None:
    planned(stage, sheet)
    press(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert stage.service.called("submit") == []
