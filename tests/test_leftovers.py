"""The look at what a test leaves behind sees real leftovers, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from tests.leftovers import left_since, look, processes_of
from tests.waiting import until

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

SLEEPER = [sys.executable, "-c", "import sys; sys.stdin.read()"]


def test_a_daemon_thread_counts_only_when_it_is_ours() -> None:
    before = look(qt=False)
    end = threading.Event()
    threads = [
        threading.Thread(target=end.wait, name=name, daemon=True)
        for name in ("pilothouse lane", "of a library")
    ]
    for thread in threads:
        thread.start()
    found = left_since(before, qt=False, grace_s=0)
    end.set()
    assert found == ["thread 'pilothouse lane'"]
    assert left_since(before, qt=False) == []


def test_a_thread_that_keeps_the_interpreter_up_counts_always() -> None:
    before = look(qt=False)
    end = threading.Event()
    thread = threading.Thread(target=end.wait, name="worker")
    thread.start()
    found = left_since(before, qt=False, grace_s=0)
    end.set()
    thread.join()
    assert found == ["thread 'worker'"]


def test_a_child_process_counts_until_it_ends() -> None:
    before = look(qt=False)
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE) as child:
        if sys.platform == "linux":
            [found] = left_since(before, qt=False, grace_s=0)
            assert f"process {child.pid}" in found
        assert left_since(look(qt=False), qt=False, grace_s=0) == []
    assert left_since(before, qt=False, grace_s=0) == []


def test_a_process_is_known_by_its_surroundings() -> None:
    mark = "PILOTHOUSE_PROOF=mine"
    with subprocess.Popen(SLEEPER, stdin=subprocess.PIPE, env=dict([mark.split("=")])) as child:
        if sys.platform == "linux":
            # While it is being started, a process has no surroundings for a moment.
            assert list(until(lambda: processes_of(mark), "the process")) == [child.pid]
    assert processes_of(mark) == {}


def test_a_visible_window_counts(qtbot: QtBot) -> None:
    before = look(qt=True)
    window = QWidget()
    qtbot.addWidget(window)
    assert left_since(before, qt=True, grace_s=0) == []
    window.show()
    assert left_since(before, qt=True, grace_s=0) == ["QWidget (unnamed), owned by nobody"]


def test_a_running_timer_counts_until_its_owner_goes(qtbot: QtBot) -> None:
    before = look(qt=True)
    window = QWidget()
    qtbot.addWidget(window)
    timer = QTimer(window)
    timer.setObjectName("beat")
    timer.start(1000)
    assert left_since(before, qt=True, grace_s=0) == ["QTimer (beat), owned by QWidget"]
    window.deleteLater()
    assert left_since(before, qt=True) == []
