"""What a sandbox tells its clients first: its addresses, its token, its apps.

The same line is kept in the state directory while the sandbox lives, readable by its owner alone.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any

import msgspec

_FILE = "announcement.json"


class AppAddress(msgspec.Struct, frozen=True):
    """An app, as `platform:name`, and where it answers."""

    app: str
    url: str


class Announcement(msgspec.Struct, frozen=True):
    """The first line of `pilothouse sandbox --json`; the maps hold environment variables.

    `tools` quietens the platforms' own tools: without it they would look for updates, send
    statistics and tokens to their makers, or wait for hosts that are not here (platform
    references, environment). `notice` is what a person should know, such as a lost state.
    """

    pid: int
    scale: float
    token: str
    control: str
    fly: dict[str, str]
    heroku: dict[str, str]
    github: dict[str, str]
    apps: list[AppAddress]
    tools: dict[str, str] = {}
    notice: str = ""

    def line(self) -> str:
        """Return it as one line of JSON."""
        return msgspec.json.encode(self).decode()

    def environment(self) -> dict[str, str]:
        """Return the variables that point the platforms' own tools at this sandbox."""
        tokens = {"FLY_API_TOKEN": self.token, "HEROKU_API_KEY": self.token}
        return {**self.fly, **self.heroku, **self.github, **tokens, **self.tools}

    def text(self, taken_port: int | None = None) -> str:
        """Return it for a person at a terminal, who wanted `taken_port` and did not get it."""
        fly = self.fly["FLY_API_BASE_URL"]
        lines = [f"Practice cloud on this computer only; {pace(self.scale)}. Ctrl-C ends it.", ""]
        if self.notice:
            lines += [self.notice, ""]
        if taken_port is not None:
            lines += [f"Port {taken_port} is taken, so that it uses {fly.rpartition(':')[2]}.", ""]
        lines += [f"  Fly.io   {fly}", f"  Heroku   {self.heroku['HEROKU_HOST']}"]
        lines += [f"  control  {self.control}", f"  token    {self.token}", ""]
        lines += [f"  {entry.app:<24} {entry.url}" for entry in self.apps]
        lines += ["", "To point the platforms' own tools here (the token opens nothing else):"]
        lines += [_assignment(name, value) for name, value in self.environment().items()]
        return "\n".join(lines) + "\n"


def pace(scale: float) -> str:
    """Say how fast time goes for what the platforms do by themselves."""
    if scale == 1:
        return "time runs as fast as on the platforms"
    if scale > 1:
        return f"time runs {scale:g} times faster"
    return f"time runs {1 / scale:g} times slower"


def quietening(state_dir: Path, heroku: str, control: str) -> dict[str, str]:
    """Return what keeps the platforms' own tools from talking to anybody but the sandbox."""
    return {
        "FLY_CONFIG_DIR": str(state_dir.resolve() / "flyctl"),
        "FLY_SEND_METRICS": "0",
        "FLY_SYNTHETICS_AGENT": "0",
        "FLY_NO_UPDATE_CHECK": "1",
        "FLY_NO_INCIDENTS_CHECK": "1",
        "FLY_STATUSPAGE_UNRESOLVED_INCIDENTS_URL": (
            f"{control}/status/fly/api/v2/incidents/unresolved.json"
        ),
        "FLY_TRACE_COLLECTOR_URL": "127.0.0.1",
        "HEROKU_PARTICLEBOARD_URL": heroku,
        "HEROKU_STATUS_HOST": f"{control}/status/heroku",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
        "HEROKU_DISABLE_AUTOUPDATE": "true",
        "DISABLE_TELEMETRY": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _assignment(name: str, value: str) -> str:
    if os.name == "nt":
        quoted = value.replace("'", "''")
        return f"  $env:{name} = '{quoted}'"
    return f"  export {name}={shlex.quote(value)}"


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
