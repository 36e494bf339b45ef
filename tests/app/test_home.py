"""Where files are kept, and who sits here."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pilothouse.app.home import Home, actor
from pilothouse.domain.errors import UsageError


def test_a_home_that_is_given_holds_everything(tmp_path: Path) -> None:
    home = Home.of({"PILOTHOUSE_HOME": str(tmp_path / "deep" / "home")})
    assert home.root == tmp_path / "deep" / "home"
    assert not home.root.exists()
    assert home.data(sandbox=False) == home.root
    assert home.data(sandbox=True) == home.root / "practice"
    assert home.sandbox == home.root / "sandbox"


def test_only_its_owner_may_look_into_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    for folder in (home.data(sandbox=True), home.root):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_practice_and_reality_never_share_a_folder(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.data(sandbox=True) != home.data(sandbox=False)


@pytest.mark.parametrize("given", ["~/harbor", "harbor"])
def test_a_home_may_be_written_as_people_write_folders(given: str) -> None:
    assert Home.of({"PILOTHOUSE_HOME": given}).root.is_absolute()


@pytest.mark.parametrize("environ", [{}, {"PILOTHOUSE_HOME": ""}])
def test_without_one_it_is_the_users_data_folder(environ: dict[str, str]) -> None:
    assert Home.of(environ).root.name == "pilothouse"


def test_a_place_where_no_folder_can_be_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    home = Home(tmp_path / "file" / "home")
    assert home.sandbox.parent == home.root
    with pytest.raises(UsageError, match="PILOTHOUSE_HOME"):
        home.data(sandbox=True)


def test_a_person_is_named_with_the_computer() -> None:
    who, at, where = actor().partition("@")
    assert who
    assert (at, bool(where)) == ("@", True)
