"""Providing the platforms' own command lines: what is installed, where, and what is said.

Programs of the same names stand in for npm, node and go: the real ones load a hundred megabytes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import provide_tools
from provide_tools import ToolError

ROOT = Path(__file__).resolve().parents[1]
NOW = 2_000_000_000.0

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")


@pytest.mark.parametrize(
    ("system", "environ", "folder"),
    [
        ("linux", {"HOME": "/h"}, "/h/.cache/pilothouse/tools"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/pilothouse/tools"),
        ("darwin", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/h/Library/Caches/pilothouse/tools"),
        ("win32", {"HOME": "/h", "LOCALAPPDATA": "/l"}, "/l/pilothouse/tools"),
        ("linux", {"HOME": "/h", "PILOTHOUSE_TOOLS": "/mine"}, "/mine"),
    ],
)
def test_tools_are_kept_in_the_persons_cache_folder(
    system: str, environ: dict[str, str], folder: str
) -> None:
    assert provide_tools.cache_folder(environ, system) == Path(folder)


class Machine:
    """A machine with stand-ins for the programs that install; `asked` lists what they were told."""

    def __init__(self, top: Path) -> None:
        self.cache = top / "cache"
        self.bin = top / "bin"
        self.bin.mkdir()
        self._asked = top / "asked"

    def has(self, name: str, script: str = "") -> None:
        program = self.bin / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >> {self._asked}\n{script}\n')
        program.chmod(0o755)

    def has_node(self, version: str = "v22.1.0", npm: str = "") -> None:
        installs = "mkdir -p node_modules/heroku/bin && touch node_modules/heroku/bin/run.js"
        self.has("node", f"echo {version}")
        self.has("npm", npm or installs)

    @property
    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines() if self._asked.exists() else []

    @property
    def folders(self) -> list[str]:
        return sorted(folder.name for folder in self.cache.iterdir())

    def provide(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "packaging" / "provide_tools.py")],
            env={"PATH": str(self.bin), "PILOTHOUSE_TOOLS": str(self.cache)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    # What the stand-ins themselves need; the rest of the system is out of sight.
    for name in ("mkdir", "touch"):
        (made.bin / name).symlink_to(str(shutil.which(name)))
    return made


@posix
def test_heroku_is_installed_once_as_locked_and_without_scripts(machine: Machine) -> None:
    machine.has_node()
    first, again = machine.provide(), machine.provide()
    assert first.returncode == again.returncode == 0, first.stderr + again.stderr
    [npm] = [line for line in machine.asked if line.startswith("npm")]
    assert npm.startswith("npm ci --ignore-scripts ")
    folder = provide_tools.heroku_folder(machine.cache)
    assert machine.folders == [folder.name]
    assert provide_tools.heroku_script(machine.cache).is_file()
    assert f"heroku is installed in {folder}" in again.stdout
    assert "Installing" in first.stdout
    assert "Installing" not in again.stdout


@posix
def test_a_failed_installation_fails_and_leaves_nothing(machine: Machine) -> None:
    machine.has_node(npm="echo 'no such package at https://me:word@packages.example/x'; exit 1")
    done = machine.provide()
    assert done.returncode == 1
    assert "This did not work: npm ci" in done.stderr
    assert "no such package at …" in done.stderr
    assert "word" not in done.stdout + done.stderr
    assert machine.folders == []


@posix
def test_without_npm_the_way_to_get_it_is_said(machine: Machine) -> None:
    done = machine.provide()
    assert done.returncode == 0
    assert "heroku is not installed: there is no npm here. Install Node.js 20" in done.stdout
    assert machine.folders == []


@posix
def test_a_node_that_is_too_old_is_as_good_as_none(machine: Machine) -> None:
    machine.has_node("v18.19.0")
    done = machine.provide()
    assert done.returncode == 0
    assert "too old (v18.19.0)" in done.stdout
    assert not [line for line in machine.asked if line.startswith("npm")]


@posix
def test_flyctl_that_go_refuses_is_told_and_no_failure(machine: Machine) -> None:
    machine.has("go", "echo 'verifying module: 404 Not Found'; exit 1")
    done = machine.provide()
    assert done.returncode == 0
    assert "flyctl is not installed. This did not work: go install" in done.stdout
    assert "404 Not Found" in done.stdout
    assert machine.folders == []


@posix
def test_flyctl_is_built_once_into_the_cache(machine: Machine) -> None:
    machine.has("go", 'touch "$GOBIN/flyctl"')
    first, again = machine.provide(), machine.provide()
    assert first.returncode == again.returncode == 0
    wanted = f"go install github.com/superfly/flyctl@{provide_tools.FLYCTL}"
    assert machine.asked == [wanted]
    assert machine.folders == [f"flyctl-{provide_tools.FLYCTL}"]
    environ = {"PILOTHOUSE_TOOLS": str(machine.cache), "PATH": ""}
    assert provide_tools.find_flyctl(environ) == provide_tools.flyctl_program(machine.cache)


@posix
def test_flyctl_of_the_persons_own_is_used(machine: Machine) -> None:
    machine.has("go")
    machine.has("flyctl")
    done = machine.provide()
    assert f"flyctl is {machine.bin / 'flyctl'}" in done.stdout
    assert machine.asked == []


def test_a_named_flyctl_counts_before_all_others_or_not_at_all(tmp_path: Path) -> None:
    named = tmp_path / "flyctl"
    environ = {"PILOTHOUSE_FLYCTL": str(named), "PILOTHOUSE_TOOLS": str(tmp_path), "PATH": ""}
    assert provide_tools.find_flyctl(environ) is None
    named.touch()
    assert provide_tools.find_flyctl(environ) == named


def test_two_at_once_leave_one_complete_folder(tmp_path: Path) -> None:
    target = tmp_path / "tool-1"
    both_began = threading.Barrier(2, timeout=10)

    def fill(draft: Path) -> None:
        both_began.wait()
        (draft / "program").write_text("whole")

    threads = [threading.Thread(target=provide_tools.install, args=(target, fill)) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [folder.name for folder in tmp_path.iterdir()] == ["tool-1"]
    assert (target / "program").read_text() == "whole"


def test_an_installation_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def fill(draft: Path) -> None:
        (draft / "half").touch()
        raise ToolError("broken")

    with pytest.raises(ToolError):
        provide_tools.install(tmp_path / "tool-1", fill)
    assert list(tmp_path.iterdir()) == []


def test_what_nobody_used_for_long_is_removed(tmp_path: Path) -> None:
    ages = {
        "heroku-old": provide_tools.UNUSED_S + 1,
        "heroku-kept": provide_tools.UNUSED_S + 1,
        "heroku-other": provide_tools.UNUSED_S - 1,
        "flyctl-old": provide_tools.UNUSED_S + 1,
        ".new-heroku-cut-off": provide_tools.LEFT_S + 1,
        ".new-heroku-at-work": provide_tools.INSTALL_S,
        "somebody-elses": provide_tools.UNUSED_S + 1,
    }
    for name, age in ages.items():
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (NOW - age, NOW - age))
    provide_tools.clear_old(tmp_path, {tmp_path / "heroku-kept"}, NOW)
    left = {folder.name for folder in tmp_path.iterdir()}
    assert left == {"heroku-kept", "heroku-other", ".new-heroku-at-work", "somebody-elses"}


def packages() -> dict[str, dict[str, Any]]:
    lock = json.loads((provide_tools.LOCKED / "package-lock.json").read_text("utf-8"))
    found: dict[str, dict[str, Any]] = lock["packages"]
    return found


def test_the_lock_holds_hashes_and_names_no_registry() -> None:
    wanted = json.loads((provide_tools.LOCKED / "package.json").read_text("utf-8"))
    locked = packages()
    root = locked.pop("")
    assert root["dependencies"] == wanted["dependencies"] == {"heroku": "11.10.0"}
    for name, package in locked.items():
        assert "resolved" not in package, name
        assert "funding" not in package, name
        # What comes inside another package is covered by that one's hash.
        assert package.get("inBundle") or package["integrity"].startswith("sha512-"), name


def test_a_changed_lock_is_installed_beside_the_old_one(tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    before = provide_tools.heroku_folder(tmp_path, tmp_path)
    (tmp_path / "package-lock.json").write_text("{ }")
    assert provide_tools.heroku_folder(tmp_path, tmp_path) != before
