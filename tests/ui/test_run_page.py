"""The run page: live from the news, past from the journal, and the same after closing it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.news import JournalTrouble, Notice, Urgency
from pilothouse.domain.records import RequestKind
from pilothouse.ui.run.page import RunPage
from pilothouse.ui.sheets.hold import ReleaseHoldSheet
from pilothouse.ui.theme import Theme
from pilothouse.ui.tokens import Scheme
from tests.ui import sample_runs
from tests.ui.sample_runs import WAVES, Teller
from tests.ui.stage import Stage, button, picture, press


@pytest.fixture
def teller(stage: Stage) -> Teller:
    made = Teller(sample_runs.deploy_plan(stage.view))
    made.start()
    made.do("record")
    made.roll(WAVES[0])
    stage.put_run(made)
    stage.now = made.at
    return made


@pytest.fixture
def page(stage: Stage, teller: Teller) -> RunPage:
    made = RunPage(stage.desk, stage.window)
    made.resize(1232, 740)
    stage.window.show()
    made.show()
    stage.attach()
    made.show_deployment(teller.id)
    stage.qtbot.waitUntil(made.body.isVisible)
    return made


def rows(page: RunPage) -> list[str]:
    return [row.spoken for row in page.body.steps.model_of_steps.rows]


def roll_back(stage: Stage, teller: Teller) -> None:
    since = len(teller.events)
    steps = sample_runs.back_steps(WAVES[0])
    teller.decide(steps, "The new release: 6 of 54 requests from outside failed.")
    for step in steps:
        teller.do(step.key)
    teller.end("rolled_back", "6 of 54 requests failed.", serving="v42", asked=357, lost=9)
    notice = Notice(
        teller.id,
        stage.view.app.id,
        "harbor-api",
        "rolled_back",
        Urgency.CRITICAL,
        "harbor-api: v43 was rolled back",
        "v42 serves everything again. Held.",
        "6 of 54 requests to v43 failed.",
        "v42 on 6 of 6 machines.",
        "Pilothouse took v43 out of traffic.",
        "Read the report, then release the hold.",
        teller.at,
    )
    stage.service.world.notices[teller.id] = notice
    stage.service.put(replace(stage.view, hold_reason="v43 was rolled back"))
    stage.follow(teller, since)


def test_all_steps_are_there_with_what_is_done(page: RunPage) -> None:
    assert rows(page)[:4] == [
        "Steps, 2 of 6 done",
        "Record release v43, done, 2 s",
        "Roll e286 1d85, done, 25 s",
        "Roll 90e7 3f19, current, 0:00",
    ]
    assert rows(page)[-1] == "Settle v43, later, ~1 s"


def test_it_follows_the_news(stage: Stage, page: RunPage, teller: Teller) -> None:
    since = len(teller.events)
    teller.do("cordon/90e7")
    teller.intend("drain/90e7")
    teller.tell(EventKind.NOTED, "drain/90e7", data={"text": "2 requests are still open."})
    stage.follow(teller, since)
    stage.qtbot.waitUntil(lambda: any("2 requests are still open." in one for one in rows(page)))
    spoken = QAccessible.queryAccessibleInterface(page.body.machines)
    assert "90e7, ams, old version, draining" in spoken.text(QAccessible.Text.Name)
    stage.qtbot.waitUntil(
        lambda: page.body.log.text.toPlainText().endswith("2 requests are still open.")
    )


def test_probes_are_counted_told_and_drawn(stage: Stage, page: RunPage, teller: Teller) -> None:
    stage.tell_probes(teller, sample_runs.probes(60))
    new = sample_runs.probes(40, lane="e286", instance="e286", lost=(7, 8))
    stage.tell_probes(teller, new)
    stage.qtbot.waitUntil(lambda: "2 of 100" in page.body.outside.spoken)
    evidence = page.body.evidence.spoken("new")
    assert evidence.startswith("v43, new: asked 40, lost 2, at most")
    ribbon = QAccessible.queryAccessibleInterface(page.body.outside.ribbon)
    assert "2 of 100 lost" in ribbon.text(QAccessible.Text.Name)
    picture(page, "run-light")


def test_stop_acts_at_once_and_says_so(stage: Stage, page: RunPage, teller: Teller) -> None:
    button(page, "Stop and go back").click()
    assert not page.body.ways_out.stop.isEnabled()
    assert page.body.ways_out.stop.text() == "Going back…"
    stage.qtbot.waitUntil(lambda: len(stage.service.called("ask")) == 1)
    assert stage.service.called("ask") == [(RequestKind.STOP, teller.id, "")]


def test_the_stop_key_works_and_esc_does_not(stage: Stage, page: RunPage) -> None:
    stage.qtbot.waitUntil(stage.window.isActiveWindow)
    page.body.steps.setFocus()
    press(page.body.steps, Qt.Key.Key_Escape)
    assert page.body.ways_out.stop.isEnabled()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    press(page.body.steps, Qt.Key.Key_Backspace, both)
    stage.qtbot.waitUntil(lambda: len(stage.service.called("ask")) == 1)


def test_pause_becomes_go_on(stage: Stage, page: RunPage, teller: Teller) -> None:
    button(page, "Pause after this step").click()
    assert page.body.ways_out.pause.text() == "Go on"
    since = len(teller.events)
    teller.tell(EventKind.PAUSED, data={"reason": "A person paused it."})
    stage.follow(teller, since)
    stage.qtbot.waitUntil(lambda: "Paused." in page.body.head.spoken)
    button(page, "Go on").click()
    stage.qtbot.waitUntil(lambda: len(stage.service.called("ask")) == 2)
    kinds = [args[0] for args in stage.service.called("ask")]  # type: ignore[index]
    assert kinds == [RequestKind.PAUSE, RequestKind.RESUME]


def test_a_wish_that_cannot_be_written_can_be_made_again(stage: Stage, page: RunPage) -> None:
    stage.service.failures["ask"] = RuntimeError("disk full")
    with stage.qtbot.waitSignal(stage.bridge.troubled):
        button(page, "Stop and go back").click()
    assert page.body.ways_out.stop.isEnabled()


def test_journal_trouble_and_blindness_are_said(
    stage: Stage, page: RunPage, teller: Teller
) -> None:
    stage.service.tell(JournalTrouble(teller.id, "The disk is full."))
    stage.qtbot.waitUntil(lambda: "The disk is full." in page.body.head.spoken)
    stage.service.tell(JournalTrouble(teller.id, ""))
    since = len(teller.events)
    teller.tell(EventKind.BLIND, data={"reason": "Fly.io does not answer."})
    stage.follow(teller, since)
    stage.qtbot.waitUntil(lambda: "Blind" in page.body.head.spoken)


def test_after_the_end_the_strip_and_the_four_answers(
    stage: Stage, page: RunPage, teller: Teller
) -> None:
    roll_back(stage, teller)
    ending = page.body.ending
    stage.qtbot.waitUntil(lambda: ending.answers_shown == 4)
    assert ending.sentence == "v43 was rolled back. v42 serves everything again."
    assert page.body.ways_out.isHidden()
    assert any(one.startswith("Back to v42, done in") for one in rows(page))
    assert any(one.startswith("Roll 90e7 3f19, not done") for one in rows(page))
    picture(page, "rolled-back-light")
    button(page, "Mark as seen").click()
    stage.qtbot.waitUntil(
        lambda: stage.service.called("ask") == [(RequestKind.SEEN, teller.id, "")]
    )
    button(page, "Release hold…").click()
    assert isinstance(stage.sheets.sheet, ReleaseHoldSheet)


def test_past_and_live_show_the_same(stage: Stage, page: RunPage, teller: Teller) -> None:
    roll_back(stage, teller)
    stage.qtbot.waitUntil(lambda: page.body.ending.answers_shown == 4)
    live_rows, live_log = rows(page), page.body.log.lines
    again = RunPage(stage.desk, stage.window)
    again.show_deployment(teller.id)
    again.show()
    stage.qtbot.waitUntil(again.body.isVisible)
    assert rows(again) == live_rows
    assert again.body.log.lines == live_log
    assert again.body.ending.sentence == page.body.ending.sentence
    assert "9 of 357 lost" in again.body.outside.spoken
    assert again.body.outside.ribbon.isHidden()


def test_news_that_came_while_reading_is_not_lost(stage: Stage, teller: Teller) -> None:
    stage.attach()
    page = RunPage(stage.desk, stage.window)
    page.show_deployment(teller.id)
    since = len(teller.events)
    teller.do("cordon/90e7")
    stage.follow(teller, since)
    page.show()
    stage.qtbot.waitUntil(
        lambda: (
            page.feed is not None
            and page.feed.progress is not None
            and page.feed.progress.last_seq == len(teller.events)
        )
    )


def test_a_gap_in_the_news_is_read_again(stage: Stage, page: RunPage, teller: Teller) -> None:
    since = len(teller.events)
    teller.do("cordon/90e7")
    stage.follow(teller, since + 1)
    feed = page.feed
    assert feed is not None
    stage.qtbot.waitUntil(lambda: len(feed.events) == len(teller.events))


def test_a_deployment_that_is_not_there_is_said(stage: Stage) -> None:
    stage.attach()
    page = RunPage(stage.desk, stage.window)
    stage.window.show()
    page.show()
    page.show_deployment("nowhere")
    stage.qtbot.waitUntil(lambda: "No deployment “nowhere”" in page.missing.text())


def test_before_the_engine_is_there_it_waits(stage: Stage, teller: Teller) -> None:
    page = RunPage(stage.desk, stage.window)
    page.show_deployment(teller.id)
    page.show()
    stage.window.show()
    assert page.missing.text() == "Reading the journal…"
    stage.attach()
    stage.qtbot.waitUntil(page.body.isVisible)


def test_the_report_tells_it_all(stage: Stage, page: RunPage, teller: Teller) -> None:
    roll_back(stage, teller)
    stage.qtbot.waitUntil(lambda: page.body.ending.answers_shown == 4)
    button(page, "Copy report").click()
    text = QGuiApplication.clipboard().text()
    assert "v43 was rolled back. v42 serves everything again." in text
    assert "What failed: 6 of 54 requests to v43 failed." in text
    assert "Record release v43" in text


def test_the_step_model_keeps_its_promises(stage: Stage, page: RunPage, teller: Teller) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    tester = QAbstractItemModelTester(page.body.steps.model_of_steps, mode, page)
    roll_back(stage, teller)
    stage.qtbot.waitUntil(lambda: page.body.ending.answers_shown == 4)
    assert tester.model() is page.body.steps.model_of_steps


def test_everything_has_a_name(page: RunPage) -> None:
    nameless = [
        f"{type(one).__name__} in {type(one.parent()).__name__}"
        for one in page.findChildren(QWidget)
        if one.isVisibleTo(page) and one.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
    ]
    assert nameless == []


def test_the_log_stops_following_when_scrolled_up(
    stage: Stage, page: RunPage, teller: Teller
) -> None:
    log = page.body.log
    log.text.setFixedHeight(60)
    stage.qtbot.waitUntil(lambda: log.text.verticalScrollBar().maximum() > 5)
    log.text.verticalScrollBar().triggerAction(
        log.text.verticalScrollBar().SliderAction.SliderToMinimum
    )
    assert log.follow.isVisible()
    since = len(teller.events)
    teller.do("cordon/90e7")
    stage.follow(teller, since)
    stage.qtbot.waitUntil(lambda: log.state_text == "1 new line")
    assert log.text.verticalScrollBar().value() == 0
    log.follow.click()
    bar = log.text.verticalScrollBar()
    assert bar.value() == bar.maximum()


def test_the_log_is_searched(page: RunPage) -> None:
    log = page.body.log
    log.on_find_wanted()
    log.finder.setText("update 1d85")
    press(log.finder, Qt.Key.Key_Return)
    assert log.text.textCursor().selectedText().lower() == "update 1d85"


def test_dark_has_its_picture(stage: Stage, page: RunPage, teller: Teller, look: Theme) -> None:
    look.choose(Scheme.DARK)
    look.apply()
    stage.tell_probes(teller, sample_runs.probes(200))
    stage.qtbot.waitUntil(lambda: "0 of 200" in page.body.outside.spoken)
    picture(page, "run-dark")
    look.choose(Scheme.LIGHT)
    look.apply()


def test_a_burst_of_events_is_shown_whole(stage: Stage, page: RunPage, teller: Teller) -> None:
    since = len(teller.events)
    for machine in ("90e7", "3f19"):
        teller.roll((machine,))
    stage.follow(teller, since)
    stage.qtbot.waitUntil(lambda: "Roll 90e7 3f19, done, 25 s" in rows(page))
