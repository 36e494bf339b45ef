"""Fixtures of the window's tests: a look that is the same everywhere, and a stage to stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pilothouse.ui.theme import Theme
from pilothouse.ui.tokens import Scheme
from tests.ui.stage import Stage


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Theme:
    """The light look, whatever the machine says."""
    return Theme(qapp, Scheme.LIGHT)


@pytest.fixture
def stage(qtbot: QtBot, look: Theme) -> Iterator[Stage]:
    """Engine, bridge, outlook and desk."""
    made = Stage(qtbot)
    yield made
    made.close()
