"""Hold, release hold, connect, quit, and who opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtWidgets import QLineEdit, QWidget

from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import AccountRefused, JournalUnavailable, KeyringUnavailable
from pilothouse.domain.model import Identity, Platform
from pilothouse.domain.records import DeploymentRecord, RequestKind
from pilothouse.ui.sheets.connect import ConnectSheet, caution, rights
from pilothouse.ui.sheets.deploy import DeploySheet
from pilothouse.ui.sheets.hold import HoldSheet, ReleaseHoldSheet
from pilothouse.ui.sheets.leave import Leave, LeaveSheet, Leaving
from pilothouse.ui.travels import Page, Place
from tests.ui import sample
from tests.ui.sample_runs import Teller, deploy_plan
from tests.ui.stage import Stage, button, picture, write

TOKEN = "FlyV1 not-a-token"


def test_a_hold_needs_a_reason(stage: Stage) -> None:
    sheet = HoldSheet(stage.view, stage.service, stage.bridge, stage.window)
    sheet.open()
    assert sheet.primary.text() == "Hold harbor-api"
    assert not sheet.primary.isEnabled()
    write(sheet.reason, "Maria works on the database")
    with stage.qtbot.waitSignal(sheet.written):
        sheet.primary.click()
    assert stage.service.called("ask") == [
        (RequestKind.HOLD, stage.view.app.id, "Maria works on the database")
    ]


def test_releasing_a_hold_says_what_stays_marked(stage: Stage) -> None:
    teller = Teller(deploy_plan(stage.view))
    teller.start()
    teller.decide((), "6 of 54 lost.")
    record = DeploymentRecord(teller.id, stage.view.app.id, "Lena", sample.NOW, teller.progress)
    view = replace(stage.view, hold_reason="v43 was rolled back", last=record)
    sheet = ReleaseHoldSheet(view, stage.service, stage.bridge, stage.window)
    sheet.open()
    picture(sheet, "release-hold-light")
    assert "v43 stays marked as bad; deploying it again will block." in texts(sheet)
    write(sheet.reason, "The cause was a typo, fixed in 5fd81b2")
    with stage.qtbot.waitSignal(sheet.written):
        sheet.primary.click()
    assert stage.service.called("ask")[0][0] is RequestKind.RELEASE_HOLD  # type: ignore[index]


def test_a_journal_that_cannot_be_written_is_said_in_place(stage: Stage) -> None:
    stage.service.failures["ask"] = JournalUnavailable("The disk is full.")
    sheet = HoldSheet(stage.view, stage.service, stage.bridge, stage.window)
    sheet.open()
    write(sheet.reason, "Maria works on the database")
    sheet.primary.click()
    stage.qtbot.waitUntil(lambda: sheet.missing.text() == "The disk is full.")
    assert sheet.primary.isEnabled()
    sheet.reject()


def texts(sheet: QWidget) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in sheet.findChildren(QLabel)]


@pytest.fixture
def connect(stage: Stage) -> ConnectSheet:
    sheet = ConnectSheet(Platform.FLY, stage.service, stage.bridge, stage.window)
    stage.window.show()
    sheet.open()
    return sheet


def looked(stage: Stage, sheet: ConnectSheet) -> None:
    write(sheet.token, TOKEN)
    sheet.primary.click()
    stage.qtbot.waitUntil(lambda: sheet.primary.text() != "Look what it may do")


def test_a_token_is_looked_at_before_it_is_kept(stage: Stage, connect: ConnectSheet) -> None:
    assert connect.token.echoMode() is QLineEdit.EchoMode.Password
    accounts = stage.service.accounts.list()
    looked(stage, connect)
    picture(connect, "connect-light")
    assert "lena@harbor.example" in texts(connect)
    assert connect.primary.text() == "Keep it"
    with stage.qtbot.waitSignal(connect.connected):
        connect.primary.click()
    added = [one for one in stage.service.accounts.list() if one not in accounts]
    assert [one.source for one in added] == ["keyring"]
    assert connect.token.text() == ""


def test_another_token_leaves_nothing_behind(stage: Stage, connect: ConnectSheet) -> None:
    accounts = stage.service.accounts.list()
    looked(stage, connect)
    button(connect, "Use another").click()
    stage.qtbot.waitUntil(lambda: stage.service.accounts.list() == accounts)
    assert connect.token.text() == ""
    assert "lena@harbor.example" not in texts(connect)


def test_closing_drops_what_was_only_looked_at(stage: Stage, connect: ConnectSheet) -> None:
    accounts = stage.service.accounts.list()
    looked(stage, connect)
    connect.reject()
    stage.qtbot.waitUntil(lambda: stage.service.accounts.list() == accounts)


def test_a_refused_token_is_said_and_not_kept(stage: Stage, connect: ConnectSheet) -> None:
    stage.service.accounts.refusal = AccountRefused("Fly.io", said="401", renew="Make a new one.")
    write(connect.token, TOKEN)
    connect.primary.click()
    stage.qtbot.waitUntil(lambda: "Make a new one." in connect.strip.text)
    assert connect.primary.text() == "Look what it may do"
    assert TOKEN not in " ".join(texts(connect))


def test_without_a_keyring_it_is_used_for_this_run(stage: Stage, connect: ConnectSheet) -> None:
    looked(stage, connect)
    stage.service.accounts.keep_refusal = KeyringUnavailable(
        "No keyring was found.", "Install one."
    )
    connect.primary.click()
    stage.qtbot.waitUntil(lambda: connect.primary.text() == "Use it for this run")
    assert connect.strip.text == "No keyring was found. Install one."
    with stage.qtbot.waitSignal(connect.connected):
        connect.primary.click()
    assert stage.service.accounts.list()[-1].source == "memory"


def test_what_a_token_may_do_is_said_in_words() -> None:
    ends = sample.NOW + timedelta(days=61)
    wide = Identity("ann", ("global",), can_deploy=None, expires_at=ends)
    assert dict(rights(wide))["May deploy"] == "The platform does not tell"
    assert "far more than deploy" in caution(wide)
    assert "not deploy" in caution(Identity("ann", ("read",), can_deploy=False))
    assert caution(Identity("ann", ("deploy",), can_deploy=True)) == ""


@pytest.fixture
def running(stage: Stage) -> Teller:
    teller = Teller(deploy_plan(stage.view))
    teller.start()
    stage.put_run(teller)
    return teller


def test_leaving_asks_and_esc_means_stay(stage: Stage, running: Teller) -> None:
    record = stage.service.logbook.deployment(running.id)
    sheet = LeaveSheet([record], stage.window, tray=False)
    chosen: list[Leave] = []
    sheet.chosen.connect(chosen.append)
    sheet.open()
    assert "harbor-api is being deployed." in texts(sheet)
    assert sheet.cancel.text() == "Stay"
    assert sheet.primary.isHidden()
    picture(sheet, "leave-light")
    sheet.reject()
    assert chosen == []


@pytest.mark.parametrize("choice", list(Leave))
def test_both_ways_to_leave(stage: Stage, running: Teller, choice: Leave) -> None:
    record = stage.service.logbook.deployment(running.id)
    sheet = LeaveSheet([record], stage.window, tray=True)
    stage.window.show()
    sheet.open()
    with stage.qtbot.waitSignal(sheet.chosen) as chosen:
        button(sheet, choice.value).click()
    assert chosen.args == [choice]


def test_the_program_may_end_once_all_have_paused(stage: Stage, running: Teller) -> None:
    leaving = Leaving({running.id: State.RUNNING}, stage.service, stage.bridge, stage.window)
    stage.qtbot.waitUntil(lambda: len(stage.service.called("ask")) == 1)
    assert stage.service.called("ask")[0] == (RequestKind.PAUSE, running.id, "")
    with stage.qtbot.waitSignal(leaving.may_end):
        event = running.tell(EventKind.PAUSED, data={"reason": "A person paused it."})
        stage.tell_event(running, event)


def test_one_sheet_at_a_time_and_a_run_leads_to_its_page(stage: Stage) -> None:
    stage.window.show()
    stage.sheets.deploy(stage.view, stage.window)
    first = stage.sheets.sheet
    assert isinstance(first, DeploySheet)
    stage.sheets.roll_back(stage.view, stage.window)
    assert stage.sheets.sheet is first
    first.started.emit("d007")
    assert stage.travels.here == Place(Page.RUN, deployment_id="d007")
    first.reject()
    assert stage.sheets.sheet is None
    openers: list[Callable[[], None]] = [
        lambda: stage.sheets.roll_back(stage.view, stage.window),
        lambda: stage.sheets.hold_or_release(stage.view, stage.window),
        lambda: stage.sheets.connect_account(stage.window),
    ]
    for opener in openers:
        opener()
        sheet = stage.sheets.sheet
        assert sheet is not None
        assert sheet.isVisible()
        sheet.reject()
