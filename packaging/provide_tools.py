"""Installs the platforms' own command lines, for the tests: `python3 packaging/provide_tools.py`.

Needs nothing but Python 3.11 and its standard library. What stays true: everything lands in the
person's cache folder, never in the checkout and never for the whole system; `heroku` is locked by
hash and none of its packages may run a script of its own; `flyctl` is built by Go, whose check of
what it loads stays on; a folder is complete or not there, whoever else installs at the same time;
the second time is quick; what was not installed is named, with the way to get it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

LOCKED = Path(__file__).resolve().parent / "tools"
FLYCTL = "v0.4.87"
"""The one whose source the practice Fly.io follows; `go install` refuses much older ones."""

OLDEST_NODE = 20
INSTALL_S = 1800.0
"""After so many seconds an installation counts as stuck."""

UNUSED_S = 30 * 24 * 3600.0
"""A version that nobody asked for in so many seconds is removed."""

LEFT_S = 24 * 3600.0
"""So old a draft has nobody left who fills it."""

Say = Callable[[str], None]


class ToolError(Exception):
    """A tool was not installed though it could be; the text says why and what to do."""


class MissingError(Exception):
    """What installs a tool is not on this machine; the text says what, and how to get it."""


# ---------------------------------------------------------------- places


def cache_folder(environ: Mapping[str, str], system: str = sys.platform) -> Path:
    """Where tools are kept: $PILOTHOUSE_TOOLS, or a part of the person's cache folder."""
    if chosen := environ.get("PILOTHOUSE_TOOLS"):
        return Path(chosen)
    home = Path(environ.get("HOME") or Path.home())
    if system == "win32":
        cache = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif system == "darwin":
        cache = home / "Library" / "Caches"
    else:
        cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    return cache / "pilothouse" / "tools"


def heroku_folder(cache: Path, locked: Path = LOCKED) -> Path:
    """Where the locked `heroku` is, or will be; a changed lock is another folder."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        digest.update((locked / name).read_bytes())
    return cache / f"heroku-{digest.hexdigest()[:16]}"


def heroku_script(cache: Path) -> Path:
    """The program that `node` runs as `heroku`; there once it is installed."""
    return heroku_folder(cache) / "node_modules" / "heroku" / "bin" / "run.js"


def flyctl_program(cache: Path) -> Path:
    """The `flyctl` of our version; there once it is installed."""
    return cache / f"flyctl-{FLYCTL}" / ("flyctl.exe" if os.name == "nt" else "flyctl")


def find_flyctl(environ: Mapping[str, str]) -> Path | None:
    """The `flyctl` to use: $PILOTHOUSE_FLYCTL, ours, or the person's own; none if there is none."""
    named, ours = environ.get("PILOTHOUSE_FLYCTL"), flyctl_program(cache_folder(environ))
    if named:
        return Path(named) if Path(named).is_file() else None
    if ours.is_file():
        return ours
    own = shutil.which("flyctl", path=environ.get("PATH")) or ""
    return Path(own) if own else None


# ---------------------------------------------------------------- installing


def install(target: Path, fill: Callable[[Path], None]) -> None:
    """Have `fill` make a folder, and move it to `target` in one step when it is complete.

    Raises:
        ToolError: `fill` did not succeed; nothing is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".new-{target.name}-", dir=target.parent))
    try:
        fill(draft)
        try:
            draft.rename(target)
        except OSError:
            # Another one was quicker: theirs is as complete as ours.
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def fill_heroku(draft: Path) -> None:
    """Install the locked packages; none of them may run anything while it does."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, draft / name)
    npm = shutil.which("npm") or "npm"
    run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], draft)
    if not (draft / "node_modules" / "heroku" / "bin" / "run.js").is_file():
        raise ToolError("heroku was not installed: npm succeeded, but left no program.")


def fill_flyctl(draft: Path) -> None:
    """Have Go load, check and build it."""
    wanted = f"github.com/superfly/flyctl@{FLYCTL}"
    run(["go", "install", wanted], draft, {"GOBIN": str(draft)})


def run(command: list[str], folder: Path, more: Mapping[str, str] | None = None) -> None:
    """Run it in `folder`.

    Raises:
        ToolError: it failed, or took too long.
    """
    shown = " ".join([Path(command[0]).stem, *command[1:]])
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as reason:
        raise ToolError(f"This did not work: {shown}\n{reason}") from None
    if done.returncode:
        lines = without_addresses(done.stdout).strip().splitlines()[-12:]
        raise ToolError("\n  ".join([f"This did not work: {shown}", *lines]))


def without_addresses(text: str) -> str:
    """The text without web addresses: those of private registries can hold a password."""
    return re.sub(r"\w+://\S+", "…", text)


def clear_old(cache: Path, keep: set[Path], now: float) -> None:
    """Remove what nobody used for long, and what an installation left that was cut off."""
    longest = {"heroku-": UNUSED_S, "flyctl-": UNUSED_S, ".new-": LEFT_S}
    for start, age_s in longest.items():
        for folder in set(cache.glob(f"{start}*")) - keep:
            if now - folder.stat().st_mtime > age_s:
                shutil.rmtree(folder, ignore_errors=True)


# ---------------------------------------------------------------- the two tools


def need_npm() -> None:
    """Refuse a machine without npm and a Node.js that is young enough.

    Raises:
        MissingError: one of them is missing.
    """
    advice = (
        f"Install Node.js {OLDEST_NODE} or newer, which brings npm, and run `make tools` again. "
        "Until then the tests that drive `heroku` are skipped."
    )
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise MissingError(f"heroku is not installed: there is no npm here. {advice}")
    asked = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)", asked.stdout)
    if found is None or int(found[1]) < OLDEST_NODE:
        said = asked.stdout.strip() or "no version"
        raise MissingError(f"heroku is not installed: Node.js is too old ({said}). {advice}")


def provide_heroku(cache: Path, say: Say) -> Path:
    """Have the locked `heroku`; answers its folder.

    Raises:
        MissingError: there is no npm.
        ToolError: it could not be installed.
    """
    need_npm()
    target = heroku_folder(cache)
    if target.is_dir():
        os.utime(target)
        say(f"heroku is installed in {target}")
        return target
    say("Installing heroku (the first time this loads about 100 MB) …")
    install(target, fill_heroku)
    say(f"heroku is installed in {target}, for the tests only")
    return target


def provide_flyctl(cache: Path, say: Say) -> Path | None:
    """Have `flyctl` if it can be had; answers its folder in the cache, if it is there."""
    found = find_flyctl({**os.environ, "PILOTHOUSE_TOOLS": str(cache)})
    target = flyctl_program(cache).parent
    if found is not None:
        say(f"flyctl is {found}")
        if found.parent != target:
            return None
        os.utime(target)
        return target
    without = "Until then the tests that drive `flyctl` are skipped."
    if shutil.which("go") is None:
        say(
            "flyctl is not installed: it is neither on PATH, nor is Go there to build it. Install "
            f"one of them and run `make tools` again. {without}"
        )
        return None
    say(f"Building flyctl {FLYCTL} (this takes some minutes) …")
    try:
        install(target, fill_flyctl)
    except ToolError as reason:
        say(
            f"flyctl is not installed. {reason}\nInstall it as its makers say, or name it with "
            f"PILOTHOUSE_FLYCTL. {without}"
        )
        return None
    say(f"flyctl is installed in {target}, for the tests only")
    return target


def main() -> int:
    """Install both; 0, or 1 after saying what did not work though it should have."""

    def say(text: str) -> None:
        print(text, flush=True)

    cache = cache_folder(os.environ)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        used: set[Path] = set()
        try:
            used.add(provide_heroku(cache, say))
        except MissingError as reason:
            say(str(reason))
        flyctl = provide_flyctl(cache, say)
        clear_old(cache, used | ({flyctl} if flyctl else set()), time.time())
    except (ToolError, OSError) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
