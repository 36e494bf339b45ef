"""The tray: badge and words by state, a menu of the moment, messages as the last resort."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from pilothouse.domain.model import AppState
from pilothouse.domain.news import Reach
from pilothouse.domain.records import DeploymentRecord
from pilothouse.engine.views import AppView
from pilothouse.ui.glyph import SIZES, Badge, tray_pixmap
from pilothouse.ui.sheets.rollback import RollBackSheet
from pilothouse.ui.sights import AccountSight
from pilothouse.ui.travels import Page, Place
from pilothouse.ui.tray import INK, Tray, TrayNotice, TrayNotifier
from pilothouse.ui.tray_words import badge_of, counts_line, lines
from tests.ui import sample
from tests.ui.sample_runs import Teller, deploy_plan
from tests.ui.stage import PICTURES, Stage
from tests.ui.test_inbox import notice, put


def simple(name: str, **more: object) -> AppView:
    return sample.view_of(sample.HARBOR, name, 42, **more)


def sight(reach: Reach) -> AccountSight:
    return AccountSight(sample.HARBOR, reach, "", sample.NOW, sample.NOW)


@pytest.mark.parametrize(
    ("views", "reach", "open_notices", "badge"),
    [
        ([simple("a")], Reach.SEEN, 0, Badge.ALL_SERVE),
        ([simple("a", state=AppState.DEPLOYING)], Reach.SEEN, 0, Badge.DEPLOYING),
        ([simple("a", hold_reason="bad")], Reach.SEEN, 0, Badge.HELD),
        (
            [simple("a", hold_reason="bad"), simple("b", state=AppState.UNKNOWN)],
            Reach.SEEN,
            0,
            Badge.UNKNOWN,
        ),
        ([simple("b", state=AppState.UNKNOWN)], Reach.SILENT, 0, Badge.BLIND),
        ([simple("b", state=AppState.UNKNOWN)], Reach.SILENT, 1, Badge.NEEDS_YOU),
        ([simple("b", state=AppState.BROKEN)], Reach.SEEN, 0, Badge.NEEDS_YOU),
    ],
)
def test_the_first_badge_that_holds(
    views: list[AppView], reach: Reach, open_notices: int, badge: Badge
) -> None:
    assert badge_of(views, [sight(reach)], open_notices) is badge


def test_the_line_of_counts() -> None:
    views = [simple("a"), simple("b"), simple("c", state=AppState.UNKNOWN)]
    assert counts_line(views, 3) == "3 need you, 1 unknown, 2 serving"
    assert counts_line(views[:1], 1) == "1 needs you, 1 serving"
    assert counts_line([], 0) == "No apps yet"


def test_only_what_is_not_simply_serving_has_a_line() -> None:
    views = [
        simple("a"),
        simple("b", hold_reason="bad"),
        simple("c", state=AppState.UNKNOWN),
        simple("d", state=AppState.PROVISIONAL),
    ]
    texts = [f"{line.view.app.name}: {line.text}" for line in lines(views)]
    assert texts[0].startswith("c: Unknown since ")
    assert texts[1:] == ["d: Provisional v42", "b: Held, v42 serves"]


@pytest.fixture
def tray(stage: Stage) -> Tray:
    made = Tray(stage.desk, stage.window)
    stage.attach()
    return made


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def submenu(menu: QMenu, starts: str) -> QMenu:
    for action in menu.actions():
        inside = action.menu()
        if isinstance(inside, QMenu) and action.text().startswith(starts):
            return inside
    raise AssertionError(f"no menu {starts} in {texts(menu)}")


def test_the_menu_is_made_for_the_moment(stage: Stage, tray: Tray) -> None:
    stage.service.put(replace(stage.view, hold_reason="v43 was rolled back"))
    put(stage, notice(stage, 43))
    stage.outlook.read_all()
    stage.qtbot.waitUntil(lambda: stage.outlook.open_notices == 1)
    tray.menu.aboutToShow.emit()
    shown = texts(tray.menu)
    assert shown[0].startswith("1 needs you")
    assert not tray.menu.actions()[0].isEnabled()
    assert shown[-4:] == ["Roll back…", "Inbox (1)", "Open Pilothouse", "Quit…"]
    held = submenu(tray.menu, "harbor-api")
    assert texts(held) == ["Open", "Roll back…", "Release hold…"]
    assert tray.icon.toolTip().startswith("Pilothouse: 1 needs you")


def test_roll_back_opens_the_sheet_and_never_acts(stage: Stage, tray: Tray) -> None:
    tray.menu.aboutToShow.emit()
    back = submenu(tray.menu, "Roll back…")
    action = next(one for one in back.actions() if one.text() == "harbor-api")
    stage.window.show()
    with stage.qtbot.waitSignal(tray.open_wanted):
        action.trigger()
    assert isinstance(stage.sheets.sheet, RollBackSheet)
    assert stage.service.called("submit") == []


def test_the_lines_lead_to_their_places(stage: Stage, tray: Tray) -> None:
    teller = Teller(deploy_plan(stage.view))
    teller.start()
    record = DeploymentRecord(teller.id, stage.view.app.id, "Lena", sample.NOW, teller.progress)
    view = replace(stage.view, last=record, state=AppState.DEPLOYING)
    stage.service.put(view)
    stage.outlook.read_all()
    stage.qtbot.waitUntil(lambda: stage.outlook.view(view.app.id) == view)
    tray.menu.aboutToShow.emit()
    live = submenu(tray.menu, "harbor-api   Deploying v43, 0 of 6")
    live.actions()[1].trigger()
    assert stage.travels.here == Place(Page.RUN, deployment_id=teller.id)
    next(one for one in tray.menu.actions() if one.text().startswith("Inbox")).trigger()
    assert stage.travels.here == Place(Page.INBOX)
    with stage.qtbot.waitSignal(tray.quit_wanted):
        tray.menu.actions()[-1].trigger()


def test_without_a_tray_nothing_is_promised_and_it_is_looked_for_again(
    stage: Stage, tray: Tray
) -> None:
    assert not QSystemTrayIcon.isSystemTrayAvailable()
    tray.start()
    assert not tray.available
    assert tray.looks_again
    tray.stop()
    assert not tray.looks_again


def test_the_notifier_says_whether_a_message_can_be_seen(stage: Stage, tray: Tray) -> None:
    notifier = TrayNotifier(stage.bridge, stage.window)
    assert not notifier.show(notice(stage, 43))
    notifier.on_available_changed(True)
    arrived: list[object] = []
    stage.bridge.arrived.connect(arrived.append)
    answers: list[bool] = []
    thread = threading.Thread(target=keep(answers, notifier, notice(stage, 43)))
    thread.start()
    thread.join()
    stage.qtbot.waitUntil(lambda: any(isinstance(one, TrayNotice) for one in arrived))
    assert answers == [True]
    tray.icon.messageClicked.emit()
    assert stage.travels.here == Place(Page.RUN, deployment_id="d43")
    notifier.close()
    assert not notifier.show(notice(stage, 43))


def keep(answers: list[bool], notifier: TrayNotifier, what: object) -> Callable[[], None]:
    def call() -> None:
        answers.append(notifier.show(what))  # type: ignore[arg-type]

    return call


def test_the_badges_have_their_pictures(qapp: object) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for badge in Badge:
        picture = tray_pixmap(badge, SIZES[-2], INK, progress=0.6)
        assert picture.save(str(PICTURES / f"tray-{badge}.png"))
