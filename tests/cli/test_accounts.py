"""Accounts at the command line: the token comes from a prompt or a pipe, and is never shown."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pilothouse.domain.errors import AccountRefused, KeyringUnavailable, NotFound
from pilothouse.domain.model import Account, Identity, Platform
from tests.cli.conftest import Desk
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "fo1_very-secret"
NO_KEYRING = KeyringUnavailable("No keyring was found.", "Install gnome-keyring.")


class Shelf:
    """`domain.ports.Accounts` in memory; `error` is what keeping meets."""

    def __init__(self) -> None:
        self.kept: list[tuple[Account, str]] = []
        self.error: Exception | None = None

    def list(self) -> tuple[Account, ...]:
        return tuple(account for account, _ in self.kept)

    def add(
        self, platform: Platform, token: str, *, label: str = "", keep: bool = True
    ) -> tuple[Account, Identity]:
        if token != TOKEN:
            raise AccountRefused(platform, said="unauthorized", renew="Make a new one.")
        if keep and self.error is not None:
            raise self.error
        account = Account(
            label or "ann", platform, label, "fly.test", "keyring" if keep else "memory"
        )
        self.kept.append((account, token))
        return account, Identity("ann", ("deploy",), can_deploy=True)

    def remove(self, account_id: str) -> None:
        left = [pair for pair in self.kept if pair[0].id != account_id]
        if len(left) == len(self.kept):
            raise NotFound("account", account_id, where="here")
        self.kept = left

    def keyring_state(self) -> str:
        return "GNOME Keyring is here and unlocked."


@pytest.fixture
def shelf(desk: Desk) -> Shelf:
    shelf = Shelf()
    desk.opened = lambda: desk.rig.again(accounts=shelf)
    return shelf


def test_a_token_may_be_piped_in(desk: Desk, shelf: Shelf) -> None:
    said = desk.pipe(f"{TOKEN}\n", "accounts", "add", "fly", "--label", "work", "--json")
    assert said.code == 0, said.err
    assert said.last == {
        "account": "work",
        "platform": "fly",
        "user": "ann",
        "scopes": ["deploy"],
        "expires_at": None,
        "kept": "keyring",
    }
    assert [token for _, token in shelf.kept] == [TOKEN]
    assert TOKEN not in said.out + said.err


@pytest.mark.parametrize("piped", ["", "\n", "   \n"])
def test_no_token_is_a_usage_error(desk: Desk, shelf: Shelf, piped: str) -> None:
    said = desk.pipe(piped, "accounts", "add", "fly", "--json")
    assert (said.code, said.last["exit"]) == (2, 2)
    assert "No token was given" in said.err
    assert shelf.kept == []


def test_a_token_is_no_argument(desk: Desk, shelf: Shelf) -> None:
    said = desk.pipe("", "accounts", "add", "fly", TOKEN)
    assert said.code == 2
    assert shelf.kept == []


def test_a_refused_token_is_explained_and_not_shown(desk: Desk, shelf: Shelf) -> None:
    said = desk.pipe("fo1_wrong\n", "accounts", "add", "heroku")
    assert said.code == 3
    assert "unauthorized" in said.err
    assert "fo1_wrong" not in said.out + said.err
    assert shelf.kept == []


def test_without_a_keyring_and_a_terminal_nothing_is_kept(desk: Desk, shelf: Shelf) -> None:
    shelf.error = NO_KEYRING
    said = desk.pipe(f"{TOKEN}\n", "accounts", "add", "fly", "--json")
    assert said.code == 3
    assert "Install gnome-keyring." in said.err
    assert shelf.kept == []


def test_list_and_remove(desk: Desk, shelf: Shelf) -> None:
    desk.pipe(f"{TOKEN}\n", "accounts", "add", "fly", "--label", "work")
    row = desk.run("accounts", "list", "--json").last
    assert row["accounts"] == [
        {"id": "work", "platform": "fly", "label": "work", "source": "keyring"}
    ]
    assert "unlocked" in row["keyring"]
    assert desk.run("accounts", "remove", "work", "--json").last == {"removed": "work"}
    assert shelf.kept == []
    said = desk.run("accounts", "remove", "work", "--json")
    assert (said.code, said.last["exit"]) == (2, 2)


def test_a_platform_there_is_not(desk: Desk, shelf: Shelf) -> None:
    said = desk.pipe(f"{TOKEN}\n", "accounts", "add", "cloud", "--json")
    assert (said.code, shelf.kept) == (2, [])


# ------------------------------------------------------------------- the program itself


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox"), scale=50.0) as running:
        yield running


class Terminal:
    """`pilothouse accounts add fly` at a terminal of its own, on a computer without a keyring."""

    def __init__(self, home: Path, sandbox: SandboxProcess) -> None:
        self.shown = ""
        line = sandbox.announcement
        self.token = line.token
        self._ours, theirs = pty.openpty()
        name = os.ttyname(theirs)
        # A shell that leads its session takes the first terminal it opens for its own.
        command = f'exec "{sys.executable}" -m pilothouse accounts add fly <{name} >{name} 2>&1'
        self._process = subprocess.Popen(
            ["sh", "-c", command],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={
                **os.environ,
                **line.fly,
                "PYTHONPATH": str(ROOT / "desktop"),
                "PILOTHOUSE_HOME": str(home),
                "TERM": "dumb",
            },
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)

    def _read(self) -> str:
        with suppress(OSError):  # nothing yet, or nobody is there any more
            self.shown += os.read(self._ours, 4096).decode()
        return self.shown

    def type(self, after: str, text: str) -> None:
        """Type a line once `after` is on the screen."""
        until(lambda: after in self._read(), f"“{after}” on the screen", 30.0)
        os.write(self._ours, f"{text}\n".encode())

    def end(self) -> int:
        until(lambda: self._read() is not None and self._process.poll() is not None, "its end", 30)
        self._read()
        os.close(self._ours)
        return int(self._process.returncode)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2)])
def test_at_a_terminal_memory_is_offered_and_the_token_is_not_shown(
    home: Path, sandbox: SandboxProcess, answer: str, code: int
) -> None:
    terminal = Terminal(home, sandbox)
    terminal.type("Token for fly", terminal.token)
    terminal.type("Keep it in memory for this run only?", answer)
    assert terminal.end() == code, terminal.shown
    assert "keyring" in terminal.shown
    assert ("in memory, for this run only" in terminal.shown) is (code == 0)
    assert terminal.token not in terminal.shown
    written = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(terminal.token.encode() in content for content in written)


@pytest.mark.parametrize("scale", ["0", "-2", "1001", "nan"])
def test_a_scale_out_of_bounds_starts_no_sandbox_and_says_what_a_scale_is(
    desk: Desk, scale: str
) -> None:
    said = desk.run("sandbox", "--scale", scale)
    assert said.code == 2
    assert "above 0 and at most 1000" in said.err
    assert "platforms' seconds" in said.err
    assert "1 is their own speed" in " ".join(desk.run("sandbox", "--help").out.split())
