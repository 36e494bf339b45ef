"""The history's model: pages, filter, arcs, and a hundred thousand rows."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from pilothouse.domain.model import ReleaseVerdict
from pilothouse.ui.models.arcs import Part
from pilothouse.ui.models.release_model import ReleaseModel
from tests.ui import sample

MANY = 100_000


@pytest.fixture
def model(qtbot: QtBot) -> ReleaseModel:
    made = ReleaseModel()
    tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(made)
    made.set_now(sample.NOW)
    made.merge(sample.history())
    return made


def versions(model: ReleaseModel) -> list[int]:
    return [model.release(at).version for at in range(model.rowCount())]


def test_newest_first_with_the_live_one_marked(model: ReleaseModel) -> None:
    assert versions(model) == list(range(42, 29, -1))
    assert model.row(0).live


def test_older_pages_are_appended_and_newer_rows_go_on_top(
    model: ReleaseModel, qtbot: QtBot
) -> None:
    app = sample.app_of(sample.HARBOR, "harbor-api")
    older = sample.release_of(app, 29, ago=sample.NOW - sample.NOW, author="Ann")
    with qtbot.waitSignal(model.rowsInserted), qtbot.assertNotEmitted(model.modelReset):
        model.merge([older])
    newer = replace(older, version=43)
    model.merge([newer, *sample.history()[:3]])
    assert versions(model) == list(range(43, 28, -1))


def test_a_changed_verdict_repaints_and_resets_nothing(model: ReleaseModel, qtbot: QtBot) -> None:
    fresh = replace(sample.history()[0], verdict=ReleaseVerdict.PROVISIONAL)
    with qtbot.waitSignal(model.dataChanged), qtbot.assertNotEmitted(model.modelReset):
        model.merge([fresh])
    assert model.row(0).verdict.word == "Provisional"


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("config", "", [41, 34]),
        ("scale", "", [37]),
        ("all", "valkey", [38]),
        ("all", "rolled back", [38, 32]),
        ("config", "ann", []),
        ("all", "compress", [31]),
    ],
)
def test_the_filter(model: ReleaseModel, kind: str, text: str, found: list[int]) -> None:
    model.choose(kind=kind, text=text)
    assert versions(model) == found


def test_arcs_follow_the_filter(model: ReleaseModel) -> None:
    place = model.place_of(38)
    assert place is not None
    assert model.pieces(place) == ((0, Part.START),)
    model.choose(text="rolled back")
    assert not any(model.pieces(at) for at in range(model.rowCount()))


def test_a_line_is_spoken_as_a_sentence(model: ReleaseModel) -> None:
    place = model.place_of(39)
    spoken = model.data(model.index(place or 0, 0), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == (
        "Version 39, rollback, verified, to v36, Back to v36, by Jonas Weil, 2 d ago, Not watched"
    )


def test_a_hundred_thousand_releases(qapp: object) -> None:
    """Figures are printed, not asserted; that all are there and found is."""
    model = ReleaseModel()
    model.set_now(sample.NOW)
    releases = sample.long_history(MANY)
    longest = 0.0
    for at in range(0, MANY, 2000):
        start = time.perf_counter()
        model.merge(releases[at : at + 2000])
        longest = max(longest, time.perf_counter() - start)
    assert model.rowCount() == MANY
    start = time.perf_counter()
    model.choose(text="v99999")
    filtered = time.perf_counter() - start
    assert versions(model) == [99_999]
    start = time.perf_counter()
    model.choose(text="")
    cleared = time.perf_counter() - start
    assert model.place_of(1) == MANY - 1
    print(f"longest page {longest * 1e3:.0f} ms, filter {filtered * 1e3:.0f} ms, "
          f"clear {cleared * 1e3:.0f} ms")  # fmt: skip
