"""The look in force: palette, fonts, and what follows when it changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pilothouse.ui import shapes, theme
from pilothouse.ui.shapes import Shape
from pilothouse.ui.theme import Size, Theme
from pilothouse.ui.tokens import DARK, LIGHT, Scheme
from pilothouse.ui.widgets.labels import Text


@pytest.fixture
def dark(look: Theme) -> Iterator[Theme]:
    look.choose(Scheme.DARK)
    look.apply()
    yield look
    look.choose(Scheme.LIGHT)
    look.apply()


def test_the_palette_comes_from_the_tokens(look: Theme, qapp: QApplication) -> None:
    palette = qapp.palette()
    assert palette.color(QPalette.ColorRole.Base).name().upper() == LIGHT.base
    assert palette.color(QPalette.ColorRole.Window).name().upper() == LIGHT.chrome
    assert palette.color(QPalette.ColorRole.Link).name().upper() == LIGHT.accent


def test_another_scheme_changes_palette_labels_and_caches(
    qtbot: QtBot, look: Theme, qapp: QApplication, request: pytest.FixtureRequest
) -> None:
    label = Text("words", ink="bad")
    qtbot.addWidget(label)
    label.show()
    before, picture = theme.generation(), shapes.pixmap(Shape.SERVING)
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == LIGHT.bad
    request.getfixturevalue("dark")
    assert theme.generation() == before + 1
    assert qapp.palette().color(QPalette.ColorRole.Base).name().upper() == DARK.base
    qtbot.waitUntil(
        lambda: label.palette().color(QPalette.ColorRole.WindowText).name().upper() == DARK.bad
    )
    assert shapes.pixmap(Shape.SERVING) is not picture


def test_applying_the_same_look_again_does_nothing(look: Theme) -> None:
    before = theme.generation()
    look.apply()
    assert theme.generation() == before


def test_sizes_are_relative_and_never_too_small(look: Theme, qapp: QApplication) -> None:
    base = qapp.font().pointSizeF()
    assert theme.font(Size.TITLE).pointSizeF() == pytest.approx(base * 1.54)
    assert theme.font(Size.CAPTION).pointSizeF() == pytest.approx(max(8.25, base * 0.85))
    assert theme.font(weight=QFont.Weight.DemiBold).weight() == QFont.Weight.DemiBold
    assert theme.font().featureValue(QFont.Tag("tnum")) == 1


def test_an_ink_can_change(qtbot: QtBot, look: Theme) -> None:
    label = Text("words")
    qtbot.addWidget(label)
    label.show()
    label.set_ink("good")
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == LIGHT.good
