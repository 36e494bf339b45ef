"""Accounts: verified before they are kept, tokens in the keyring alone, practice kept apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pilothouse.app.accounts import AccountBook
from pilothouse.app.compose import tuned
from pilothouse.app.practice import PracticeBook
from pilothouse.credentials import Keyring
from pilothouse.domain.errors import (
    AccountRefused,
    KeyringUnavailable,
    NotFound,
    UsageError,
)
from pilothouse.domain.model import Account, Platform
from pilothouse.domain.policy import Timing
from pilothouse.providers.http import HttpAsker
from pilothouse.store.settings import JsonSettings
from tests.sandbox_process import SandboxProcess

NO_KEYRING = KeyringUnavailable("No keyring was found.", "Install one.")


class Drawer:
    """A keyring in memory; `error` set: it cannot be used."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, token: str) -> None:
        self._check()
        self.kept[(service, name)] = token

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        del self.kept[(service, name)]

    def _check(self) -> None:
        if self.error is not None:
            raise self.error


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), scale=50.0) as running:
        yield running


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


class Shelf:
    """A home's accounts; `open` gives the book of a new run of the program."""

    def __init__(self, folder: Path, sandbox: SandboxProcess, drawer: Drawer) -> None:
        self.folder, self.sandbox, self.drawer = folder, sandbox, drawer
        line = sandbox.announcement
        self.token = line.token
        self.bases: dict[str, str] = {**line.fly, **line.heroku}
        self._after = ExitStack()

    def open(self, environ: Mapping[str, str] | None = None) -> AccountBook:
        asker = self._after.enter_context(closing(HttpAsker()))
        book = AccountBook(
            self.bases if environ is None else environ,
            JsonSettings(self.folder / "settings.json"),
            Keyring(lambda: self.drawer),
            asker=asker,
            tune=tuned({}),
        )
        return self._after.enter_context(closing(book))

    def close(self) -> None:
        self._after.close()

    def written(self) -> str:
        return "".join(path.read_text("utf-8") for path in self.folder.iterdir() if path.is_file())


@pytest.fixture
def shelf(tmp_path: Path, sandbox: SandboxProcess, drawer: Drawer) -> Iterator[Shelf]:
    with closing(Shelf(tmp_path, sandbox, drawer)) as shelf:
        yield shelf


def ids(book: AccountBook) -> list[str]:
    return [account.id for account in book.list()]


@pytest.mark.parametrize("platform", list(Platform))
def test_an_account_is_kept_and_works_in_the_next_run(shelf: Shelf, platform: Platform) -> None:
    account, identity = shelf.open().add(platform, f"  {shelf.token}\n")
    assert identity.user
    assert (account.platform, account.source) == (platform, "keyring")
    again = shelf.open()
    assert ids(again) == [account.id]
    assert again.of(account.id).identity() == identity
    assert shelf.drawer.kept == {("Pilothouse", account.id): shelf.token}
    assert shelf.token not in shelf.written()


@pytest.mark.parametrize("platform", list(Platform))
def test_a_token_that_is_refused_is_kept_nowhere(shelf: Shelf, platform: Platform) -> None:
    book = shelf.open()
    with pytest.raises(AccountRefused) as caught:
        book.add(platform, "wrong-token-123")
    assert "wrong-token-123" not in str(caught.value)
    assert ids(book) == ids(shelf.open()) == []
    assert shelf.drawer.kept == {}
    assert "wrong-token-123" not in shelf.written()


def test_without_a_keyring_nothing_is_kept_unless_in_memory(shelf: Shelf) -> None:
    shelf.drawer.error = NO_KEYRING
    book = shelf.open()
    with pytest.raises(KeyringUnavailable, match="No keyring was found"):
        book.add(Platform.FLY, shelf.token)
    assert ids(book) == []
    account, _ = book.add(Platform.FLY, shelf.token, keep=False)
    assert account.source == "memory"
    assert ids(book) == [account.id]
    assert book.of(account.id).identity().user
    assert ids(shelf.open()) == []
    assert shelf.token not in shelf.written()
    book.remove(account.id)
    assert ids(book) == []


def test_a_token_kept_after_all_replaces_the_one_in_memory(shelf: Shelf) -> None:
    book = shelf.open()
    first, _ = book.add(Platform.FLY, shelf.token, keep=False)
    second, _ = book.add(Platform.FLY, shelf.token)
    assert first.id == second.id
    assert [account.source for account in book.list()] == ["keyring"]


def test_environment_tokens_work_and_are_never_stored(shelf: Shelf) -> None:
    environ = shelf.sandbox.announcement.environment()
    book = shelf.open(environ)
    assert ids(book) == ["fly-environment", "heroku-environment"]
    assert all(account.source == "environment" for account in book.list())
    assert book.of("fly-environment").identity().user
    assert shelf.drawer.kept == {}
    assert shelf.token not in shelf.written()
    assert ids(shelf.open()) == []


def test_an_account_of_the_environment_is_removed_there(shelf: Shelf) -> None:
    book = shelf.open(shelf.sandbox.announcement.environment())
    with pytest.raises(UsageError, match="FLY_API_TOKEN"):
        book.remove("fly-environment")
    assert "fly-environment" in ids(book)


def test_removing_forgets_the_token_too(shelf: Shelf) -> None:
    account, _ = shelf.open().add(Platform.HEROKU, shelf.token)
    shelf.open().remove(account.id)
    assert shelf.drawer.kept == {}
    assert ids(shelf.open()) == []
    with pytest.raises(NotFound):
        shelf.open().remove(account.id)


def test_a_token_that_left_the_keyring_is_told_with_a_remedy(shelf: Shelf) -> None:
    account, _ = shelf.open().add(Platform.FLY, shelf.token)
    shelf.drawer.kept.clear()
    with pytest.raises(KeyringUnavailable, match="accounts add fly"):
        shelf.open().of(account.id).identity()


@pytest.mark.parametrize(
    ("label", "account_id"),
    [
        ("Work", "work"),
        ("My Org: prod/1", "my-org-prod-1"),
        ("北極", "fly"),
        ("heroku", "heroku-2"),
        ("fly-environment", "fly-environment-2"),
    ],
)
def test_an_id_can_be_typed_before_a_colon(shelf: Shelf, label: str, account_id: str) -> None:
    account, _ = shelf.open().add(Platform.FLY, shelf.token, label=label)
    assert (account.id, account.label) == (account_id, label)


def test_the_same_name_on_both_platforms_makes_two_accounts(shelf: Shelf) -> None:
    book = shelf.open()
    ours = {book.add(platform, shelf.token, label="work")[0].id for platform in Platform}
    assert ours == {"work", "work-2"}
    again, _ = book.add(Platform.FLY, shelf.token, label="work")
    assert again.id == "work"
    assert len(book.list()) == 2


def test_a_token_goes_nowhere_but_where_it_was_verified(shelf: Shelf) -> None:
    account, _ = shelf.open().add(Platform.FLY, shelf.token)
    assert account.api_host == "127.0.0.1"
    real = shelf.open({})
    assert ids(real) == []
    with pytest.raises(NotFound):
        real.of(account.id)
    assert ids(shelf.open()) == [account.id]


def test_the_sandboxs_own_pace_is_asked_for(shelf: Shelf) -> None:
    here = Account("x", Platform.FLY, "x", "127.0.0.1", "keyring")
    assert shelf.open().timing(here).bake_max_s == Timing.for_scale(50).bake_max_s
    assert shelf.open({}).timing(here) == Timing()


def test_practice_has_its_two_accounts_and_takes_no_other(sandbox: SandboxProcess) -> None:
    with closing(PracticeBook(sandbox.announcement, tune=tuned({}))) as book:
        check_practice(book)


def check_practice(book: PracticeBook) -> None:
    assert [account.id for account in book.list()] == ["sandbox-fly", "sandbox-heroku"]
    assert all(account.is_sandbox for account in book.list())
    assert all(provider.identity().user for provider in book.all())
    with pytest.raises(UsageError, match="--sandbox"):
        book.add(Platform.FLY, "a real token")
    with pytest.raises(UsageError):
        book.remove("sandbox-fly")
    with pytest.raises(NotFound, match="sandbox-heroku"):
        book.of("work")
    assert book.timing(book.list()[0]).bake_max_s == 30
    assert "never kept" in book.keyring_state()
