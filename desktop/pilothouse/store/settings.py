"""What people set: preferences, accounts, and what holds for an app; in one readable JSON file.

Never a secret. The file is written whole or not at all, for its owner alone, and read again when
another process has written it. A file that cannot be understood is moved aside, which is said,
and the defaults hold from then on; nothing is lost. A newer program's file is read as far as it is
understood, and never written.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from pilothouse.domain.errors import JournalNewer, JournalUnavailable
from pilothouse.domain.model import Account, App
from pilothouse.domain.policy import Policy, Timing
from pilothouse.store.preferences import Preference

if sys.platform != "win32":
    import fcntl

T = TypeVar("T", bool, int, float, str)


class AppSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an app's owner said of it; None: nothing."""

    name: str = ""
    production: bool | None = None
    command: str | None = None


VERSION = 1
TIMES = frozenset(field.name for field in fields(Timing))


class File(msgspec.Struct, frozen=True):
    """The whole file; `timing` holds lengths of time that are to be other than usual."""

    version: int = VERSION
    accounts: tuple[Account, ...] = ()
    apps: dict[str, AppSettings] = {}
    preferences: dict[str, bool | int | float | str] = {}
    timing: dict[str, int | float] = {}

    def __post_init__(self) -> None:
        strange = sorted(self.timing.keys() - TIMES)
        if strange:
            raise ValueError(f"there is no timing called {', '.join(strange)}")
        _with_times(Timing(), self.timing)


class JsonSettings:
    """`domain.records.Settings` over a file; may be shared by all threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._known = File()
        self._stamp: tuple[int, int, int] | None = None
        self._problem = ""

    @property
    def problem(self) -> str:
        """A sentence about a file that could not be understood; empty: there was none."""
        with self._lock:
            self._read()
            return self._problem

    def policy(self, app: App, default: Policy) -> Policy:
        """The app's policy, with `default` for what its owner did not say."""
        said = self._now().apps.get(app.id, AppSettings())
        return replace(
            default,
            production=default.production if said.production is None else said.production,
            command=default.command if said.command is None else said.command,
        )

    def set_policy(self, app: App, *, production: bool | None, command: str | None) -> None:
        """Keep what an app's owner says; None leaves a part as it is."""
        with self._change() as file:
            said = file.apps.get(app.id, AppSettings())
            file.apps[app.id] = AppSettings(
                name=app.name,
                production=said.production if production is None else production,
                command=said.command if command is None else command,
            )

    def accounts(self) -> tuple[Account, ...]:
        """Accounts whose token is in the keyring, in the order in which they were added."""
        return self._now().accounts

    def put_account(self, account: Account) -> None:
        """Keep an account, in the place of one with the same id."""
        with self._change() as file:
            known = {one.id: one for one in file.accounts}
            known[account.id] = account
            self._known = msgspec.structs.replace(file, accounts=tuple(known.values()))

    def remove_account(self, account_id: str) -> None:
        """Forget an account; nothing happens if it is not there."""
        with self._change() as file:
            left = tuple([one for one in file.accounts if one.id != account_id])
            self._known = msgspec.structs.replace(file, accounts=left)

    def get(self, preference: Preference[T]) -> T:
        """What a person prefers, or the default."""
        value = self._now().preferences.get(preference.key, preference.default)
        return value if preference.accepts(value) else preference.default  # type: ignore[return-value]

    def put(self, preference: Preference[T], value: T) -> None:
        """Keep what a person prefers."""
        with self._change() as file:
            file.preferences[preference.key] = value

    def timing(self, default: Timing) -> Timing:
        """How long things take, with `default` for all that the file does not say."""
        return _with_times(default, self._now().timing)

    def _now(self) -> File:
        with self._lock:
            self._read()
            return self._known

    def _read(self) -> None:
        try:
            seen = self._path.stat()
            stamp = (seen.st_mtime_ns, seen.st_ino, seen.st_size)
            if stamp == self._stamp:
                return
            raw = self._path.read_bytes()
        except FileNotFoundError:
            self._known, self._stamp = File(), None
            return
        except OSError as error:
            raise _unusable(self._path, "read", error) from error
        try:
            self._known = msgspec.json.decode(raw, type=File)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._move_aside(error)
            self._known, self._stamp = File(), None
        else:
            self._stamp = stamp

    def _move_aside(self, error: Exception) -> None:
        aside = self._path.with_name(f"{self._path.name}.bad-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
        try:
            self._path.replace(aside)
        except OSError as trouble:
            raise _unusable(self._path, "moved aside", trouble) from trouble
        self._problem = (
            f"The settings in {self._path} could not be understood ({error}). "
            f"They were moved to {aside}, and the defaults hold. Accounts must be added again."
        )

    @contextmanager
    def _change(self) -> Iterator[File]:
        """Read the newest file, let it be changed, write it; one process at a time."""
        with self._lock, self._alone():
            self._read()
            before = self._known
            if before.version > VERSION:
                raise JournalNewer(
                    f"The settings {self._path} were written by a newer Pilothouse. "
                    "Nothing was changed. Change them there."
                )
            # Decoded anew, so that a failed write leaves what is known as it was.
            self._known = file = msgspec.json.decode(msgspec.json.encode(before), type=File)
            try:
                yield file
                self._write(self._known)
            except BaseException:
                self._known = before
                raise

    def _write(self, file: File) -> None:
        text = msgspec.json.format(msgspec.json.encode(file), indent=2)
        try:
            handle, name = tempfile.mkstemp(prefix=f"{self._path.name}.", dir=self._path.parent)
            try:
                with os.fdopen(handle, "wb") as part:  # mkstemp made it for its owner alone
                    part.write(text + b"\n")
                    part.flush()
                    os.fsync(part.fileno())
                Path(name).replace(self._path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise _unusable(self._path, "written", error) from error
        self._stamp = None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing the file meanwhile (not on Windows)."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(self._path, "written", error) from error
        try:
            if sys.platform != "win32":
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _with_times(default: Timing, times: dict[str, int | float]) -> Timing:
    return msgspec.convert({**asdict(default), **times}, Timing)


def _unusable(path: Path, deed: str, error: OSError) -> JournalUnavailable:
    return JournalUnavailable(
        f"The settings {path} cannot be {deed}: {error.strerror or error}. "
        "Look after the disk and the folder."
    )
