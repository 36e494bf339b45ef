"""The Sandbox page as a person uses it, over a control in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from pilothouse.domain.practice import EVER, AbsentCall, FaultWish, Scope, Where
from pilothouse.ui.actions import Verb
from pilothouse.ui.practice.page import PracticePage
from pilothouse.ui.theme import Theme
from pilothouse.ui.travels import Page, Place
from tests.ui.fake_practice import KINDS, FakePractice, call
from tests.ui.frame import Frame

KEY = Qt.Key


class Bench:
    """A window on a sandbox in memory, with the page opened."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.cloud = FakePractice()
        self.frame = Frame(qtbot, folder, sandbox=True).attach()
        self.window = self.frame.window
        self.outlook = self.frame.outlook.practice
        self.outlook.attach(self.cloud, ask=True)
        qtbot.waitUntil(lambda: self.outlook.about is not None)

    @property
    def page(self) -> PracticePage:
        page = self.window.pages.page(Page.SANDBOX)
        assert isinstance(page, PracticePage)
        return page

    def open(self) -> PracticePage:
        self.frame.go(Page.SANDBOX)
        self.qtbot.waitUntil(lambda: bool(self.outlook.kinds))
        return self.page

    def look(self) -> None:
        """Let one look happen, begun after now."""
        before = self.cloud.count("faults")
        self.outlook.on_look_due()
        self.qtbot.waitUntil(lambda: self.cloud.count("faults") > before)
        self.qtbot.waitUntil(lambda: not self.outlook._asking)

    def choose(self, scope: Scope, kind: str) -> None:
        body = self.page.form.body
        body.scopes._segments[scope].click()
        body.kind.choose(kind)


@pytest.fixture
def bench(qtbot: QtBot, look: Theme, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(qtbot, tmp_path)
    yield made
    made.frame.close()


# ---------------------------------------------------------------- ways to it


def test_the_status_line_tells_the_pace_and_leads_to_the_page_and_back(bench: Bench) -> None:
    segment = bench.window.status.sandbox
    assert segment.text() == "Sandbox: nothing here is real · 20 × faster"
    QTest.mouseClick(segment, Qt.MouseButton.LeftButton)
    assert bench.window.desk.travels.here == Place(Page.SANDBOX)
    assert bench.window.windowTitle() == "Sandbox · Pilothouse"
    said = bench.page.banner.pace.text()
    assert said == "Time runs 20 times faster for what the platforms do by themselves."
    bench.window.desk.actions.of(Verb.BACK).trigger()
    assert bench.window.desk.travels.here == Place(Page.FLEET)
    bench.window.desk.actions.of(Verb.FORWARD).trigger()
    assert bench.window.pages.currentWidget() is bench.page


def test_the_sidebar_has_it_where_all_is_practice_and_nowhere_else(
    bench: Bench, qtbot: QtBot, tmp_path: Path
) -> None:
    assert bench.window.sidebar.model.find(Page.SANDBOX).isValid()
    assert Page.SANDBOX in bench.window.sidebar._rail_buttons
    real = Frame(qtbot, tmp_path / "real").attach()
    assert not real.window.sidebar.model.find(Page.SANDBOX).isValid()
    assert Page.SANDBOX not in real.window.sidebar._rail_buttons
    real.close()


def test_without_a_sandbox_the_page_says_so(qtbot: QtBot, look: Theme, tmp_path: Path) -> None:
    frame = Frame(qtbot, tmp_path).attach()
    cloud = FakePractice(silent=True)
    frame.outlook.practice.attach(cloud, ask=False)
    assert cloud.asked == []
    frame.go(Page.SANDBOX)
    page = frame.window.pages.page(Page.SANDBOX)
    assert isinstance(page, PracticePage)
    qtbot.waitUntil(page.strip.isVisible)
    assert page.strip.text.startswith("The sandbox does not answer since ")
    assert page.calls.empty.text() == "GET /requests was not sent: connection refused."
    assert page.faults.empty.text() == "Not known while the sandbox does not answer."
    assert not page.form.go.isEnabled()
    frame.close()


# ---------------------------------------------------------------- looking


def test_it_looks_only_while_it_is_seen_and_never_in_the_window_s_thread(bench: Bench) -> None:
    assert not bench.outlook.is_watched
    assert [name for name, _ in bench.cloud.asked] == ["about"]
    bench.open()
    assert bench.outlook.is_watched
    bench.frame.go(Page.FLEET)
    assert not bench.outlook.is_watched
    bench.frame.go(Page.SANDBOX)
    bench.window.hide()
    assert not bench.outlook.is_watched
    assert {thread[:6] for _, thread in bench.cloud.asked} == {"ui-ask"}


def test_a_silence_is_told_with_its_time_and_ends_by_itself(bench: Bench) -> None:
    page = bench.open()
    bench.cloud.silent = True
    bench.look()
    assert "does not answer since" in page.strip.text
    assert not page.form.go.isEnabled()
    assert not page.faults.all.isEnabled()
    bench.cloud.silent = False
    bench.look()
    assert page.strip.text == ""
    assert page.form.go.isEnabled()


def test_another_sandbox_in_its_place_is_shown_from_its_own_first_call(bench: Bench) -> None:
    bench.cloud.rows = [call(number) for number in range(1, 41)]
    page = bench.open()
    bench.look()
    assert page.calls.table.calls.everything == 40
    bench.cloud.silent = True
    bench.look()
    bench.cloud.silent, bench.cloud.pid, bench.cloud.scale = False, 200, 1.0
    bench.cloud.rows = [call(1)]
    bench.look()
    assert [row.number for row in page.calls.table.calls.rows] == [1]
    assert page.banner.pace.text() == "Time runs as fast as at the platforms themselves."
    assert bench.window.status.sandbox.text() == "Sandbox: nothing here is real"


# ---------------------------------------------------------------- faults


def test_a_fault_is_put_in_force_seen_to_strike_and_taken_away(bench: Bench) -> None:
    page = bench.open()
    assert page.faults.empty.text() == "Nothing goes wrong on purpose now."
    assert not page.faults.one.isEnabled()
    body = page.form.body
    assert body.chosen == KINDS[3]
    body.platform.choose("fly")
    body.often.field.setText("3")
    assert page.form.go.text() == "Make the next 3 calls to Fly.io fail with 503"
    page.form.go.click()
    bench.qtbot.waitUntil(lambda: len(page.faults.table.faults.rows) == 1)
    wish = FaultWish("503", Scope.CALL, Where(platform="fly"), count=3, rate=1.0)
    assert bench.cloud.wishes == [wish]
    assert page.form.answer.text() == "Put in force."
    row = page.faults.table.faults.rows[0]
    assert (row.title, row.where) == ("Answer 503 Service Unavailable", "Fly.io")
    assert (row.left, row.struck) == ("3", "0")
    for _ in range(3):
        bench.cloud.strike("1")
    bench.look()
    row = page.faults.table.faults.rows[0]
    assert (row.left, row.struck, row.is_over) == ("used up", "3", True)
    page.faults.one.click()
    bench.qtbot.waitUntil(lambda: not page.faults.table.faults.rows)
    assert bench.cloud.in_force == []


def test_the_selected_fault_goes_by_key_and_all_by_one_button(bench: Bench) -> None:
    page = bench.open()
    for kind in ("503", "lost", "slow"):
        bench.cloud.put(FaultWish(kind, Scope.CALL, count=EVER))
    bench.look()
    table = page.faults.table
    table.setCurrentIndex(table.faults.index(1, 0))
    QTest.keyClick(table, KEY.Key_Delete)
    bench.qtbot.waitUntil(lambda: [one.kind for one in table.faults.rows] == ["503", "slow"])
    assert table.currentIndex().row() == 1
    page.faults.all.click()
    bench.qtbot.waitUntil(lambda: not table.faults.rows)


def test_a_wish_that_is_refused_is_said_and_can_be_mended(bench: Bench) -> None:
    page = bench.open()
    bench.cloud.refusal = "503 happens on heroku only"
    page.form.go.click()
    bench.qtbot.waitUntil(lambda: page.form.answer.text() == "503 happens on heroku only")
    assert page.form.go.isEnabled()
    assert bench.cloud.wishes == []
    page.form.body.method.choose("POST")
    assert page.form.answer.text() == ""


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("path", "(", "The path is no pattern: "),
        ("often", "0", "How often is a whole number above 0."),
        ("share", "101", "The share is above 0 and at most 100 %."),
    ],
)
def test_what_cannot_be_is_said_before_it_is_asked_for(
    bench: Bench, field: str, text: str, said: str
) -> None:
    page = bench.open()
    line = getattr(page.form.body, field)
    getattr(line, "field", line).setText(text)
    assert not page.form.go.isEnabled()
    assert page.form.remarks.text().startswith(said)


@pytest.mark.parametrize(
    ("scope", "kind", "said", "remark"),
    [
        (Scope.CALL, "lost", "Make the next call lose the answer", ""),
        (Scope.CALL, "slow", "Make the next call take 1 s longer", ""),
        (
            Scope.INSTANCE,
            "fails-checks",
            "Make harbor-api fail its checks",
            "It lasts until it is taken away.",
        ),
        (
            Scope.INSTANCE,
            "errors",
            "Make harbor-api answer 5 % with errors",
            "It lasts until it is taken away.",
        ),
        (
            Scope.WORLD,
            "clock",
            "Move the platforms’ clocks by 1 h 0 min",
            "It lasts until it is taken away.",
        ),
        (
            Scope.OTHERS,
            "scale",
            "Have a colleague scale harbor-api",
            "It happens at once and cannot be taken away.",
        ),
    ],
)
def test_the_button_says_what_it_does(
    bench: Bench, scope: Scope, kind: str, said: str, remark: str
) -> None:
    page = bench.open()
    bench.choose(scope, kind)
    assert page.form.go.text() == said
    assert page.form.remarks.text() == remark
    assert page.form.go.isEnabled()


def test_only_what_a_kind_takes_is_asked_for_and_sent(bench: Bench) -> None:
    page = bench.open()
    body = page.form.body
    bench.choose(Scope.INSTANCE, "errors")
    assert body.app.isVisible()
    assert body.instance.isVisible()
    assert not body.often.isVisible()
    assert not body.path.isVisible()
    body.instance.choose("7b21")
    page.form.go.click()
    where = Where(app="fly:harbor-api", instance="7b21")
    wish = FaultWish("errors", Scope.INSTANCE, where, rate=0.05)
    bench.qtbot.waitUntil(lambda: bench.cloud.wishes == [wish])
    body.scopes._segments[Scope.OTHERS].click()
    body.app.choose("heroku:billing")
    assert [body.kind.itemData(at) for at in range(body.kind.count())] == ["set-secrets"]
    assert body.details[0].accessibleName() == "Name"
    body.details[0].setText("MAIL_KEY")
    page.form.go.click()
    bench.qtbot.waitUntil(lambda: len(bench.cloud.wishes) == 2)
    assert bench.cloud.wishes[1] == FaultWish(
        "set-secrets",
        Scope.OTHERS,
        Where(app="heroku:billing"),
        details=(("name", "MAIL_KEY"),),
    )
    assert page.form.answer.text() == "Done."


def test_one_primary_button_and_a_name_for_all_that_takes_the_focus(bench: Bench) -> None:
    bench.cloud.rows = [call(1)]
    bench.cloud.missing = (AbsentCall("GET", "/v1/volumes", 2),)
    page = bench.open()
    for at in range(page.tabs.count()):
        page.tabs.setCurrentIndex(at)
        primary = [one for one in page.findChildren(QWidget) if one.objectName() == "primary"]
        assert len(primary) == 1
        nameless = [
            type(one).__name__
            for one in page.findChildren(QWidget)
            if one.focusPolicy() != Qt.FocusPolicy.NoFocus
            and one.isVisible()
            and not QAccessible.queryAccessibleInterface(one).text(QAccessible.Text.Name)
        ]
        assert nameless == []


# ---------------------------------------------------------------- tools, absent


def test_the_environment_is_shown_and_copied_ready_to_be_pasted(bench: Bench) -> None:
    page = bench.open()
    page.tabs.setCurrentIndex(2)
    page.tools.copy.click()
    lines = "export FLY_API_TOKEN=fo1_practice\nexport NO_PROXY='127.0.0.1 localhost'\n"
    assert QGuiApplication.clipboard().text() == lines
    assert page.tools.lines.toPlainText() + "\n" == lines
    assert page.tools.copied.text() == "Copied."
    assert not page.filter.isVisible()


def test_what_the_sandbox_lacks_is_counted(bench: Bench) -> None:
    page = bench.open()
    assert page.tabs.tabText(1) == "Not in the sandbox"
    bench.cloud.missing = (AbsentCall("GET", "/v1/volumes", 2), AbsentCall("POST", "/x", 1))
    bench.look()
    assert page.tabs.tabText(1) == "Not in the sandbox 3"
    assert [row.count for row in page.absent.model.rows] == ["2", "1"]


def test_return_in_a_field_moves_to_the_button_and_f6_walks_on(bench: Bench) -> None:
    page = bench.open()
    bench.window.activateWindow()
    page.form.body.path.setFocus()
    QTest.keyClick(page.form.body.path, KEY.Key_Return)
    bench.qtbot.waitUntil(lambda: QApplication.focusWidget() is page.form.go)
    assert bench.cloud.wishes == []
    QTest.keyClick(page.form.go, KEY.Key_Space)
    bench.qtbot.waitUntil(lambda: len(bench.cloud.wishes) == 1)


def test_a_row_s_call_is_what_the_form_is_aimed_at(bench: Bench) -> None:
    row = call(1, method="POST", path="/v1/apps/a.b/machines")
    bench.cloud.rows = [row]
    page = bench.open()
    bench.choose(Scope.WORLD, "clock")
    table = page.calls.table
    bench.qtbot.waitUntil(lambda: len(table.calls.rows) == 1)
    table.setCurrentIndex(table.calls.index(0, 0))
    QTest.keyClick(table, KEY.Key_Return)
    wish = page.form.body.wish()
    assert wish is not None
    assert wish.scope is Scope.CALL
    assert wish.where == replace(Where("fly", "POST"), path=r"^/v1/apps/a\.b/machines$")
    assert page.form.remarks.text().startswith(
        "The call changes nothing. Only POST calls whose path has"
    )
