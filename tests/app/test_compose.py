"""What the environment may tune, and the engine as it is really built."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pilothouse.app.compose import make_service, trip_from, tuned
from pilothouse.app.main import run
from pilothouse.domain.errors import UsageError
from pilothouse.domain.policy import Timing
from pilothouse.engine.trip import Point, no_trip

ROOT = Path(__file__).resolve().parents[2]


def timing(**given: object) -> dict[str, str]:
    return {"PILOTHOUSE_TIMING": json.dumps(given)}


def test_untuned_times_are_the_platforms_or_the_practice_clouds() -> None:
    assert tuned({})(1.0) == Timing()
    assert tuned({"PILOTHOUSE_TIMING": ""})(50.0) == Timing.for_scale(50)


def test_single_lengths_may_be_replaced() -> None:
    tune = tuned(timing(bake_max_s=7, lease_s=2.5))
    assert (tune(1.0).bake_max_s, tune(50.0).bake_max_s, tune(1.0).lease_s) == (7, 7, 2.5)
    assert tune(1.0).probe_gap_s == Timing().probe_gap_s


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "may only have"),
        ('"soon"', "may only have"),
        ('{"bake_s": 1}', "may only have: bake_max_s"),
        ('{"lease_s": "long"}', "numbers above 0"),
        ('{"lease_s": 0}', "numbers above 0"),
        ('{"lease_s": -1.5}', "numbers above 0"),
        ('{"lease_s": null}', "numbers above 0"),
        ('{"lease_s": true}', "numbers above 0"),
        ('{"lease_s": [1]}', "numbers above 0"),
    ],
)
def test_times_that_make_no_sense_are_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        tuned({"PILOTHOUSE_TIMING": text})


def test_nobody_trips_without_being_told_to() -> None:
    assert trip_from({}) is no_trip
    trip = trip_from({"PILOTHOUSE_TRIP": "applied:put:a"})
    trip(Point.APPLIED, "put:b")
    trip(Point.INTENDED, "put:a")


def test_a_point_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"created, started.*ended"):
        trip_from({"PILOTHOUSE_TRIP": "halfway"})


@pytest.mark.parametrize(
    ("wish", "dies"),
    [
        ("applied", True),
        ("applied:put:a", True),
        ("applied:put:b", False),
        ("applied:put", False),
        ("settled:put:a", False),
    ],
)
def test_a_trip_dies_as_by_kill_9_and_only_there(wish: str, *, dies: bool) -> None:
    script = (
        "from pilothouse.app.compose import trip_from\n"
        "from pilothouse.engine.trip import Point\n"
        "import os\n"
        "trip_from(os.environ)(Point.APPLIED, 'put:a')\n"
    )
    environ = {"PYTHONPATH": str(ROOT / "desktop"), "PILOTHOUSE_TRIP": wish}
    done = subprocess.run([sys.executable, "-c", script], env=environ, check=False, timeout=60)
    assert done.returncode == (-9 if dies else 0)


def test_the_engine_is_built_and_taken_down_with_nothing_left(tmp_path: Path) -> None:
    environ = {"PILOTHOUSE_HOME": str(tmp_path / "home")}
    service, close = make_service(environ, sandbox=False)
    assert service.logbook.fleet() == ()
    assert service.logbook.inbox() == ()
    assert service.accounts.list() == ()
    close()
    kept = {path.name for path in (tmp_path / "home").iterdir()}
    assert "journal.db" in kept
    assert "sandbox" not in kept


def test_mixed_addresses_stop_everything_before_anything_is_sent(tmp_path: Path) -> None:
    environ = {
        "PILOTHOUSE_HOME": str(tmp_path),
        "FLY_API_BASE_URL": "http://127.0.0.1:9",
        "FLY_FLAPS_BASE_URL": "https://flaps.example.test",
    }
    with pytest.raises(UsageError, match="FLY_FLAPS_BASE_URL"):
        make_service(environ, sandbox=False)


def test_a_command_runs_in_the_home_that_is_given(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deployments", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"deployments": []}
    assert os.environ["PILOTHOUSE_HOME"] == str(home)
    assert (home / "journal.db").exists()


def test_doctor_looks_at_everything_and_starts_nothing(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--json"]) == 0
    rows = {row["what"]: row for row in json.loads(capsys.readouterr().out)["doctor"]}
    assert rows.keys() == {
        "pilothouse",
        "files",
        "journal",
        "keyring",
        "notices",
        "sandbox",
        "window",
    }
    assert rows["journal"]["fine"]
    assert str(home) in rows["files"]["says"]
    assert all(row["says"] for row in rows.values())
    assert not (home / "sandbox").exists()
