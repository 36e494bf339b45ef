"""Pilothouse beside the platform's own command line: figures, printed and never asserted.

The same question about the same app of the same practice cloud: what are the latest releases?
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journeys.pilot import BILLING, Pilot
from tests.journeys.tools import flyctl_at, heroku_at
from tests.sandbox_process import SandboxProcess

TIMES = 7
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def pilot(tmp_path: Path) -> Iterator[Pilot]:
    """A home with its sandbox, at the pace that a person meets."""
    home = tmp_path / "home"
    with SandboxProcess(home / "sandbox") as sandbox:
        yield Pilot(home, sandbox, timing={})


def say(what: str, run: Callable[[], object]) -> None:
    """Time some runs, after one that fills the caches; the median, the quickest and the slowest."""
    run()
    taken = []
    for _ in range(TIMES):
        began = time.monotonic()
        run()
        taken.append(time.monotonic() - began)
    middle, best, worst = statistics.median(taken), min(taken), max(taken)
    sys.stdout.write(f"\n  {what:<44} {middle:6.2f} s   ({best:.2f} to {worst:.2f})")


def pilothouse(pilot: Pilot, *words: str) -> None:
    said = pilot.run(*words)
    assert said.code == 0, said


def test_releases_of_heroku(pilot: Pilot, tmp_path: Path) -> None:
    heroku = heroku_at(pilot.sandbox, tmp_path / "tool")
    say("heroku releases", lambda: heroku.good("releases -a billing"))
    say("heroku releases --json", lambda: heroku.good("releases --json -a billing"))
    say("pilothouse releases", lambda: pilothouse(pilot, "releases", BILLING))
    say("pilothouse releases --json", lambda: pilothouse(pilot, "releases", BILLING, "--json"))


def test_releases_of_fly(pilot: Pilot, tmp_path: Path) -> None:
    flyctl = flyctl_at(pilot.sandbox, tmp_path / "tool")
    say("flyctl releases", lambda: flyctl.good("releases -a harbor-api"))
    say("pilothouse releases", lambda: pilothouse(pilot, "releases", "fly:harbor-api"))


def test_what_starting_alone_costs(pilot: Pilot, tmp_path: Path) -> None:
    heroku = heroku_at(pilot.sandbox, tmp_path / "tool")
    say("heroku --version", lambda: heroku.good("--version"))
    say("pilothouse --version", lambda: pilothouse(pilot, "--version"))
    say("node -e 0", lambda: subprocess.run(["node", "-e", "0"], check=True))
    say("python -c pass", lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
