"""What hundreds of practice machines cost: starting them, listing them, checking their health.

Figures are printed, never asserted. At scale 1 each of the machines is asked every 15 seconds.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-web"
KEY = f"fly:{APP}"
MACHINES = 300
TIMES = 10
IDLE_S = 20.0
pytestmark = pytest.mark.timeout(600)


def say(what: str, figure: str, budget: str = "") -> None:
    """One line of the table."""
    beside = f"budget {budget}" if budget else ""
    sys.stdout.write(f"\n  {what:<52} {figure:>12}   {beside}")


def timed(call: Callable[[], object]) -> list[float]:
    """How long a call takes, again and again."""
    lengths = []
    for _ in range(TIMES):
        began = time.perf_counter()
        call()
        lengths.append(time.perf_counter() - began)
    return lengths


def cpu_s(pid: int) -> float:
    """The processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def serving(sandbox: SandboxProcess) -> int:
    return sum(each["serving"] for each in sandbox.control.instances(KEY).values())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The state of a sandbox with hundreds of machines in one app."""
    with SandboxProcess(tmp_path, scale=200.0) as sandbox:
        sandbox.control.act(KEY, "limits", on=False)
        began = time.perf_counter()
        sandbox.control.act(KEY, "scale", count=MACHINES)
        until(lambda: serving(sandbox) == MACHINES, "all machines serving", 120)
        say(
            f"{MACHINES} machines made and serving, scale 200",
            f"{time.perf_counter() - began:.2f} s",
        )
    return tmp_path


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_hundreds_of_machines(place: Path) -> None:
    sandbox = SandboxProcess(place, scale=1.0)
    began = time.perf_counter()
    with sandbox:
        said = time.perf_counter() - began
        until(lambda: serving(sandbox) == MACHINES, "all machines serving", 120)
        say("first line after a start", f"{said:.2f} s")
        say("all of them serving after a start", f"{time.perf_counter() - began:.2f} s", "5 s")
        lists = timed(lambda: sandbox.machines(APP))
        say("list them all, median", f"{statistics.median(lists) * 1000:.0f} ms", "1 s")
        say("list them all, worst", f"{max(lists) * 1000:.0f} ms")
        path = f"/v1/apps/{APP}/machines?summary=true"
        lists = timed(lambda: sandbox.fly.get(path))
        say("list their summaries, median", f"{statistics.median(lists) * 1000:.0f} ms")
        over, before = time.monotonic() + IDLE_S, cpu_s(sandbox.pid)
        until(lambda: time.monotonic() > over, "the idle time", IDLE_S + 5)
        share = (cpu_s(sandbox.pid) - before) / IDLE_S
        say(f"idle with a check each every 15 s, {IDLE_S:.0f} s", f"{share:.1%}", "10 % of a core")
    sys.stdout.write("\n")
