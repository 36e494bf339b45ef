"""Makes the pictures of the README from the real window: `python -m tests.journeys.pictures`.

Deploys, has a bad image taken back, rolls back; then shows the history of it, light.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from tests.journeys.pilot import API, ROOT, Pilot
from tests.journeys.window_pilot import WindowPilot, keep, until_seen
from tests.sandbox_process import SandboxProcess

HISTORY = ROOT / "resources" / "pictures" / "history.png"
LARGEST_BYTES = 150_000
SHOWN_MADE = 3


def history(pilot: Pilot) -> None:
    """The app's page after three changes."""
    assert pilot.deploy(API, *pilot.what(API, "next")).code == 0
    assert pilot.deploy(API, *pilot.what(API, "crash")).code == 11
    assert pilot.run("rollback", API, "--yes", "--json").code == 0
    window = WindowPilot(pilot.environment())
    window.start()
    window.open_app("harbor-api")

    def told() -> bool:
        newest = window.spoken("Releases")[:SHOWN_MADE]
        return len(newest) == SHOWN_MADE and not any("not watched" in one for one in newest)

    until_seen(told, "the verdicts")
    window.wait_for("Open the deployment")
    window.idle_for_ticks(1)
    keep(window.window, HISTORY)
    window.close()
    assert with_few_colours(QImage(str(HISTORY))).save(str(HISTORY))


def with_few_colours(picture: QImage) -> QImage:
    """The picture by a table of its own commonest colours: enough for a window, and small."""
    whole = picture.convertToFormat(QImage.Format.Format_RGB32)
    counts = Counter(memoryview(whole.constBits()).cast("I"))
    table = [colour for colour, _ in counts.most_common(256)]
    sharp = Qt.ImageConversionFlag.ThresholdDither
    return whole.convertToFormat(QImage.Format.Format_Indexed8, table, sharp)


def main() -> None:
    """Make all pictures."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory(prefix="pilothouse-") as folder:
        home = Path(folder) / "home"
        with SandboxProcess(home / "sandbox", scale=60.0) as sandbox:
            history(Pilot(home, sandbox))
    size = HISTORY.stat().st_size
    assert size <= LARGEST_BYTES, f"{HISTORY} has {size} bytes"


if __name__ == "__main__":
    main()
