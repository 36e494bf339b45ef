"""What was set up can draw on a real X display, not only offscreen."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.desktop_bus import needed

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = """
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
window = QWidget()
window.show()
assert QTest.qWaitForWindowExposed(window, 20_000)
print(QGuiApplication.platformName())
"""


@pytest.fixture
def display() -> Iterator[str]:
    """A virtual screen of this test's own, by its name."""
    program = needed("Xvfb", "xvfb")
    readable, writable = os.pipe()
    command = [program, "-displayfd", str(writable), "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writable], stderr=subprocess.DEVNULL) as server:
        os.close(writable)
        with os.fdopen(readable) as answers:
            number = answers.readline().strip()
        yield f":{number}"
        server.terminate()


@pytest.mark.skipif(sys.platform != "linux", reason="X is Linux's way of drawing")
def test_qt_opens_a_window_on_x(display: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WINDOW],
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr.strip()) == ("xcb", "")
