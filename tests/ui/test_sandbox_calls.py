"""The table of requests received: follows, filters, forgets; and what its rows say."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSlider
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from pilothouse.domain.practice import EVER, FaultInForce, Scope, Where
from pilothouse.ui.practice.absent_view import AbsentModel
from pilothouse.ui.practice.call_model import LONGEST, CallModel
from pilothouse.ui.practice.call_rows import row_of
from pilothouse.ui.practice.call_view import CallView
from pilothouse.ui.practice.fault_model import FaultModel
from pilothouse.ui.practice.outlook import PracticeOutlook
from pilothouse.ui.practice.reading import PAGE, Known, look
from tests.ui.fake_practice import KINDS, FakePractice, call
from tests.ui.frame import Ticker
from tests.ui.stage import Stage

FRAMES = 40


class Shown:
    """The table on a window of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.cloud = stage, FakePractice()
        self.outlook: PracticeOutlook = stage.outlook.practice
        self.view = CallView(stage.desk.actions, self.outlook, stage.window)
        self.view.resize(700, 300)
        stage.window.resize(700, 300)
        stage.window.show()
        self.table, self.calls = self.view.table, self.view.table.calls
        self.outlook.attach(self.cloud, ask=False)

    def put(self, *numbers: int) -> None:
        """Let calls come, and look until all are here."""
        self.cloud.rows += [call(number) for number in numbers]
        self.outlook.on_look_due()
        last = self.cloud.rows[-1].number

        def arrived() -> bool:
            held = self.calls._all
            if held and held[-1].number == last:
                return True
            self.outlook.on_look_due()
            return False

        self.stage.qtbot.waitUntil(arrived)

    @property
    def at_end(self) -> bool:
        bar = self.table.verticalScrollBar()
        return bar.value() == bar.maximum()


@pytest.fixture
def shown(stage: Stage) -> Iterator[Shown]:
    made = Shown(stage)
    yield made
    made.outlook.detach()


def test_it_follows_the_newest_until_a_person_scrolls_up(shown: Shown) -> None:
    shown.put(*range(1, 101))
    assert shown.at_end
    assert shown.view.state.text() == "Follows the newest. Scroll up to stop."
    assert not shown.view.follow.isVisible()
    bar = shown.table.verticalScrollBar()
    bar.triggerAction(QAbstractSlider.SliderAction.SliderPageStepSub)
    assert shown.view.state.text() == "Does not follow."
    place = bar.value()
    shown.put(*range(101, 108))
    assert bar.value() == place
    assert shown.view.state.text() == "7 new requests"
    shown.view.follow.click()
    assert shown.at_end
    bar.triggerAction(QAbstractSlider.SliderAction.SliderToMinimum)
    bar.triggerAction(QAbstractSlider.SliderAction.SliderToMaximum)
    assert shown.view.state.text() == "Follows the newest. Scroll up to stop."


def test_the_focus_alone_does_not_stop_it_a_chosen_row_does(shown: Shown) -> None:
    shown.put(*range(1, 101))
    shown.stage.window.activateWindow()
    shown.table.setFocus()
    shown.put(*range(101, 111))
    assert shown.at_end
    QTest.keyClick(shown.table, Qt.Key.Key_Home)
    shown.put(111)
    assert shown.view.state.text() == "1 new request"
    assert shown.table.currentIndex().row() == 0
    QTest.keyClick(shown.table, Qt.Key.Key_End)
    assert shown.view.state.text() == "Follows the newest. Scroll up to stop."


def test_the_filter_takes_every_word_and_what_comes_later_too(shown: Shown) -> None:
    shown.put(*range(1, 15))
    shown.view.choose("heroku app-3")
    assert [row.number for row in shown.calls.rows] == [10]
    shown.put(*range(15, 25))
    assert [row.number for row in shown.calls.rows] == [10, 24]
    assert shown.view.count.text() == "2 of 24"
    shown.view.choose("valkey")
    assert shown.view.empty.isVisible()
    assert shown.view.empty.text() == "Nothing matches “valkey”."


def test_a_row_is_copied_as_one_plain_line(shown: Shown) -> None:
    shown.put(1)
    shown.table.setCurrentIndex(shown.calls.index(0, 0))
    QTest.keyClick(shown.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clock = row_of(call(1)).time
    line = f"1  {clock}  Fly.io  GET  /v1/apps/app-1/machines  200  12 ms"
    assert QGuiApplication.clipboard().text() == line


def test_a_call_without_an_answer_is_looked_at_again(shown: Shown) -> None:
    shown.cloud.rows = [call(1), call(2, status=None, took_s=None), call(3)]
    shown.put(4)
    assert [row.shown_status for row in shown.calls.rows] == ["200", "–", "200", "200"]
    shown.cloud.rows[1] = call(2, status=408, took_s=61.0)
    shown.outlook.on_look_due()
    shown.stage.qtbot.waitUntil(lambda: shown.calls.rows[1].shown_status == "408")
    assert shown.calls.rows[1].took == "1 min 1 s"


def test_twenty_thousand_calls_stay_and_no_more(shown: Shown) -> None:
    """The longest gap is printed; that the newest stay, in order, is asserted."""
    shown.cloud.rows = [call(number) for number in range(1, LONGEST)]
    ticker = Ticker()
    ticker.start()
    shown.put(LONGEST)
    filled = ticker.longest_ms
    bar = shown.table.verticalScrollBar()
    bar.triggerAction(QAbstractSlider.SliderAction.SliderPageStepSub)
    seen = shown.table.rowAt(10)
    number = shown.calls.rows[seen].number
    shown.put(*range(LONGEST + 1, LONGEST + 301))
    assert len(shown.calls.rows) == shown.calls.everything == LONGEST
    assert shown.calls.rows[0].number == 301
    assert shown.calls.rows[shown.table.rowAt(10)].number == number
    painting: list[float] = []
    for at in range(FRAMES):
        bar.setValue(at * bar.maximum() // FRAMES)
        began = time.perf_counter()
        shown.table.viewport().grab()
        painting.append((time.perf_counter() - began) * 1000)
    ticker.longest_ms = 0.0
    ticker.start()
    shown.view.choose("app-3")
    assert len(shown.calls.rows) in range(LONGEST // 8, LONGEST // 6)
    shown.stage.qtbot.waitUntil(lambda: ticker.longest_ms > 0)
    print(f"longest gap: filling {filled:.0f} ms, with the filter {ticker.stop():.0f} ms; ", end="")
    print(f"a frame: {sorted(painting)[FRAMES // 2]:.0f} ms, at most {max(painting):.0f} ms")


def test_pages_are_read_until_the_newest_one_at_a_look() -> None:
    cloud = FakePractice(rows=[call(number) for number in range(1, PAGE + 11)])
    first = look(cloud, Known(), None)
    assert not first.is_whole
    assert [first.fresh[0].number, first.fresh[-1].number] == [1, PAGE]
    rest = look(cloud, Known(first.about, PAGE, wants_apps=False), first.about)
    assert rest.is_whole
    assert len(rest.fresh) == 10
    assert (rest.kinds, rest.apps) == (None, None)


def test_models_keep_qt_s_rules(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    calls, faults, absent = CallModel(), FaultModel(), AbsentModel()
    calls.add([row_of(call(number)) for number in range(1, 9)])
    calls.amend([row_of(call(3, status=500)), row_of(call(99))])
    where = Where(path="^/v1")
    fault = FaultInForce("1", "lost", Scope.CALL, where, EVER, struck=2)
    faults.put([fault], KINDS)
    for model in (calls, faults, absent):
        qtmodeltester.check(model)  # type: ignore[no-untyped-call]
    assert calls.rows[2].shown_status == "500"
    role = Qt.ItemDataRole.AccessibleTextRole
    said = faults.data(faults.index(0, 0), role)
    assert said == "Do the work and lose the answer, ^/v1, left no end, struck 2"
    spoken = str(calls.data(calls.index(2, 4), role))
    assert spoken.startswith("Call 3, ")
    assert spoken.endswith("Fly.io GET /v1/apps/app-3/machines, answered 500, 12 ms")
