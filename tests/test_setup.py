"""Setting a checkout up: what is missing is seen, named and installed once.

A whole fresh checkout takes half a minute and the network, so here only the parts are
tried: which libraries and packages, when the stamp holds, what the Makefile would do.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import setup_check
from setup_check import SetupError
from tests.desktop_bus import needed

ROOT = Path(__file__).resolve().parent.parent

LDD = """
/venv/PySide6/Qt/plugins/platforms/libqxcb.so:
\tlinux-vdso.so.1 (0x00007fa88945b000)
\tlibxcb-icccm.so.4 => not found
\tlibGL.so.1 => /lib/x86_64-linux-gnu/libGL.so.1 (0x00007fa889263000)
/venv/PySide6/QtNetwork.abi3.so:
\tlibxcb-icccm.so.4 => not found
\tlibglib-2.0.so.0 => not found
"""


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libEGL.so.1", "libegl1"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
        ("libgthread-2.0.so.0", "libglib2.0-0"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libxkbcommon.so.0", "libxkbcommon0"),
        ("libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
        ("libxcb-cursor.so.0", "libxcb-cursor0"),
        ("libX11-xcb.so.1", "libx11-xcb1"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
    ],
)
def test_a_library_is_named_as_debian_names_its_package(soname: str, package: str) -> None:
    assert setup_check.debian_package(soname) == package


def test_each_library_that_is_missing_is_seen_once() -> None:
    assert setup_check.missing_sonames(LDD) == ["libglib-2.0.so.0", "libxcb-icccm.so.4"]


@pytest.mark.skipif(sys.platform != "linux", reason="system libraries are looked up on Linux only")
def test_nothing_that_runs_these_very_tests_is_missing() -> None:
    assert setup_check.missing_libraries(setup_check.qt_parts("test", {})) == []


@pytest.mark.parametrize(
    ("kind", "environment", "parts"),
    [
        ("run", {}, []),
        ("run", {"DISPLAY": ""}, []),
        ("run", {"DISPLAY": ":0"}, ["libqxcb"]),
        ("run", {"WAYLAND_DISPLAY": "wayland-0"}, ["libqwayland"]),
        ("test", {"DISPLAY": ":0"}, ["libqoffscreen"]),
    ],
)
def test_only_what_will_be_loaded_is_looked_at(
    kind: str, environment: dict[str, str], parts: list[str]
) -> None:
    assert setup_check.qt_parts(kind, environment) == parts


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose `apt-get` writes down what it was asked; answers that record."""
    record = tmp_path / "asked"
    tool = tmp_path / "apt-get"
    tool.write_text(f'#!/bin/sh\necho "$*" >> {record}\ncase "$*" in *broken*) exit 100;; esac\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return record


def test_root_on_debian_gets_the_packages(debian: Path) -> None:
    setup_check.provide(["libegl1", "libgl1"], "Qt", as_root=True)
    update, install = debian.read_text().splitlines()
    assert update.startswith("update")
    assert install.startswith("install --yes --no-install-recommends libegl1 libgl1")


def test_what_apt_cannot_install_is_said_with_the_command(debian: Path) -> None:
    with pytest.raises(SetupError, match=r"Install with: apt-get install .*broken"):
        setup_check.provide(["broken"], "Qt", as_root=True)
    assert "broken" in debian.read_text()


def test_others_on_debian_read_the_command(debian: Path) -> None:
    with pytest.raises(SetupError, match=r"Install with: sudo apt-get install .*libegl1"):
        setup_check.provide(["libegl1"], "Qt", as_root=False)
    assert not debian.exists()


def test_elsewhere_the_names_are_said_to_be_debians(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match=r"Qt needs libegl1\..*Debian's names"):
        setup_check.provide(["libegl1"], "Qt", as_root=True)


def test_an_old_python_is_refused_with_the_way_out() -> None:
    setup_check.check_python((3, 11))
    with pytest.raises(SetupError, match=r"this is 3\.9.*PYTHON="):
        setup_check.check_python((3, 9))


class Checkout:
    """A folder with what the stamp is made from, and a `.venv` that looks real."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        for name in (*setup_check.LOCKS.values(), "pyproject.toml"):
            (root / name).write_text(name)
        interpreter = setup_check.venv_python(self.venv)
        interpreter.parent.mkdir(parents=True)
        interpreter.touch()

    def stamp(self, kind: str) -> None:
        text = setup_check.fingerprint(kind, self.root)
        (self.venv / f"installed-{kind}").write_text(text)

    def is_current(self, kind: str) -> bool:
        return setup_check.is_current(kind, self.root, self.venv)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_nothing_is_current_before_it_was_installed(checkout: Checkout) -> None:
    assert not checkout.is_current("run")
    assert not checkout.is_current("test")


def test_what_serves_the_tests_serves_a_run_but_not_the_other_way(checkout: Checkout) -> None:
    checkout.stamp("run")
    assert checkout.is_current("run")
    assert not checkout.is_current("test")
    checkout.stamp("test")
    (checkout.venv / "installed-run").unlink()
    assert checkout.is_current("run")


@pytest.mark.parametrize("name", ["requirements-dev.lock", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_anew(checkout: Checkout, name: str) -> None:
    checkout.stamp("test")
    (checkout.root / name).write_text("changed")
    assert not checkout.is_current("test")


def test_a_venv_without_its_python_is_made_anew(checkout: Checkout) -> None:
    checkout.stamp("run")
    setup_check.venv_python(checkout.venv).unlink()
    assert not checkout.is_current("run")


def make(*arguments: str) -> str:
    """What `make` would do, or says; with an interpreter that does nothing if it is asked to."""
    done = subprocess.run(
        [needed("make", "make"), "--no-print-directory", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return done.stdout


def test_make_test_ends_with_pytest_after_all_other_checks() -> None:
    plan = make("--dry-run", "test")
    order = ["setup_check.py test", "ruff format", "ruff check", "mypy", "lint-imports", "wheel"]
    places = [plan.index(part) for part in (*order, "-m pytest")]
    assert places == sorted(places)
    assert plan.strip().splitlines()[-1].startswith(".venv/bin/python -m pytest")


def test_make_without_a_target_tells_what_there_is() -> None:
    said = make()
    assert all(f"make {target}" in said for target in ("run", "test", "lint", "tools", "lock"))


def run_script(
    folder: Path, *, code: int = 11, **environment: str
) -> subprocess.CompletedProcess[str]:
    """`run.sh` with a program in place of Python that tells what it was asked, and ends so."""
    python = folder / "python"
    python.write_text(f'#!/bin/sh\necho "asked: $*"\nexit {code}\n')
    python.chmod(0o755)
    return subprocess.run(
        ["sh", str(ROOT / "packaging" / "run.sh"), str(folder)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a display always")
def test_without_a_display_the_deploy_runs_in_the_terminal(tmp_path: Path) -> None:
    done = run_script(tmp_path)
    assert "neither DISPLAY nor WAYLAND_DISPLAY" in done.stdout
    assert "asked: -m pilothouse --sandbox deploy fly:harbor-api --image" in done.stdout
    assert "sandbox stop" in done.stdout
    assert done.returncode == 11


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have a display always")
@pytest.mark.parametrize("code", [0, 3])
def test_a_run_that_a_hold_blocks_tells_how_to_release_it(tmp_path: Path, code: int) -> None:
    done = run_script(tmp_path, code=code)
    told = f"{tmp_path}/pilothouse --sandbox release-hold fly:harbor-api" in done.stdout
    assert told == (code == 3)
    assert done.returncode == code


def test_with_a_display_the_window_opens(tmp_path: Path) -> None:
    done = run_script(tmp_path, DISPLAY=":0")
    assert done.stdout == "asked: -m pilothouse --sandbox\n"
    assert done.returncode == 11
