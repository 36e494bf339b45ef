"""Kill -9 at every point of the loop, then recovery: the app ends whole, nothing was done twice."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from pilothouse.engine.trip import Point
from tests.journeys.pilot import BILLING, WEB, Pilot, Said, ended

FLY_STEPS = [
    "record",
    "settle-running",
    "cordon/",
    "drain/",
    "update/",
    "healthy/",
    "uncordon/",
    "propagated/",
    "verify",
    "settle",
]
HEROKU_STEPS = ["release", "released", "booted", "verify"]
STEP_POINTS = [Point.INTENDED, Point.APPLIED, Point.SETTLED]
RUN_POINTS = [Point.CREATED, Point.STARTED, Point.ENDING, Point.ENDED]


def _killed(pilot: Pilot, app: str, trip: str, artifact: str = "next") -> Said:
    words = ("deploy", app, *pilot.what(app, artifact), "--yes", "--json")
    said = pilot.run(*words, PILOTHOUSE_TRIP=trip)
    assert said.code == -signal.SIGKILL, said.out[-2000:] + said.err
    return said


def _recovered(pilot: Pilot, app: str) -> dict[str, Any]:
    said = pilot.run("recover", "--json")
    assert said.code in {0, 10, 11}, said.out[-2000:] + said.err
    pilot.is_whole(app)
    return said.last


def _one_release(pilot: Pilot, app: str, newest: int) -> None:
    """Exactly one release was made, however often the program died."""
    assert pilot.newest(app)["version"] == newest + 1


@pytest.mark.parametrize(
    ("app", "step"),
    [*((WEB, step) for step in FLY_STEPS), *((BILLING, step) for step in HEROKU_STEPS)],
)
@pytest.mark.parametrize("point", STEP_POINTS)
def test_killed_around_a_step(pilot: Pilot, app: str, step: str, point: Point) -> None:
    newest = pilot.newest(app)["version"]
    before = pilot.serving(app)
    _killed(pilot, app, f"{point}:{step}")
    last = _recovered(pilot, app)
    assert last["outcome"] == "good", last
    assert pilot.serving(app) != before
    _one_release(pilot, app, newest)


@pytest.mark.parametrize("app", [WEB, BILLING])
@pytest.mark.parametrize("point", RUN_POINTS)
def test_killed_between_steps(pilot: Pilot, app: str, point: Point) -> None:
    newest = pilot.newest(app)["version"]
    _killed(pilot, app, point)
    said = pilot.run("recover", "--json")
    assert said.code == 0, said.out[-2000:] + said.err
    assert said.last["outcome"] == ("nothing" if point is Point.ENDED else "good")
    assert pilot.run("recover", "--json").last["outcome"] == "nothing"
    pilot.is_whole(app)
    _one_release(pilot, app, newest)


@pytest.mark.parametrize("app", [WEB, BILLING])
def test_killed_as_it_decides_to_go_back(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    _killed(pilot, app, Point.DECIDED, "crash")
    last = _recovered(pilot, app)
    assert last["outcome"] == "rolled_back"
    assert pilot.serving(app) == before


@pytest.mark.parametrize("app", [WEB, BILLING])
def test_killed_on_the_way_back(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    _killed(pilot, app, f"{Point.INTENDED}:back/verify", "crash")
    last = _recovered(pilot, app)
    assert last["outcome"] == "rolled_back"
    assert pilot.serving(app) == before


def test_the_set_of_points_is_closed() -> None:
    tried = {*STEP_POINTS, *RUN_POINTS, Point.DECIDED}
    assert tried == set(Point)


@pytest.mark.parametrize("app", [WEB, BILLING])
def test_a_platform_that_is_gone_for_too_long_is_told_and_taken_up_later(
    pilot: Pilot, app: str
) -> None:
    pilot.timing["blind_s"] = 4.0
    process = pilot.start("deploy", app, *pilot.what(app, "next"), "--yes", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        row = json.loads(line)
        if row["event"] == "settled" and str(row["step"]).startswith(("update", "released")):
            break
    pilot.sandbox.kill()
    said = ended(process)
    assert said.code == 12, said.out[-2000:] + said.err
    assert "could not be asked" in said.last["reason"]
    pilot.sandbox.start()
    assert _recovered(pilot, app)["outcome"] == "good"
