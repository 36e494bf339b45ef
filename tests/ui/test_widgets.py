"""Widgets by themselves: what they say, and what they do when pressed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from pilothouse.domain.model import AppState
from pilothouse.ui.health_log import HealthLog
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Theme
from pilothouse.ui.tokens import Tone
from pilothouse.ui.widgets.buttons import Button, IconButton, Kind, LinkButton
from pilothouse.ui.widgets.chips import Chip, letter_of, title_of
from pilothouse.ui.widgets.choice import Choice
from pilothouse.ui.widgets.fields import FilterField
from pilothouse.ui.widgets.focus_ring import FocusRing
from pilothouse.ui.widgets.health import BARS, Bar, Dots
from pilothouse.ui.widgets.labels import LinkText, link
from pilothouse.ui.widgets.ribbon import Mark, Ribbon, Tick
from pilothouse.ui.widgets.segments import Segments
from pilothouse.ui.widgets.strip import Strip
from tests.ui import sample


@pytest.fixture
def host(qtbot: QtBot, look: Theme) -> QWidget:
    made = QWidget()
    made.setLayout(QVBoxLayout())
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def put(host: QWidget, widget: QWidget) -> None:
    layout = host.layout()
    assert layout is not None
    layout.addWidget(widget)
    widget.show()
    host.grab()


def name_of(widget: QWidget) -> str:
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


@pytest.mark.parametrize("kind", list(Kind))
def test_buttons_say_their_words_and_are_never_cut(host: QWidget, kind: Kind) -> None:
    button = Button("Roll back to v41…", host, kind=kind, icon="back", hint="Ctrl ↵")
    put(host, button)
    assert button.height() == 32
    assert button.objectName() == kind.value
    assert name_of(button) == "Roll back to v41…"
    wide = button.sizeHint().width()
    button.set_sign(Shape.HELD)
    button.setText("Release hold…")
    assert button.sizeHint().width() < wide
    button.setEnabled(False)
    host.grab()


def test_an_icon_alone_has_a_name(host: QWidget) -> None:
    button = IconButton("gear", "Settings", host)
    button.set_dot(True)
    put(host, button)
    assert name_of(button) == "Settings"
    assert button.width() >= 24


def test_a_click_leaves_the_focus_where_it_was(host: QWidget, qtbot: QtBot) -> None:
    field = QLineEdit(host)
    button = LinkButton("Compare…", host, icon="outside")
    put(host, field)
    put(host, button)
    field.setFocus()
    with qtbot.waitSignal(button.clicked):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QApplication.focusWidget() is field


def test_segments_choose_exactly_one(host: QWidget, qtbot: QtBot) -> None:
    row = Segments("Which", [("all", "All"), ("need", "Need you")], host)
    row.set_count("need", 2)
    put(host, row)
    assert row.current == "all"
    need = row.findChildren(QPushButton)[1]
    assert name_of(need) == "Need you, 2"
    with qtbot.waitSignal(row.chosen) as told:
        QTest.mouseClick(need, Qt.MouseButton.LeftButton)
    assert told.args == ["need"]
    with qtbot.assertNotEmitted(row.chosen):
        row.choose("all")
    row.set_possible("need", False)
    assert not need.isEnabled()


def test_a_strip_is_hidden_until_it_has_something_to_say(host: QWidget) -> None:
    strip = Strip("Sight", host)
    put(host, strip)
    strip.say(Tone.UNK, Shape.BLIND, "")
    assert strip.isHidden()
    strip.say(Tone.UNK, Shape.BLIND, "Blind since 14:02.")
    host.grab()
    assert strip.text == "Blind since 14:02."


def test_the_filter_field_hands_a_second_escape_on(host: QWidget) -> None:
    field = FilterField("Filter apps", host)
    put(host, field)
    QTest.keyClicks(field, "abc")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == ""
    assert name_of(field) == "Filter apps"


def test_chips_and_letters(host: QWidget) -> None:
    chip = Chip(parent=host)
    chip.show_account(sample.HARBOR)
    put(host, chip)
    assert chip.accessibleName() == "Fly.io · harbor"
    assert letter_of(sample.PRACTICE) == "S"
    assert title_of(sample.PRACTICE) == "Sandbox · Fly.io"


def test_links_are_escaped(host: QWidget) -> None:
    label = LinkText("Sentence", host)
    label.setText(link('a"b', "<b>app</b>"))
    put(host, label)
    assert "<b>" not in label.text()
    assert "&lt;b&gt;app" in label.text()


def test_the_ribbon_counts_and_speaks(host: QWidget, qtbot: QtBot) -> None:
    ribbon = Ribbon(host)
    ribbon.set_lanes([("public", "Public address"), ("new", "v43, pinned")])
    put(host, ribbon)
    ribbon.add_ticks("public", [Tick(n * 0.1, 0.04, good=n % 50 != 7) for n in range(200)])
    ribbon.add_ticks("new", [Tick(20.0, 0.05, good=True)])
    ribbon.add_ticks("gone", [Tick(20.0, 0.05, good=False)])
    ribbon.set_marks([Mark(3.0, "1 record"), Mark(9.0, "2 roll")])
    ribbon.set_now(25.0)
    assert name_of(ribbon) == "Asked from outside: 4 of 201 lost"
    assert ribbon.sizeHint().height() == 22 + 2 * 24
    ribbon.set_lanes([("public", "Public"), ("old", "v42, pinned")])
    assert ribbon.spoken() == "Asked from outside: 4 of 200 lost"
    host.grab()
    qtbot.waitUntil(lambda: not ribbon.findChildren(QTimer)[0].isActive())


def test_dots_say_how_many_are_well(host: QWidget) -> None:
    dots = Dots(host)
    dots.show_instances([True, False, None], "ams: 2 of 3 healthy")
    put(host, dots)
    assert name_of(dots) == "ams: 2 of 3 healthy"
    assert dots.sizeHint().width() == 48


def test_the_ring_follows_the_focus(host: QWidget, look: Theme, qapp: QApplication) -> None:
    ring = FocusRing(qapp)
    field = QLineEdit(host)
    put(host, field)
    host.activateWindow()
    field.setFocus()
    assert ring.widget() is field
    host.grab()
    field.clearFocus()
    assert ring.widget() is None
    ring.deleteLater()


def test_health_is_the_worst_of_two_minutes_and_never_filled_in() -> None:
    log = HealthLog()
    view = sample.view_of(sample.HARBOR, "harbor-api", 42)
    now = sample.NOW
    app_id = view.app.id
    assert log.of(app_id, now) == ((Bar.NOT_SEEN,) * BARS, None)
    log.note(view, now)
    log.note(view, now)
    bars, share = log.of(app_id, now)
    assert bars[-1] is Bar.SERVED
    assert set(bars[:-1]) == {Bar.NOT_SEEN}
    assert share == 1.0
    later = now + timedelta(minutes=10)
    log.note(replace(view, state=AppState.BROKEN, seen_at=later), later)
    log.note(replace(view, seen_at=later + timedelta(seconds=1)), later)
    bars, share = log.of(app_id, later)
    assert bars[-1] is Bar.DOWN
    assert bars[-6] is Bar.SERVED
    assert share == pytest.approx(2 / 3)
    assert log.share(app_id, now + timedelta(hours=3)) is None


def test_a_box_that_opens_shows_that_it_does(qtbot: QtBot, look: Theme) -> None:
    box = Choice("Image")
    qtbot.addWidget(box)
    box.resize(200, 32)
    picture = box.grab().toImage()
    mark = {picture.pixel(x, y) for x in range(178, 190) for y in range(10, 22)}
    assert len(mark) > 1, "nothing but the ground is painted where the mark belongs"
