"""What a sandbox tells its clients first: its addresses, its token, its apps.

The same line is kept in the state directory while the sandbox lives, readable by its owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

_FILE = "announcement.json"


class AppAddress(msgspec.Struct, frozen=True):
    """An app, as `platform:name`, and where it answers."""

    app: str
    url: str


class Announcement(msgspec.Struct, frozen=True):
    """The first line of `pilothouse sandbox --json`; the maps hold environment variables."""

    pid: int
    scale: float
    token: str
    control: str
    fly: dict[str, str]
    heroku: dict[str, str]
    github: dict[str, str]
    apps: list[AppAddress]

    def line(self) -> str:
        """Return it as one line of JSON."""
        return msgspec.json.encode(self).decode()

    def environment(self) -> dict[str, str]:
        """Return the variables that point the platforms' own tools at this sandbox."""
        tokens = {"FLY_API_TOKEN": self.token, "HEROKU_API_KEY": self.token}
        return {**self.fly, **self.heroku, **self.github, **tokens}

    def text(self, taken_port: int | None = None) -> str:
        """Return it for a person at a terminal, who wanted `taken_port` and did not get it."""
        fly = self.fly["FLY_API_BASE_URL"]
        lines = ["Practice cloud on this computer only. Ctrl-C ends it.", ""]
        if taken_port is not None:
            lines += [f"Port {taken_port} is taken, so that it uses {fly.rpartition(':')[2]}.", ""]
        lines += [f"  Fly.io   {fly}", f"  Heroku   {self.heroku['HEROKU_HOST']}"]
        lines += [f"  control  {self.control}", f"  token    {self.token}", ""]
        lines += [f"  {entry.app:<24} {entry.url}" for entry in self.apps]
        lines += ["", "To point the platforms' own tools here:"]
        lines += [f"  export {name}={value}" for name, value in self.environment().items()]
        return "\n".join(lines) + "\n"


def encode(announcement: Announcement) -> dict[str, Any]:
    """Return it as a JSON object."""
    value: dict[str, Any] = msgspec.to_builtins(announcement)
    return value


def decode(line: str | bytes) -> Announcement:
    """Read a first line.

    Raises:
        msgspec.DecodeError: it is none.
    """
    return msgspec.json.decode(line, type=Announcement)


def keep(directory: Path, announcement: Announcement) -> None:
    """Write it where other processes of this person find it."""
    draft = directory / f"{_FILE}.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(announcement.line() + "\n")
    draft.replace(directory / _FILE)


def withdraw(directory: Path) -> None:
    """Remove it: nobody answers there any more."""
    (directory / _FILE).unlink(missing_ok=True)


def kept(directory: Path) -> Announcement | None:
    """Return the announcement in `directory`; whether anybody lives there is not asked."""
    try:
        return decode((directory / _FILE).read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return None
