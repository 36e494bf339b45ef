"""The platforms' own command lines, as `make tools` installed them, pointed at a sandbox.

Each has a home of its own. Nothing it says can leave the machine: all but loopback is sent to a
proxy that is not there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

import provide_tools
from tests.journeys.pilot import Said, ended
from tests.sandbox_process import SandboxProcess

AT_ONCE = 2
"""Commands that run at the same time: each keeps one core busy while it starts."""

_NOWHERE = "http://127.0.0.1:9"
NO_WAY_OUT = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), _NOWHERE)


def heroku_programs() -> Path:
    """The folder of the installed `heroku`.

    Raises:
        Skipped: it is not installed.
    """
    cache = provide_tools.cache_folder(os.environ)
    if not provide_tools.heroku_script(cache).is_file():
        pytest.skip("missing: heroku, the platform's own command line (`make tools` installs it)")
    return provide_tools.heroku_folder(cache) / "node_modules" / ".bin"


def flyctl_program() -> Path:
    """The `flyctl` of this machine.

    Raises:
        Skipped: there is none. Go's proxies do not offer it everywhere, so that this is no gap.
    """
    found = provide_tools.find_flyctl(os.environ)
    if found is None:
        pytest.skip(
            "no flyctl here: not on PATH, not named by PILOTHOUSE_FLYCTL, and `make tools` could "
            "not build it"
        )
    return found


@dataclass
class Tool:
    """One command line in a home of its own, at one sandbox."""

    command: tuple[str, ...]
    home: Path
    sandbox: SandboxProcess
    folder: Path | None = None
    seen: int = 0

    def environment(self, **more: str) -> dict[str, str]:
        """What the sandbox's announcement says, in a private home; `more` wins."""
        return {
            "PATH": os.environ["PATH"],
            **{name: os.environ[name] for name in ("SYSTEMROOT", _MARK) if name in os.environ},
            **private_home(self.home),
            **NO_WAY_OUT,
            **self.sandbox.environment(),
            **more,
        }

    def start(
        self, *words: str, out: int | IO[bytes] = subprocess.PIPE, **more: str
    ) -> subprocess.Popen[str]:
        """Start a command and leave it running; what it prints goes to `out`."""
        return subprocess.Popen(
            [*self.command, *words],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(**more),
        )

    def run(self, *words: str, **more: str) -> Said:
        """Run a command to its end."""
        return ended(self.start(*words, out=subprocess.PIPE, **more))

    def good(self, line: str, **more: str) -> str:
        """What a command prints that must succeed."""
        said = self.run(*line.split(), **more)
        assert said.code == 0, f"{line}: {said}"
        return said.out

    def together(self, *lines: str) -> list[str]:
        """What these commands print, which must all succeed; some run at the same time."""
        with ThreadPoolExecutor(AT_ONCE, "tool") as pool:
            return list(pool.map(self.good, lines))

    def asked(self) -> list[dict[str, Any]]:
        """What reached the sandbox since this was asked last."""
        found = self.sandbox.control.requests(self.seen)
        self.seen = found[-1]["n"] if found else self.seen
        return found

    def calls(self) -> Counter[str]:
        """The same as `METHOD PATH`, counted: commands that run at once mix their calls."""
        return Counter(f"{one['method']} {one['path']}" for one in self.asked())


_MARK = "PILOTHOUSE_TESTS"


def private_home(home: Path) -> dict[str, str]:
    """Variables that make `home` the home of a process, in the manner of every system."""
    names = ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")
    folders = {"CONFIG": "config", "DATA": "data", "CACHE": "cache", "STATE": "state"}
    return {
        **dict.fromkeys(names, str(home)),
        **{f"XDG_{name}_HOME": str(home / folder) for name, folder in folders.items()},
    }


def heroku_at(sandbox: SandboxProcess, home: Path) -> Tool:
    """`heroku` at a sandbox; skips where it is not installed."""
    program = heroku_programs() / ("heroku.cmd" if sys.platform == "win32" else "heroku")
    # Else its first command speaks of the terms of service before all it has to say.
    seen = home / "cache" / "heroku" / "terms-of-service"
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.touch()
    return Tool((str(program),), home, sandbox)


def flyctl_at(sandbox: SandboxProcess, home: Path) -> Tool:
    """`flyctl` at a sandbox; skips where there is none."""
    program = flyctl_program()
    home.mkdir(parents=True, exist_ok=True)
    return Tool((str(program),), home, sandbox, folder=home)


def heroku_releases(tool: Tool, app: str = "billing") -> list[dict[str, Any]]:
    """The releases of an app, newest first, by the API itself; forgets what was asked so far."""
    newest_first = {"Range": "version ..; order=desc, max=200"}
    answer = tool.sandbox.heroku.get(f"/apps/{app}/releases", headers=newest_first)
    found: list[dict[str, Any]] = answer.json()
    tool.asked()
    return found


def words(text: str) -> str:
    """Its words with single blanks: `heroku` folds and indents its messages."""
    return " ".join(text.replace("\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}", " ").split())
