"""Figures beside their budgets: printed, never asserted, as machines differ and are busy.

Run by `make benchmark`, on a machine that does nothing else.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pilothouse.sandbox import detached
from tests.benchmarks.stopwatch import BEGAN
from tests.journeys.pilot import API, ROOT, WEB, Pilot
from tests.sandbox_process import SandboxProcess

TIMES = 5
IDLE_S = 5.0
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[Pilot]:
    """A home with its sandbox, at the pace that a person meets."""
    home = tmp_path / "home"
    with SandboxProcess(home / "sandbox") as sandbox:
        yield Pilot(home, sandbox, timing={})


def say(what: str, figure: str, budget: str = "") -> None:
    """One line of the table."""
    beside = f"budget {budget}" if budget else ""
    sys.stdout.write(f"\n  {what:<44} {figure:>12}   {beside}")


def timed(pilot: Pilot, word: str) -> dict[str, float]:
    """The figures that the stopwatch tells in a process of its own."""
    environ = pilot.environment()
    environ["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    environ[BEGAN] = repr(time.monotonic())
    command = [sys.executable, "-m", "tests.benchmarks.stopwatch", word]
    done = subprocess.run(
        command, env=environ, cwd=ROOT, capture_output=True, text=True, check=True
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def middle(figures: list[float]) -> str:
    """The median, and the worst."""
    return f"{statistics.median(figures):.2f} s ({max(figures):.2f})"


def test_first_paint_and_what_is_cached(pilot: Pilot) -> None:
    timed(pilot, "cached")  # fills the cache
    painted = [timed(pilot, "paint")["first_paint_s"] for _ in range(TIMES)]
    say("first paint after process start", middle(painted), "0.50 s")
    cached = [timed(pilot, "cached") for _ in range(TIMES)]
    say("cached fleet on screen", middle([one["fleet_s"] for one in cached]), "1.00 s")
    say("cached history after opening an app", middle([one["history_s"] for one in cached]))


def test_a_sandbox_window_is_ready(pilot: Pilot, tmp_path: Path) -> None:
    figures = []
    for number in range(3):
        home = tmp_path / f"fresh-{number}"
        figures.append(timed(Pilot(home, pilot.sandbox, timing={}), "ready")["ready_s"])
        assert detached.stop(home / "sandbox")
    say("sandbox window ready, sandbox started too", middle(figures), "2.00 s")


def test_the_window_stays_awake_in_a_deploy(pilot: Pilot) -> None:
    figures = timed(pilot, "deploy")
    say("longest gap of the event loop in a deploy", f"{figures['gap_s'] * 1000:.0f} ms", "50 ms")


def test_status_beside_curl(pilot: Pilot) -> None:
    def run(*command: str) -> float:
        began = time.monotonic()
        subprocess.run(command, env=pilot.environment(), check=True, capture_output=True)
        return time.monotonic() - began

    status = (sys.executable, "-m", "pilothouse", "--sandbox", "status", API)
    run(*status)
    say("pilothouse status", middle([run(*status) for _ in range(TIMES)]))
    curl = shutil.which("curl")
    if curl is not None:
        url = pilot.sandbox.url(API)
        say("curl of the app", middle([run(curl, "-s", url) for _ in range(TIMES)]))


def test_how_soon_a_crashing_image_is_gone(pilot: Pilot) -> None:
    rows = pilot.deploy(WEB, *pilot.what(WEB, "crash")).rows
    applied = first(rows, "settled", "update/")
    failed = next(_at(one) for one in rows if one.get("data", {}).get("outcome") == "failed")
    decided, proven = first(rows, "decided", ""), first(rows, "settled", "back/verify")
    say("crashing image: changed to detected", f"{failed - applied:.2f} s", "2 s")
    say("crashing image: detected to decided", f"{decided - failed:.2f} s")
    say("crashing image: decided to back and verified", f"{proven - decided:.2f} s", "10 s")


def first(rows: list[dict[str, Any]], event: str, step: str) -> float:
    """When the first such event was written."""
    return next(
        _at(one) for one in rows if one["event"] == event and (one["step"] or "").startswith(step)
    )


def _at(row: dict[str, Any]) -> float:
    return datetime.fromisoformat(row["at"]).timestamp()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_sandbox_costs_little(pilot: Pilot) -> None:
    def used_s() -> float:
        fields = Path(f"/proc/{pilot.sandbox.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before, began = used_s(), time.monotonic()
    subprocess.run([sys.executable, "-c", f"import time; time.sleep({IDLE_S})"], check=True)
    share = (used_s() - before) / (time.monotonic() - began)
    say("idle CPU of the sandbox", f"{share * 100:.1f} %")
