"""The window's own process: what it has loaded by its first frame, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

from tests.journeys.pilot import Pilot, ended

NEEDED = ("sqlalchemy", "pilothouse.providers.http")
HEAVY = (*NEEDED, "truststore", "httpx", "keyring", "jeepney", "starlette", "uvicorn", "graphql")

WATCH = """
    import sys
    from importlib.abc import MetaPathFinder

    HEAVY = {heavy!r}

    class Watch(MetaPathFinder):
        # Asked for each module that is not loaded yet; finds nothing, and says when it was asked.
        def find_spec(self, name, path=None, target=None):
            if name in HEAVY:
                print(name, "after" if painted() else "before", flush=True)
            return None

    def painted():
        window = sys.modules.get("pilothouse.ui.main_window")
        if window is None:
            return False
        from PySide6.QtWidgets import QApplication
        tops = QApplication.topLevelWidgets()
        return any(isinstance(one, window.MainWindow) and one._was_painted for one in tops)

    sys.meta_path.insert(0, Watch())
    sys.argv = ["pilothouse", "--sandbox"]
    from pilothouse.__main__ import main
    raise SystemExit(main())
"""


def test_nothing_of_the_network_is_loaded_by_the_first_frame(pilot: Pilot) -> None:
    program = textwrap.dedent(WATCH.format(heavy=HEAVY))
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=pilot.environment(),
    )
    assert process.stdout is not None
    said: dict[str, str] = {}
    while not said.keys() >= set(NEEDED):
        line = process.stdout.readline()
        assert line, "the program ended before it had loaded what it needs"
        name, when = line.split()
        said.setdefault(name, when)
    os.kill(process.pid, signal.SIGTERM)
    end = ended(process)
    assert (end.code, end.err) == (0, "")
    assert set(said.values()) == {"after"}, said
