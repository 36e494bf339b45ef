"""The inbox: open until it was seen, with four answers and its verbs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel, QWidget

from pilothouse.domain.news import Notice, Notified, Urgency
from pilothouse.domain.records import RequestKind
from pilothouse.ui.inbox import InboxPage
from pilothouse.ui.inbox_rows import shape_of, with_headings
from pilothouse.ui.shapes import Shape
from pilothouse.ui.sheets.hold import ReleaseHoldSheet
from pilothouse.ui.travels import Page, Place
from tests.ui import sample
from tests.ui.stage import Stage, button, picture, press


def notice(stage: Stage, number: int, state: str = "rolled_back", *, seen: bool = False) -> Notice:
    at = sample.NOW - timedelta(minutes=60 - number)
    return Notice(
        f"d{number}",
        stage.view.app.id,
        "harbor-api",
        state,
        Urgency.CRITICAL,
        f"harbor-api: v{number} was rolled back",
        "v42 serves everything again. Held.",
        "6 of 54 requests ended with status 500. The limit is 1 %.",
        "v42 on 6 of 6 machines, seen 4 s ago.",
        "Pilothouse took it out of traffic and stopped it by itself.",
        "Read the report, fix the cause, then release the hold.",
        at,
        at if seen else None,
    )


def put(stage: Stage, *notices: Notice) -> None:
    stage.service.world.notices = {one.deployment_id: one for one in notices}


@pytest.fixture
def page(stage: Stage) -> InboxPage:
    put(stage, notice(stage, 43), notice(stage, 41, "failed_safe"), notice(stage, 13, seen=True))
    made = InboxPage(stage.desk, stage.window)
    made.resize(860, 672)
    stage.window.show()
    made.show()
    stage.attach()
    stage.qtbot.waitUntil(lambda: bool(made.list.notices.rows))
    return made


def titles(page: InboxPage) -> list[str]:
    return [row.title for row in page.list.notices.rows]


def shown(page: InboxPage) -> list[str]:
    return [one.text() for one in page.pane.findChildren(QLabel) if one.isVisibleTo(page)]


def test_open_ones_need_you_and_seen_ones_are_earlier(page: InboxPage) -> None:
    assert titles(page) == [
        "Need you",
        "harbor-api: v43 was rolled back",
        "harbor-api: v41 was rolled back",
        "Earlier",
        "harbor-api: v13 was rolled back",
    ]
    picture(page, "inbox-light")


def test_the_chosen_one_gives_four_answers_in_order(page: InboxPage) -> None:
    texts = shown(page)
    places = [
        texts.index(question)
        for question in ("What failed", "What serves now", "What was done", "What you can do")
    ]
    assert places == sorted(places)
    assert "6 of 54 requests ended with status 500. The limit is 1 %." in texts


def test_headings_cannot_be_chosen(stage: Stage, page: InboxPage) -> None:
    assert page.notice is not None
    assert page.notice.deployment_id == "d43"
    page.list.setFocus()
    for _ in range(2):
        press(page.list, Qt.Key.Key_Down)
    assert page.notice.deployment_id == "d13"


def test_marking_as_seen_moves_it_to_earlier(stage: Stage, page: InboxPage) -> None:
    button(page, "Mark as seen").click()
    stage.qtbot.waitUntil(lambda: stage.service.called("ask") == [(RequestKind.SEEN, "d43", "")])
    seen = replace(notice(stage, 43), seen_at=sample.NOW)
    put(stage, seen, notice(stage, 41), notice(stage, 13, seen=True))
    stage.service.tell(Notified(seen))
    stage.qtbot.waitUntil(lambda: titles(page).index("Earlier") == 2)
    assert page.notice is not None
    assert page.notice.deployment_id == "d43"
    assert page.pane.seen.isHidden()


def test_enter_opens_the_deployment(stage: Stage, page: InboxPage) -> None:
    press(page.list, Qt.Key.Key_Return)
    assert stage.travels.here == Place(Page.RUN, deployment_id="d43")


def test_a_held_app_can_be_released_from_here(stage: Stage, page: InboxPage) -> None:
    assert page.pane.release.isHidden()
    stage.service.put(replace(stage.view, hold_reason="v43 was rolled back"))
    stage.service.tell(Notified(notice(stage, 43)))
    stage.qtbot.waitUntil(lambda: not page.pane.release.isHidden())
    button(page, "Release hold…").click()
    assert isinstance(stage.sheets.sheet, ReleaseHoldSheet)


def test_only_open_ones_on_request(page: InboxPage) -> None:
    button(page, "Need you").click()
    assert "Earlier" not in titles(page)


def test_an_empty_inbox_says_so(stage: Stage) -> None:
    page = InboxPage(stage.desk, stage.window)
    stage.window.show()
    page.show()
    stage.attach()
    assert page.empty.isVisible()
    assert page.empty.text().startswith("Nothing needs you. Last look ")


def test_the_model_keeps_its_promises(stage: Stage, page: InboxPage) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    tester = QAbstractItemModelTester(page.list.notices, mode, page)
    button(page, "Need you").click()
    assert tester.model() is page.list.notices


def test_everything_has_a_name(page: InboxPage) -> None:
    nameless = [
        f"{type(one).__name__} in {type(one.parent()).__name__}"
        for one in page.findChildren(QWidget)
        if one.isVisibleTo(page) and one.focusPolicy() != Qt.FocusPolicy.NoFocus
        if not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
    ]
    assert nameless == []


def test_rows_read_as_sentences(stage: Stage) -> None:
    rows = with_headings([notice(stage, 43)], {stage.view.app.id: stage.view.account})
    assert rows[1].spoken.startswith(
        "harbor-api: v43 was rolled back, v42 serves everything again. Held. Fly.io · harbor,"
    )
    assert rows[1].spoken.endswith("needs you")


def test_a_broken_app_has_the_octagon(stage: Stage) -> None:
    broken = replace(notice(stage, 1, "held"), title="harbor-api is broken")
    assert shape_of(broken) is Shape.BROKEN
    assert shape_of(notice(stage, 1, "held")) is Shape.HELD
