"""Pages: what they say of an app, a release, the journal and this computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from pilothouse.domain.deployment import Progress, State, StepState, StepStatus
from pilothouse.domain.model import Release, ReleaseStatus
from pilothouse.domain.news import HistoryRead, Looked, Reach
from pilothouse.domain.records import DeploymentRecord
from pilothouse.ui.models.fleet_rows import last_word, steps_done
from pilothouse.ui.models.release_rows import certificate
from pilothouse.ui.pages.app import AppPage
from pilothouse.ui.pages.deployments import DeploymentsPage
from pilothouse.ui.pages.release_detail import why_not
from pilothouse.ui.pages.settings import SettingsPage
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Theme
from pilothouse.ui.travels import Page, Place
from tests.ui import sample, sample_runs
from tests.ui.frame import API, Frame


@pytest.fixture
def frame(qtbot: QtBot, look: Theme, tmp_path: Path) -> Iterator[Frame]:
    made = Frame(qtbot, tmp_path).attach()
    yield made
    made.close()


def app_page(frame: Frame) -> AppPage:
    frame.go(Page.APP, API)
    page = frame.window.pages.page(Page.APP)
    assert isinstance(page, AppPage)
    frame.qtbot.waitUntil(lambda: page.releases.model.rowCount() > 0)
    return page


def record(state: State, **more: object) -> DeploymentRecord:
    """A deployment of harbor-api that made release 42."""
    plan = sample_runs.deploy_plan(sample_runs.harbor_api())
    made = StepState(StepStatus.DONE, data={"release": 42})
    progress = Progress(
        plan,
        state=state,
        steps={"record": made},
        started_at=sample.NOW - timedelta(minutes=5),
        ended_at=sample.NOW,
    )
    progress = replace(progress, **more)  # type: ignore[arg-type]
    return DeploymentRecord("d001", API, "Lena", sample.NOW - timedelta(minutes=6), progress)


def release(version: int) -> Release:
    return next(one for one in sample.history() if one.version == version)


def test_the_newest_release_is_chosen_and_described(frame: Frame) -> None:
    page = app_page(frame)
    detail = page.releases.detail
    assert detail.number.text() == "v42"
    assert detail.go_back.text() == "v42 serves already"
    assert not detail.go_back.isEnabled()
    QTest.keyClick(page.releases.table, Qt.Key.Key_Down)
    assert detail.number.text() == "v41"
    assert detail.go_back.text() == "Roll back to v41…"
    detail.copy.click()
    assert "Version 41, config, verified" in QGuiApplication.clipboard().text()


def test_the_detail_opens_the_sheet_for_its_release(frame: Frame) -> None:
    page = app_page(frame)
    QTest.keyClick(page.releases.table, Qt.Key.Key_Down)
    page.releases.detail.go_back.click()
    sheet = frame.window.sheets.sheet
    assert sheet is not None
    assert sheet.accessibleName() == "Roll back"
    sheet.reject()


@pytest.mark.parametrize(
    ("version", "changes", "reason"),
    [
        (42, {}, "{version} serves already"),
        (35, {}, "{version} was never complete"),
        (40, {"eligible": False}, "{version} is gone"),
        (40, {"artifact": None}, "{version} is gone"),
        (40, {}, ""),
    ],
)
def test_why_a_release_cannot_be_gone_back_to(
    version: int, changes: dict[str, object], reason: str
) -> None:
    view = sample.view_of(sample.HARBOR, "harbor-api", 42)
    one = replace(release(version), **changes)  # type: ignore[arg-type]
    assert why_not(one, view) == reason
    pending = replace(release(41), status=ReleaseStatus.PENDING)
    assert why_not(pending, view) == "{version} was never complete"


def test_a_filter_without_a_hit_says_so(frame: Frame) -> None:
    page = app_page(frame)
    page.filter.setText("no such change")
    assert page.releases.empty.text() == "Nothing matches “no such change”."
    assert not page.releases.detail.isVisible()
    page.filter.clear()
    assert page.releases.detail.number.text() == "v42"


def test_older_pages_come_when_news_says_that_they_are_there(frame: Frame) -> None:
    page = app_page(frame)
    frame.service.world.histories[API] = (*sample.history(), *_older(29, 3))
    frame.service.tell(HistoryRead(API, 16, complete=True))
    frame.qtbot.waitUntil(lambda: page.releases.model.rowCount() == 16)
    assert page.releases.detail.number.text() == "v42"


def _older(newest: int, count: int) -> tuple[Release, ...]:
    return tuple(replace(release(30), version=newest - at) for at in range(count))


def test_a_long_history_is_read_page_by_page(frame: Frame) -> None:
    frame.service.world.histories[API] = sample.long_history(6000)
    page = app_page(frame)
    frame.qtbot.waitUntil(lambda: page.releases.model.rowCount() == 6000)
    QTest.keyClick(page.releases.table, Qt.Key.Key_End)
    assert page.releases.detail.number.text() == "v1"
    frame.qtbot.waitUntil(lambda: (API, True) in frame.service.called("look"))


def test_what_is_special_is_said_in_a_strip(frame: Frame) -> None:
    page = app_page(frame)
    assert page.header.strip.text == ""
    view = frame.service.world.views[API]
    assert view.live is not None
    frame.service.put(replace(view, hold_reason="v43 was rolled back."))
    frame.service.tell(Looked("harbor", API, Reach.SEEN, sample.NOW))
    frame.qtbot.waitUntil(lambda: page.header.strip.text == "Held: v43 was rolled back.")
    assert page.header.release_hold.isVisible()
    said = "Fly.io says v42, 2 of 6 machines say v41."
    live = replace(view.live, disagreement=said)
    frame.service.put(replace(view, live=live))
    frame.service.tell(Looked("harbor", API, Reach.SEEN, sample.NOW))
    frame.qtbot.waitUntil(lambda: page.header.strip.text == said)
    assert not page.header.release_hold.isVisible()


def test_certificates() -> None:
    one = release(42)
    word, small = certificate(one, None)
    assert (word.word, small) == ("Not watched", "made elsewhere")
    word, small = certificate(one, record(State.GOOD, asked=1204))
    assert (word.word, small) == ("0 of 1204 lost", "at most 0.25 %")
    word, small = certificate(one, record(State.ROLLED_BACK, asked=388, lost=14))
    assert (word.word, small) == ("14 of 388 lost", "back after 5 min")
    assert word.shape is Shape.WARN


@pytest.mark.parametrize("state", list(State))
def test_every_ending_has_shape_word_and_tone(state: State) -> None:
    word = last_word(record(state))
    assert word.word
    assert word.shape is not Shape.NOT_WATCHED


def test_steps_are_counted_by_their_groups() -> None:
    one = record(State.RUNNING)
    assert steps_done(one.progress) == (1, 6)
    assert last_word(one).word == "v43, step 2 of 6"


def test_the_journal_lists_deployments_and_opens_them(frame: Frame) -> None:
    frame.service.world.records["d001"] = record(State.ROLLED_BACK, reason="6 of 54 failed.")
    frame.go(Page.DEPLOYMENTS)
    page = frame.window.pages.page(Page.DEPLOYMENTS)
    assert isinstance(page, DeploymentsPage)
    model = page.table.deployments
    frame.qtbot.waitUntil(lambda: len(model.rows) == 1)
    spoken = model.data(model.index(0, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Deploy v43 to harbor-api, Rolled back, 6 min ago, took 5 min, by Lena"
    page.filter.setText("nothing like it")
    assert page.empty.text() == "Nothing matches “nothing like it”."
    page.filter.clear()
    page.table.setCurrentIndex(model.index(0, 0))
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert frame.window.desk.travels.here == Place(Page.RUN, deployment_id="d001")


def test_settings_list_accounts_and_forget_one(frame: Frame) -> None:
    frame.go(Page.SETTINGS)
    page = frame.window.pages.page(Page.SETTINGS)
    assert isinstance(page, SettingsPage)
    assert len(page.lines) == 4
    assert page.keyring.text() == "GNOME Keyring is here and unlocked."
    page.lines[0].remove.click()
    frame.qtbot.waitUntil(lambda: len(page.lines) == 3)
    assert "harbor" not in frame.service.world.accounts
    with frame.qtbot.waitSignal(frame.window.pages.test_notice_wanted):
        page.test.click()
    assert page.tested.text().startswith("Sent at ")
    page.letters.click()
    assert not frame.window.desk.actions.letters_on
    assert not frame.window.memory.letters_on
