"""Resources are found by name, in a checkout as in a wheel, and nothing else is."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QGuiApplication, QIcon

from pilothouse.resources import resource, root


def test_the_icon_of_the_program_is_there_and_can_be_drawn(qapp: QGuiApplication) -> None:
    icon = QIcon(str(resource("icons/pilothouse.svg")))
    assert not icon.pixmap(64, 64).isNull()


@pytest.mark.parametrize("name", ["icons/nowhere.svg", "icons", "../pyproject.toml", "/etc/hosts"])
def test_what_is_not_a_resource_is_refused_by_name(name: str) -> None:
    with pytest.raises(FileNotFoundError, match="has no resource"):
        resource(name)


def test_the_folder_is_the_checkouts_own() -> None:
    assert (root() / "icons").is_dir()
