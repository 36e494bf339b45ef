"""The fleet's lines: their order, their words, their filter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from pilothouse.domain.model import AppState
from pilothouse.engine.views import AppView
from pilothouse.ui.models.fleet_model import Column, FleetModel
from pilothouse.ui.models.fleet_rows import FleetRow, row_of
from pilothouse.ui.widgets.health import BARS, Bar
from tests.ui import sample

QUIET = (Bar.NOT_SEEN,) * BARS, None


def row(view: AppView) -> FleetRow:
    return row_of(view, QUIET, sample.NOW, counts=not view.account.is_sandbox)


@pytest.fixture
def model(qtbot: QtBot) -> FleetModel:
    made = FleetModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(made)
    made.put([row(view) for view in sample.fleet()], whole=True)
    return made


def names(model: FleetModel) -> list[str]:
    return [one.name for one in model.rows]


def test_those_that_need_a_person_come_first_and_the_sandbox_last(model: FleetModel) -> None:
    assert names(model)[:5] == [
        "harbor-admin",
        "harbor-mail",
        "tide-maps",
        "harbor-worker",
        "harbor-web",
    ]
    assert names(model)[-2:] == ["sandbox-dyno", "sandbox-fly"]


def test_sorting_by_a_column_keeps_the_sandbox_last(model: FleetModel) -> None:
    model.sort(int(Column.APP), Qt.SortOrder.DescendingOrder)
    assert names(model)[0] == "tide-maps"
    assert names(model)[-2:] == ["sandbox-fly", "sandbox-dyno"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("worker", ["harbor-worker"]),
        ("provisional", ["harbor-web"]),
        ("lena serving", ["lena-notes", "lena-recipes", "lena-status"]),
        ("v42", ["harbor-api"]),
        ("nothing like it", []),
    ],
)
def test_the_filter_looks_at_names_accounts_releases_and_states(
    model: FleetModel, text: str, found: list[str]
) -> None:
    model.choose(text=text)
    assert [name for name in names(model) if name in found] == found
    assert found or not names(model)


def test_segments(model: FleetModel) -> None:
    model.choose(segment="need")
    assert set(names(model)) == {"harbor-admin", "harbor-mail", "tide-maps"}
    model.choose(segment="running")
    assert set(names(model)) == {"harbor-worker", "harbor-web"}
    model.choose(segment="sandbox")
    assert set(names(model)) == {"sandbox-dyno", "sandbox-fly"}


def test_a_change_that_moves_nothing_tells_of_one_row(model: FleetModel, qtbot: QtBot) -> None:
    view = next(one for one in sample.fleet() if one.app.name == "harbor-api")
    fresh = row(replace(view, production=False, way_back=None))
    place = model.place_of(view.app.id)
    with qtbot.waitSignal(model.dataChanged) as told, qtbot.assertNotEmitted(model.modelReset):
        model.put([fresh], whole=False)
    assert told.args is not None
    assert [told.args[0].row(), told.args[1].row()] == [place, place]


def test_a_change_of_need_moves_the_row(model: FleetModel, qtbot: QtBot) -> None:
    view = next(one for one in sample.fleet() if one.app.name == "lena-notes")
    with qtbot.waitSignal(model.modelReset):
        model.put([row(replace(view, state=AppState.BROKEN))], whole=False)
    assert names(model)[0] == "lena-notes"


def test_a_line_is_spoken_as_a_sentence(model: FleetModel) -> None:
    index = model.index(names(model).index("tide-maps"), 0)
    spoken = model.data(index, Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == (
        "tide-maps, Fly.io harbor, Serving, release v14, 14 h · Maria Okoye, health –, "
        "last deployment Not watched, way back v13, held"
    )


def test_what_was_seen_long_ago_says_so() -> None:
    line = row(next(one for one in sample.fleet() if one.app.name == "harbor-mail"))
    assert line.share == "3 min old"
    assert line.back.word == "v203, 3 min old"
    assert line.reason == "is unknown because Heroku does not answer"
