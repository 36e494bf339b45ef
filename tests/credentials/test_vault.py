"""The keyring: a real one on a bus of its own, none at all, a locked one, and ones that lie.

The real one is asked from processes of its own, as the keyring library chooses once a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pilothouse.credentials import Keyring, Secret
from pilothouse.domain.errors import KeyringUnavailable
from tests.desktop_bus import Bus, end, needed, private_bus

ASK = """
import json, os, sys
from pilothouse.credentials import Keyring, Secret
from pilothouse.domain.errors import KeyringUnavailable
ring = Keyring(deadline_s=float(sys.argv[1]))
for verb, *names in json.loads(sys.argv[2]):
    try:
        values = [Secret(n) if at else n for at, n in enumerate(names)]
        said = getattr(ring, verb)(*values)
        print(json.dumps(said.reveal() if isinstance(said, Secret) else said))
    except KeyringUnavailable as error:
        print(json.dumps({"reason": error.reason, "remedy": error.remedy}))
sys.stdout.flush()
os._exit(0)  # a call may still wait for a dialog that nobody answers
"""
DESKTOP = Path(__file__).parents[2] / "desktop"
KEYRING_SERVICE = "org.freedesktop.secrets"


@pytest.fixture
def bus() -> Iterator[Bus]:
    # Not pytest's own folder: the path of a socket may not be long.
    with tempfile.TemporaryDirectory(prefix="ph-") as name, private_bus(Path(name)) as bus:
        yield bus


def ask(env: dict[str, str], *deeds: tuple[str, ...], deadline_s: float = 20) -> list[object]:
    """Do things with the keyring in a process of this environment; answers what each gave."""
    command = [sys.executable, "-c", ASK, str(deadline_s), json.dumps(deeds)]
    done = subprocess.run(
        command,
        env={**env, "PYTHONPATH": str(DESKTOP)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def unlocked(bus: Bus, password: str = "abc") -> subprocess.Popen[bytes]:
    """A GNOME Keyring on the bus, unlocked."""
    daemon = needed("gnome-keyring-daemon", "gnome-keyring")
    command = (daemon, "--unlock", "--components=secrets", "--foreground")
    child = bus.start(*command, text=password)
    bus.wait_for(KEYRING_SERVICE)
    return child


def test_a_real_keyring_keeps_replaces_and_forgets(bus: Bus) -> None:
    unlocked(bus)
    env = bus.environment()
    assert ask(env, ("get", "lena"), ("set", "lena", "t1"), ("get", "lena")) == [None, None, "t1"]
    story = ask(
        env,
        ("get", "lena"),
        ("set", "lena", "t2 with ünïcode"),
        ("get", "lena"),
        ("get", "jonas"),
        ("delete", "lena"),
        ("get", "lena"),
        ("delete", "lena"),
        ("state",),
    )
    assert story == [
        "t1", None, "t2 with ünïcode", None, None, None, None,
        "GNOME Keyring is here and unlocked.",
    ]  # fmt: skip


def test_a_locked_keyring_with_nobody_to_ask_is_said(bus: Bus) -> None:
    child = unlocked(bus)
    assert ask(bus.environment(), ("set", "lena", "t1")) == [None]
    end(child)
    daemon = needed("gnome-keyring-daemon", "gnome-keyring")
    bus.start(daemon, "--start", "--components=secrets", "--foreground")
    bus.wait_for(KEYRING_SERVICE)
    state, got, kept = ask(
        bus.environment(), ("state",), ("get", "lena"), ("set", "lena", "t2"), deadline_s=3
    )
    assert state == "The keyring is locked. It will ask you when a token is kept."
    for refusal in (got, kept):
        assert isinstance(refusal, dict)
        assert "keyring" in refusal["reason"]
        assert refusal["remedy"].endswith(".")


def test_a_desktop_without_a_keyring_is_said(bus: Bus) -> None:
    none, state = ask(bus.environment(), ("set", "lena", "t1"), ("state",))
    assert isinstance(none, dict)
    assert none["reason"] == "No keyring was found."
    assert isinstance(state, str)
    assert state.startswith(
        "No keyring was found. A token is kept until you quit, and nowhere on disk. Install"
    )


@pytest.mark.parametrize("address", [None, "unix:path=/nowhere/bus", "nonsense"])
def test_without_a_bus_there_is_no_keyring(bus: Bus, address: str | None) -> None:
    env = bus.environment()
    del env["DBUS_SESSION_BUS_ADDRESS"]
    if address is not None:
        env["DBUS_SESSION_BUS_ADDRESS"] = address
    (none,) = ask(env, ("get", "lena"))
    assert isinstance(none, dict)
    assert none["reason"].startswith("No keyring was found.")


def test_a_keyring_that_only_pretends_is_refused(bus: Bus) -> None:
    env = {**bus.environment(), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    kept, state = ask(env, ("set", "lena", "t1"), ("state",))
    assert isinstance(kept, dict)
    assert "keyring.backends.null.Keyring, which does not keep secrets safe" in kept["reason"]
    assert "nowhere on disk" in str(state)


class Shelf:
    """A keyring in memory whose manners can be spoiled."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.forgets = False
        self.error: Exception | None = None
        self.dialog: threading.Event | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.dialog is not None:
            self.dialog.wait(30)
        if self.error is not None:
            raise self.error
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.error is not None:
            raise self.error
        if not self.forgets:
            self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_tokens_are_kept_under_our_own_name() -> None:
    shelf = Shelf()
    Keyring(lambda: shelf).set("lena", Secret("t1"))
    assert shelf.kept == {("Pilothouse", "lena"): "t1"}


def test_a_keyring_that_forgets_is_found_out() -> None:
    shelf = Shelf()
    shelf.forgets = True
    with pytest.raises(KeyringUnavailable, match="did not give it back"):
        Keyring(lambda: shelf).set("lena", Secret("t1"))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (FileNotFoundError(2, "No such file or directory"), "cannot be reached"),
        (ConnectionResetError(), r"cannot be reached \(ConnectionResetError\)"),
        (ValueError("t1"), r"failed \(ValueError\)"),
    ],
)
def test_whatever_a_keyring_raises_is_put_in_words_without_the_token(
    error: Exception, reason: str
) -> None:
    shelf = Shelf()
    shelf.error = error
    with pytest.raises(KeyringUnavailable, match=reason) as caught:
        Keyring(lambda: shelf).set("lena", Secret("t1"))
    assert "t1" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_dialog_that_nobody_answers_ends_by_the_deadline() -> None:
    shelf = Shelf()
    shelf.dialog = threading.Event()
    ring = Keyring(lambda: shelf, deadline_s=0.1)
    for _ in range(2):  # the second does not pile up behind the first
        with pytest.raises(KeyringUnavailable, match="may be showing a dialog"):
            ring.get("lena")
    assert sum(thread.name == "pilothouse-keyring" for thread in threading.enumerate()) == 1
    shelf.dialog.set()
    patient = Keyring(lambda: shelf)
    assert patient.get("lena") is None


def test_the_library_is_not_loaded_before_it_is_used() -> None:
    code = "import sys, pilothouse.credentials as c; c.Keyring(); print('keyring' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(DESKTOP)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout == "False\n"
