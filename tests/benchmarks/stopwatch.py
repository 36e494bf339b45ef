"""A window in a process of its own that tells when what stood on the screen.

Started as `stopwatch WORD`, with the start's moment in PILOTHOUSE_BENCH_BEGAN; prints one line of
JSON. `paint` is the program's own start and nothing else; the other words use the hands of the
journeys, whose own loading is counted too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import NoReturn

BEGAN = "PILOTHOUSE_BENCH_BEGAN"


def gone_s() -> float:
    """Seconds since the process was started, by its starter."""
    return time.monotonic() - float(os.environ[BEGAN])


def tell(**figures: float) -> None:
    """Say the figures."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def paint() -> None:
    """The first frame: the engine is asked for just after it."""
    from pilothouse.app.home import Home
    from pilothouse.ui.options import Options
    from pilothouse.ui.start import run_window

    def make() -> NoReturn:
        tell(first_paint_s=gone_s())
        os._exit(0)

    run_window(make, Options(Home.of(os.environ).data(sandbox=True), sandbox=True))


def cached() -> None:
    """The fleet from the cache, then one history from it."""
    from tests.journeys.window_pilot import WindowPilot, until_seen

    window = WindowPilot(os.environ)
    window.start()
    until_seen(lambda: window.rows("Apps"), "the fleet")
    fleet_s = gone_s()
    clicked_s = time.monotonic()
    window.open_app("harbor-api")
    until_seen(lambda: window.rows("Releases"), "the history")
    tell(fleet_s=fleet_s, history_s=time.monotonic() - clicked_s)
    window.close()


def ready() -> None:
    """All apps of a sandbox that this start had to start as well."""
    from tests.journeys.window_pilot import WindowPilot

    window = WindowPilot(os.environ)
    window.start()
    window.wait_for("4 apps serve")
    tell(ready_s=gone_s())
    window.close()


def deploy() -> None:
    """The longest time in which the event loop stood still, from start to proven deploy."""
    from tests.journeys.pilot import API
    from tests.journeys.window_pilot import LONG_S, WindowPilot

    window = WindowPilot(os.environ)
    window.start()
    window.deploy(API, "next")
    window.wait_for("Nobody’s request was lost.", LONG_S)
    window.go("Fleet")
    window.open_app("harbor-api")
    window.gaps.pause()
    tell(gap_s=window.gaps.longest_ms / 1000, whole_s=gone_s())
    window.close()


WORDS: dict[str, Callable[[], None]] = {one.__name__: one for one in (paint, cached, ready, deploy)}

if __name__ == "__main__":
    WORDS[sys.argv[1]]()
