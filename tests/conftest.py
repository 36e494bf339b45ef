"""Ground rules of every test: offscreen, private folders, no leftovers, no silent gaps.

Holds before anything of the program is imported: Qt draws offscreen; home, runtime and
configuration folders are the session's own; no credential, proxy, display or desktop bus
of the person who runs the tests can be seen. A test that leaves a thread, a running
timer, a visible window or a process behind fails. With CI=true a test that is skipped
because something is missing from the machine fails too.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import provide_tools
from tests import leftovers
from tests.gaps import refuse_gap
from tests.waiting import TooLateError, until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

STRANGERS = re.compile(
    r"^(FLY|HEROKU|GITHUB|PILOTHOUSE|QT|XDG)_|_PROXY$|^(DISPLAY|WAYLAND_DISPLAY|LANG|LANGUAGE"
    r"|DBUS_SESSION_BUS_ADDRESS|PYTHON_KEYRING_BACKEND|SSH_AUTH_SOCK|NO_COLOR|FORCE_COLOR)$|^LC_",
    re.IGNORECASE,
)
"""Variables of the person's own surroundings that could change what a test sees."""

MARK = f"PILOTHOUSE_TESTS={uuid.uuid4().hex}"
"""In the environment of every process that the tests start, however far removed."""


def _private_surroundings() -> Path:
    """Give this session surroundings of its own; answers the folder they live in."""
    # What `make tools` installed is the one thing of the person's own that tests may use.
    kept = {"PILOTHOUSE_TOOLS": str(provide_tools.cache_folder(os.environ))}
    if flyctl := os.environ.get("PILOTHOUSE_FLYCTL"):
        kept["PILOTHOUSE_FLYCTL"] = flyctl
    for name in [name for name in os.environ if STRANGERS.search(name)]:
        del os.environ[name]
    # Short, because socket addresses end after about a hundred letters.
    top = Path(tempfile.mkdtemp(prefix="ph-")).resolve()
    places = {
        "HOME": "home",
        "PILOTHOUSE_HOME": "pilothouse",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
        "XDG_RUNTIME_DIR": "run",
    }
    for name, folder in places.items():
        (top / folder).mkdir(mode=0o700)
        os.environ[name] = str(top / folder)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["LANG"] = "C.UTF-8"
    os.environ.update(kept)
    name, value = MARK.split("=")
    os.environ[name] = value
    return top


SURROUNDINGS = _private_surroundings()


@pytest.fixture(scope="session", autouse=True)
def _session_ends_alone() -> Iterator[None]:
    """Nothing that the tests started, detached or not, outlives them."""
    yield
    with contextlib.suppress(TooLateError):
        until(lambda: not leftovers.processes_of(MARK), "the end of all processes", 3.0)
    left = leftovers.processes_of(MARK)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    if left:
        pytest.fail("the tests left processes behind: " + "; ".join(left.values()))


@pytest.fixture(autouse=True)
def _leaves_nothing(request: pytest.FixtureRequest, _session_ends_alone: None) -> Iterator[None]:
    """Fails a test that leaves threads, timers, windows or child processes behind."""
    qt = "PySide6.QtWidgets" in sys.modules and _uses_qt(request)
    before = leftovers.look(qt=qt)
    yield
    left = leftovers.left_since(before, qt=qt)
    if left:
        pytest.fail("left behind: " + "; ".join(left))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the program, for this test and the processes it starts."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PILOTHOUSE_HOME", str(folder))
    return folder


def _uses_qt(request: pytest.FixtureRequest) -> bool:
    return not {"qtbot", "qapp"}.isdisjoint(request.fixturenames)


def pytest_unconfigure() -> None:
    """Takes the session's folders away, in every worker and in the one that leads them."""
    shutil.rmtree(SURROUNDINGS, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets no test go untried in CI."""
    report = yield
    refuse_gap(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole modules."""
    report = yield
    refuse_gap(report)
    return report
