"""Settings survive restarts, other processes and broken files, and hold no surprise."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import pytest

from pilothouse.domain.errors import JournalNewer, JournalUnavailable
from pilothouse.domain.model import Account, Platform
from pilothouse.domain.policy import Policy, Timing
from pilothouse.domain.records import Settings
from pilothouse.store import preferences
from pilothouse.store.preferences import ALERTS, LOG_SCALE
from pilothouse.store.settings import JsonSettings
from tests.store import samples

if TYPE_CHECKING:
    from pathlib import Path

LENA = Account("lena", Platform.HEROKU, "Heroku · lena", "api.heroku.com", "keyring")
HARBOR = Account("harbor", Platform.FLY, "Fly.io · harbor", "api.fly.io", "keyring")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "settings.json"


def test_without_a_file_the_defaults_hold(path: Path) -> None:
    settings: Settings = JsonSettings(path)
    default = Policy(production=False, command="make test")
    assert settings.policy(samples.HARBOR, default) == default
    assert settings.accounts() == ()
    assert not path.exists()


def test_a_policy_says_only_what_its_owner_said(path: Path) -> None:
    JsonSettings(path).set_policy(samples.HARBOR, production=False, command=None)
    settings = JsonSettings(path)
    assert settings.policy(samples.HARBOR, Policy(command="a")) == Policy(False, "a")
    settings.set_policy(samples.HARBOR, production=None, command="")
    assert JsonSettings(path).policy(samples.HARBOR, Policy(command="a")) == Policy(False, "")
    other = samples.other_app("harbor-web")
    assert JsonSettings(path).policy(other, Policy()) == Policy()


def test_accounts_keep_their_order_and_are_replaced_by_id(path: Path) -> None:
    settings = JsonSettings(path)
    for account in (HARBOR, LENA, HARBOR):
        settings.put_account(account)
    assert JsonSettings(path).accounts() == (HARBOR, LENA)
    settings.remove_account("harbor")
    settings.remove_account("nobody")
    assert JsonSettings(path).accounts() == (LENA,)


def test_two_processes_do_not_undo_each_other(path: Path) -> None:
    one, two = JsonSettings(path), JsonSettings(path)
    one.put_account(HARBOR)
    two.put_account(LENA)
    one.put(LOG_SCALE, 150)
    assert one.accounts() == two.accounts() == (HARBOR, LENA)
    assert two.get(LOG_SCALE) == 150


def test_many_writers_at_once_lose_nothing(path: Path) -> None:
    names = [f"a{number}" for number in range(24)]

    def put(some: list[str]) -> None:
        settings = JsonSettings(path)
        for name in some:
            settings.put_account(Account(name, Platform.FLY, name, "h", "keyring"))

    threads = [threading.Thread(target=put, args=(names[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(account.id for account in JsonSettings(path).accounts()) == sorted(names)
    left = {place.name for place in path.parent.iterdir()}
    assert left == {"settings.json", "settings.json.lock"}


def test_the_file_is_for_its_owner_alone_and_readable(path: Path) -> None:
    JsonSettings(path).put_account(LENA)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text())["accounts"][0]["label"] == "Heroku · lena"
    assert "\n" in path.read_text().strip()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"accounts": 7}',
        '{"timing": {"leese_s": 1}}',
        '{"timing": {"machine_lease_s": 1.5}}',
        "\0",
        "",
    ],
)
def test_a_bad_file_is_moved_aside_and_said(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    settings = JsonSettings(path)
    assert settings.accounts() == ()
    (aside,) = path.parent.glob("settings.json.bad-*")
    assert aside.read_text() == text
    assert str(aside) in settings.problem
    settings.put_account(LENA)
    assert JsonSettings(path).accounts() == (LENA,)
    assert JsonSettings(path).problem == ""


def test_a_newer_file_is_read_and_not_written(path: Path) -> None:
    path.parent.mkdir()
    text = '{"version": 2, "preferences": {"alerts": false}, "flags": []}'
    path.write_text(text)
    settings = JsonSettings(path)
    assert settings.get(ALERTS) is False
    with pytest.raises(JournalNewer):
        settings.put(ALERTS, True)
    assert path.read_text() == text


def test_a_failed_write_changes_nothing(path: Path) -> None:
    settings = JsonSettings(path)
    settings.put_account(LENA)
    path.unlink()
    path.mkdir()  # nothing can be written over a folder
    with pytest.raises(JournalUnavailable, match="cannot be read"):
        settings.put_account(HARBOR)
    path.rmdir()
    assert settings.accounts() == ()


def test_preferences_have_their_declared_type(path: Path) -> None:
    settings = JsonSettings(path)
    assert settings.get(ALERTS) is True
    settings.put(ALERTS, False)
    assert JsonSettings(path).get(ALERTS) is False
    path.write_text('{"preferences": {"alerts": "no", "log_scale": true}}')
    assert settings.get(ALERTS) is True
    assert settings.get(LOG_SCALE) == 100


def test_every_preference_is_declared_once_and_explained() -> None:
    keys = [one.key for one in preferences.ALL]
    assert len(set(keys)) == len(keys)
    assert all(one.help.endswith(".") for one in preferences.ALL)


def test_lengths_of_time_can_be_set(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"timing": {"lease_s": 3, "bake_max_s": 1.5}}')
    timing = JsonSettings(path).timing(Timing())
    assert (timing.lease_s, timing.bake_max_s, timing.call_s) == (3, 1.5, 8.0)
