"""The window as a person uses it: by keys, by places, with and without the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from pilothouse.domain.model import AppState
from pilothouse.domain.news import Looked, Reach
from pilothouse.ui.actions import Verb
from pilothouse.ui.page_stack import AHEAD
from pilothouse.ui.pages.app import AppPage
from pilothouse.ui.pages.fleet import FleetPage
from pilothouse.ui.pages.welcome import WelcomePage
from pilothouse.ui.theme import Theme
from pilothouse.ui.travels import Page, Place, Tab
from tests.ui import sample
from tests.ui.frame import API, Frame, Ticker

KEY = Qt.Key
NO = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def frame(qtbot: QtBot, look: Theme, tmp_path: Path) -> Iterator[Frame]:
    made = Frame(qtbot, tmp_path)
    yield made
    made.close()


def fleet_page(frame: Frame) -> FleetPage:
    page = frame.window.pages.page(Page.FLEET)
    assert isinstance(page, FleetPage)
    return page


def app_page(frame: Frame) -> AppPage:
    page = frame.window.pages.page(Page.APP)
    assert isinstance(page, AppPage)
    return page


def select(frame: Frame, name: str) -> None:
    page = fleet_page(frame)
    place = next(at for at, row in enumerate(page.model.rows) if row.name == name)
    page.table.setCurrentIndex(page.model.index(place, 0))


def test_the_window_stands_before_the_engine(frame: Frame) -> None:
    page = fleet_page(frame)
    assert frame.window.isVisible()
    assert page.empty.text() == "Reading what is known…"
    assert frame.window.status.nothing.text() == "Reading what is known…"
    assert frame.window.minimumWidth() == 960


def test_cached_apps_are_shown_with_their_age_while_the_platforms_are_asked(
    frame: Frame,
) -> None:
    frame.attach()
    page = fleet_page(frame)
    assert len(page.model.rows) == 16
    assert frame.service.called("look") == [(None, False)]
    said = [one.text() for one in frame.window.status.findChildren(QToolButton)]
    assert "Fly.io · harbor, seen 4 s ago" in said
    assert any(text.startswith("Heroku · harbor-team, no answer since") for text in said)


def test_the_sentence_names_who_needs_a_person_and_leads_there(frame: Frame) -> None:
    frame.attach()
    page = fleet_page(frame)
    assert page.sentence.text().startswith("Three need you: ")
    assert "sandbox" not in page.sentence.text()
    page.sentence.linkActivated.emit(API)
    assert frame.window.desk.travels.here == Place(Page.APP, API)


def test_pages_are_made_ahead_one_at_a_time_and_nothing_is_shown_by_it(frame: Frame) -> None:
    frame.attach()
    pages = frame.window.pages
    shown, before = pages.currentWidget(), pages.count()
    pages.on_ahead()
    assert pages.count() == before + 1
    pages.make_ahead()
    frame.qtbot.waitUntil(lambda: pages.count() == before + len(AHEAD))
    assert pages.currentWidget() is shown


def test_enter_opens_an_app_and_alt_left_leads_back(frame: Frame) -> None:
    frame.attach()
    select(frame, "harbor-api")
    QTest.keyClick(fleet_page(frame).table, KEY.Key_Return)
    frame.qtbot.waitUntil(lambda: app_page(frame).releases.model.rowCount() == 13)
    assert frame.window.windowTitle() == "harbor-api · Pilothouse"
    assert app_page(frame).header.live.text() == "v42 on 2 of 2 machines"
    assert app_page(frame).header.known.text() == "known 4 s ago: platform and machines agree"
    frame.window.desk.actions.of(Verb.BACK).trigger()
    assert frame.window.desk.travels.here == Place(Page.FLEET)
    frame.window.desk.actions.of(Verb.FORWARD).trigger()
    assert frame.window.desk.travels.here == Place(Page.APP, API)


@pytest.mark.parametrize(
    ("keys", "page"),
    [("Ctrl+1", Page.FLEET), ("Ctrl+3", Page.DEPLOYMENTS), ("Ctrl+,", Page.SETTINGS)],
)
def test_pages_have_keys(frame: Frame, keys: str, page: Page) -> None:
    frame.attach()
    frame.go(Page.APP, API)
    actions = frame.window.actions()
    action = next(one for one in actions if keys in {k.toString() for k in one.shortcuts()})
    action.trigger()
    here = frame.window.desk.travels.here
    assert here is not None
    assert here.page is page


def test_letters_are_commands_in_a_table_and_can_be_switched_off(frame: Frame) -> None:
    frame.attach()
    select(frame, "harbor-api")
    table = fleet_page(frame).table
    frame.window.desk.actions.letters_on = False
    QTest.keyClicks(table, "r")
    assert frame.window.sheets.sheet is None
    frame.window.desk.actions.letters_on = True
    QTest.keyClicks(table, "r")
    sheet = frame.window.sheets.sheet
    assert sheet is not None
    assert "harbor-api" in sheet.windowTitle() or sheet.accessibleName() == "Roll back"
    sheet.reject()


def test_slash_leads_to_the_filter_and_escape_clears_it(frame: Frame) -> None:
    frame.attach()
    page = fleet_page(frame)
    page.table.setFocus()
    QTest.keyClicks(page.table, "/")
    frame.qtbot.waitUntil(lambda: QApplication.focusWidget() is page.filter)
    QTest.keyClicks(page.filter, "no such app")
    assert page.empty.text() == "Nothing matches “no such app”."
    QTest.keyClick(page.filter, KEY.Key_Escape)
    assert len(page.model.rows) == 16


def test_the_palette_goes_and_does(frame: Frame) -> None:
    frame.attach()
    frame.window.desk.actions.of(Verb.PALETTE).trigger()
    panel = frame.window.palette_panel
    assert panel.isVisible()
    QTest.keyClicks(panel.field, "tide-m")
    assert [row.title for row in panel.model.rows] == ["tide-maps"]
    QTest.keyClick(panel.field, KEY.Key_Return)
    assert not panel.isVisible()
    assert frame.window.windowTitle() == "tide-maps · Pilothouse"
    frame.window.desk.actions.of(Verb.PALETTE).trigger()
    QTest.keyClicks(panel.field, "settings")
    QTest.keyClick(panel.field, KEY.Key_Down)
    QTest.keyClick(panel.field, KEY.Key_Up)
    QTest.keyClick(panel.field, KEY.Key_Escape)
    assert not panel.isVisible()


def test_f6_steps_through_the_regions(frame: Frame) -> None:
    frame.attach()
    window = frame.window
    window.activateWindow()
    window.focus_page()
    regions = []
    for _ in range(3):
        window.desk.actions.of(Verb.NEXT_REGION).trigger()
        focus = QApplication.focusWidget()
        assert focus is not None
        regions.append(
            next(
                name
                for name, one in (
                    ("sidebar", window.sidebar),
                    ("pages", window.pages),
                    ("status", window.status),
                )
                if one.isAncestorOf(focus)
            )
        )
    assert regions == ["status", "sidebar", "pages"]


def test_the_sidebar_folds_and_is_remembered(frame: Frame) -> None:
    frame.attach()
    assert not frame.window.sidebar.is_rail
    frame.window.desk.actions.of(Verb.FOLD).trigger()
    assert frame.window.sidebar.is_rail
    assert frame.window.sidebar.width() == 48
    assert frame.window.memory.rail
    frame.window.desk.actions.of(Verb.FOLD).trigger()
    frame.window.resize(1000, 700)
    frame.qtbot.waitUntil(lambda: frame.window.sidebar.is_rail)


def test_a_run_belongs_to_the_deployments_in_the_sidebar(frame: Frame) -> None:
    frame.attach()
    frame.go(Page.RUN)
    tree = frame.window.sidebar.tree
    assert tree.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole) == "Deployments"


def test_news_changes_one_app(frame: Frame) -> None:
    frame.attach()
    view = frame.service.world.views[API]
    frame.service.put(replace(view, state=AppState.BROKEN))
    frame.service.tell(Looked("harbor", API, Reach.SEEN, sample.NOW))
    page = fleet_page(frame)
    frame.qtbot.waitUntil(lambda: page.model.rows[0].name == "harbor-api")
    assert page.segments.current == "all"


def test_an_account_that_does_not_answer_is_marked(frame: Frame) -> None:
    frame.attach()
    news = Looked("harbor", None, Reach.REFUSED, sample.NOW, "Fly.io said 401.")
    frame.service.tell(news)
    page = fleet_page(frame)
    frame.qtbot.waitUntil(lambda: "refuses the token" in page.strip.text)
    assert "Fly.io · harbor refuses the token" in page.strip.text
    assert page.renew.isVisible()


def test_tabs_and_back(frame: Frame) -> None:
    frame.attach()
    frame.go(Page.APP, API)
    page = app_page(frame)
    page.tabs.setCurrentIndex(1)
    assert frame.window.desk.travels.here == Place(Page.APP, API, Tab.DEPLOYMENTS)
    frame.window.desk.actions.of(Verb.BACK).trigger()
    assert page.tabs.currentIndex() == 0


def test_without_accounts_it_welcomes(qtbot: QtBot, look: Theme, tmp_path: Path) -> None:
    frame = Frame(qtbot, tmp_path, views=()).attach()
    page = frame.window.pages.page(Page.WELCOME)
    qtbot.waitUntil(lambda: frame.window.pages.currentWidget() is page)
    assert isinstance(page, WelcomePage)
    with qtbot.waitSignal(frame.window.try_wanted):
        page.try_button.click()
    assert page.keyring.text() == "GNOME Keyring is here and unlocked"
    frame.service.world.views = {view.app.id: view for view in sample.fleet()}
    frame.service.world.accounts = {one.id: one for one in sample.ACCOUNTS}
    frame.outlook.read_all()
    qtbot.waitUntil(lambda: frame.window.desk.travels.here == Place(Page.FLEET))
    frame.close()


def test_trouble_is_said_in_the_status_line(frame: Frame) -> None:
    frame.service.failures["look"] = OSError("the disk is full")
    frame.attach()
    status = frame.window.status
    frame.qtbot.waitUntil(status.trouble.isVisible)
    assert status.trouble.text() == "the disk is full"
    status.trouble.click()
    assert not status.trouble.isVisible()


@pytest.mark.parametrize(
    "page", [Page.FLEET, Page.APP, Page.DEPLOYMENTS, Page.INBOX, Page.SETTINGS, Page.WELCOME]
)
def test_everything_that_takes_the_focus_has_a_name(frame: Frame, page: Page) -> None:
    frame.attach()
    frame.go(page, API if page is Page.APP else "")
    nameless = []
    for widget in frame.window.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisible():
            continue
        face = QAccessible.queryAccessibleInterface(widget)
        if not face.text(QAccessible.Text.Name):
            nameless.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    assert not nameless


def test_the_loop_never_stops_for_long(frame: Frame) -> None:
    """The longest gap is printed; that the journey works is asserted."""
    ticker = Ticker()
    ticker.start()
    frame.attach()
    for page, app_id in ((Page.APP, API), (Page.DEPLOYMENTS, ""), (Page.SETTINGS, ""),
                         (Page.INBOX, ""), (Page.FLEET, ""), (Page.APP, API)):  # fmt: skip
        frame.go(page, app_id)
        frame.window.grab()
        frame.qtbot.waitUntil(lambda: app_page(frame).releases.model.rowCount() == 13)
    longest = ticker.stop()
    print(f"longest gap of the event loop: {longest:.0f} ms")
    assert frame.window.windowTitle() == "harbor-api · Pilothouse"
