"""Starting and ending: what is imported by the first frame, signals, one window a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pilothouse.domain.news import Looked, News, Notified, Reach
from pilothouse.domain.ports import Notifier
from pilothouse.domain.records import RequestKind
from pilothouse.ui.face import Face
from pilothouse.ui.options import OnActionCall, Options
from pilothouse.ui.single import SingleInstance
from pilothouse.ui.start import Running
from pilothouse.ui.theme import Theme
from pilothouse.ui.travels import Page, Place
from tests.ui import sample
from tests.ui.fake_service import FakeService, World
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("httpcore", "httpx", "keyring", "sqlalchemy", "jeepney", "starlette", "uvicorn")

PROGRAM = """
    import sys
    from pathlib import Path
    from pilothouse.ui.options import Options
    from pilothouse.ui.start import run_window
    from tests.ui import sample
    from tests.ui.fake_service import FakeService, World

    HEAVY = {heavy!r}

    def make():
        print("painted", *[name for name in HEAVY if name in sys.modules], flush=True)
        service = FakeService(World.of(sample.fleet(), {{}}))
        return service, closed

    def closed():
        print("closed", flush=True)

    code = run_window(make, Options(Path(sys.argv[1])))
    print("code", code, flush=True)
    raise SystemExit(code)
"""


class Program:
    """The window in a process of its own."""

    def __init__(self, folder: Path) -> None:
        text = textwrap.dedent(PROGRAM.format(heavy=HEAVY))
        environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'desktop'}{os.pathsep}{ROOT}"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", text, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str]:
        out, errors = self.process.communicate(timeout=20)
        return self.process.returncode, out + errors


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.communicate()


def test_nothing_heavy_is_imported_before_the_first_frame(program: Program) -> None:
    assert program.line() == "painted"
    program.process.send_signal(signal.SIGTERM)
    code, said = program.end()
    assert code == 0, said
    assert "closed" in said
    assert "Traceback" not in said


def test_a_second_start_wakes_the_first_window_and_ends(program: Program, tmp_path: Path) -> None:
    assert program.line() == "painted"
    second = Program(tmp_path)
    code, said = second.end()
    assert (code, said) == (0, "code 0\n")
    assert program.process.poll() is None
    program.process.send_signal(signal.SIGINT)
    assert program.end()[0] == 0


def test_a_killed_window_leaves_no_lock(program: Program, tmp_path: Path) -> None:
    assert program.line() == "painted"
    program.process.kill()
    program.process.wait()
    again = Program(tmp_path)
    assert again.line() == "painted"
    again.process.send_signal(signal.SIGTERM)
    assert again.end()[0] == 0


def test_only_the_known_line_is_answered(qtbot: QtBot, tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.take()
    assert not second.take()
    line = QLocalSocket()
    line.connectToServer(first.name)
    qtbot.waitUntil(lambda: line.state() is QLocalSocket.LocalSocketState.ConnectedState)
    with qtbot.assertNotEmitted(first.activated, wait=100):
        line.write(b"reboot 1\n")
        line.flush()
    with qtbot.waitSignal(first.activated):
        line.write(b"activate 1\n")
        line.flush()
    qtbot.waitUntil(lambda: line.bytesAvailable() > 0)
    assert bytes(line.readAll().data()) == b"ok\n"
    with qtbot.waitSignal(line.disconnected):
        line.write(b"x" * 100)
        line.flush()
    first.close()
    assert second.take()
    second.close()


class FakeAlerts:
    """Hears news and keeps the choice that a notice would send."""

    def __init__(self, notifier: Notifier, act: OnActionCall) -> None:
        self.notifier, self.act = notifier, act
        self.heard: list[News] = []
        self.closed = False

    def hear(self, news: News) -> None:
        self.heard.append(news)

    def close(self) -> None:
        self.closed = True


class House:
    """A running window whose engine waits for the test."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        self.service = FakeService(World.of(sample.fleet(), {}))
        self.gate = threading.Event()
        self.making = threading.Event()
        self.closed: list[str] = []
        self.alerts: list[FakeAlerts] = []
        self.error: Exception | None = None
        options = Options(folder, "lena", make_alerts=self.make_alerts)
        self.running = Running(app, self.make, options)

    def make(self) -> tuple[Face, Callable[[], None]]:
        self.making.set()
        assert self.gate.wait(5)
        if self.error is not None:
            raise self.error
        return self.service, lambda: self.closed.append("engine")

    def make_alerts(self, notifier: Notifier, act: OnActionCall) -> FakeAlerts:
        self.alerts.append(FakeAlerts(notifier, act))
        return self.alerts[0]


@pytest.fixture
def house(qtbot: QtBot, look: Theme, qapp: QApplication, tmp_path: Path) -> Iterator[House]:
    made = House(qapp, tmp_path)
    made.running.window.show()
    qtbot.waitExposed(made.running.window)
    yield made
    made.gate.set()
    made.running.close()
    made.running.bridge.close(5)
    made.running.theme.deleteLater()


def test_the_engine_is_made_elsewhere_after_the_first_frame(house: House, qtbot: QtBot) -> None:
    assert not house.running.window.outlook.loaded
    house.gate.set()
    qtbot.waitUntil(lambda: house.running.window.outlook.loaded)
    assert house.service.called("recover") or until(
        lambda: house.service.called("recover"), "recovery", 5
    )
    house.running.close()
    assert house.closed == ["engine"]
    assert house.alerts[0].closed


def test_an_engine_that_is_made_after_the_end_is_closed_at_once(house: House, qtbot: QtBot) -> None:
    qtbot.waitUntil(house.making.is_set)
    house.running.close()
    assert house.closed == []
    house.gate.set()
    until(lambda: house.closed == ["engine"], "the end of the engine")
    until(lambda: house.alerts and house.alerts[0].closed, "the end of the alerts")


def test_an_engine_that_cannot_be_made_leaves_the_window_and_says_why(
    house: House, qtbot: QtBot
) -> None:
    house.error = OSError("the journal was written by a newer Pilothouse")
    house.gate.set()
    status = house.running.window.status
    qtbot.waitUntil(status.trouble.isVisible)
    assert status.trouble.text() == "the journal was written by a newer Pilothouse"


def test_what_is_chosen_on_a_notice_is_done_in_the_window(house: House, qtbot: QtBot) -> None:
    house.gate.set()
    qtbot.waitUntil(lambda: house.running.window.outlook.loaded)
    alerts = house.alerts[0]
    house.service.tell(Looked("harbor", None, Reach.SEEN, sample.NOW))
    assert len(alerts.heard) == 1
    thread = threading.Thread(target=alerts.act, args=("d1", "seen"))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: house.service.called("ask") == [(RequestKind.SEEN, "d1", "")])
    house.running.window.pages.test_notice_wanted.emit()
    assert isinstance(alerts.heard[-1], Notified)
    assert alerts.heard[-1].notice.title == "A test notice"
    alerts.act("d1", "open")
    place = Place(Page.RUN, deployment_id="d1")
    qtbot.waitUntil(lambda: house.running.window.desk.travels.here == place)


def test_a_defect_is_told_once_a_place_and_logged(house: House, qtbot: QtBot) -> None:
    status = house.running.window.status

    def fail() -> None:
        raise RuntimeError("broken drawing")

    for _ in range(3):
        try:
            fail()
        except RuntimeError as error:
            sys.excepthook(RuntimeError, error, error.__traceback__)
    qtbot.waitUntil(status.trouble.isVisible)
    assert status.trouble.text().startswith("A defect in the window (RuntimeError in fail")
    status.trouble.click()
    house.running.bridge.publish("something else")
    assert not status.trouble.isVisible()
