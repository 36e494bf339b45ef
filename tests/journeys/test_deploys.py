"""Deploys and rollbacks as a person does them, judged at the sandbox's edge and state."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from tests.journeys.pilot import API, BILLING, WEB, Pilot, ended
from tests.sandbox_process import Traffic
from tests.waiting import until

BOTH = pytest.mark.parametrize("app", [WEB, BILLING])
RATE = 50.0


def _reached(traffic: Traffic, since_s: float) -> None:
    """The stream of requests really was as dense as it was meant to be."""
    seconds = time.monotonic() - since_s
    assert traffic.sent >= RATE * seconds * 0.9, f"{traffic.sent} sent in {seconds:.1f} s"


@pytest.mark.parametrize("app", [API, WEB, BILLING])
def test_a_good_deploy_loses_nobodys_request(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    what = pilot.what(app, "next")
    began = time.monotonic()
    with pilot.sandbox.steady_traffic(app, rate=RATE) as traffic:
        said = pilot.deploy(app, *what)
    assert said.code == 0, said.out[-2000:] + said.err
    assert said.last["event"] == "ended"
    assert said.last["outcome"] == "good"
    assert said.last["lost"] == 0
    assert traffic.lost == []
    _reached(traffic, began)
    pilot.is_whole(app)
    assert pilot.serving(app) != before
    assert pilot.newest(app)["status"] in {"complete", "succeeded"}
    assert pilot.status(app)["state"] == "serving"


@BOTH
def test_a_crashing_release_is_taken_back_by_itself(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    said = pilot.deploy(app, *pilot.what(app, "crash"))
    assert said.code == 11, said.out[-2000:] + said.err
    assert said.last["outcome"] == "rolled_back"
    pilot.is_whole(app)
    assert pilot.serving(app) == before
    assert pilot.status(app)["held"] is True
    again = pilot.deploy(app, *pilot.what(app, "next"))
    assert again.code == 3
    assert "held" in again.err


@BOTH
def test_a_release_that_errs_on_five_per_cent_is_taken_back(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    said = pilot.deploy(app, *pilot.what(app, "err5"))
    assert said.code == 11, said.out[-2000:] + said.err
    pilot.is_whole(app)
    assert pilot.serving(app) == before
    (notice,) = pilot.run("inbox", "--json").last["notices"]
    assert notice["state"] == "rolled_back"


@pytest.mark.parametrize("image", ["loop", "unhealthy"])
def test_other_bad_images_are_taken_back(pilot: Pilot, image: str) -> None:
    pilot.timing["bake_min_s"] = 5.0  # longer than the looping image lives
    before = pilot.serving(WEB)
    said = pilot.deploy(WEB, *pilot.what(WEB, image))
    assert said.code == 11, said.out[-2000:] + said.err
    pilot.is_whole(WEB)
    assert pilot.serving(WEB) == before


@BOTH
def test_a_stop_in_the_middle_goes_back(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    process = _started(pilot, app)
    deployment = _until_something_changed(pilot, app, before)
    stop = pilot.run("stop", deployment, "--json")
    said = ended(process)
    assert said.code == 11, said.out[-2000:] + said.err
    assert stop.code == 11, stop.out[-2000:] + stop.err
    pilot.is_whole(app)
    assert pilot.serving(app) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_means_stop_and_go_back(pilot: Pilot, number: signal.Signals) -> None:
    before = pilot.serving(WEB)
    process = _started(pilot, WEB)
    _until_something_changed(pilot, WEB, before)
    process.send_signal(number)
    said = ended(process)
    assert said.code == 11, said.out[-2000:] + said.err
    pilot.is_whole(WEB)
    assert pilot.serving(WEB) == before


def _started(pilot: Pilot, app: str) -> subprocess.Popen[str]:
    """A good deploy whose proof takes so long that whoever wants to stop it surely can."""
    pilot.timing.update(bake_min_s=40.0, bake_max_s=50.0)
    return pilot.start("deploy", app, *pilot.what(app, "next"), "--yes", "--json")


def _until_something_changed(pilot: Pilot, app: str, before: set[str]) -> str:
    """Wait until the sandbox runs something new; gives the deployment's id."""

    def changed() -> bool:
        instances = pilot.sandbox.control.app(app)["instances"]
        return {str(one.get("digest") or one.get("artifact")) for one in instances} != before

    until(changed, "a first change", 30.0)
    rows = pilot.run("deployments", "--json").last["deployments"]
    return str(rows[0]["deployment"])


@pytest.mark.parametrize("app", [API, BILLING])
def test_a_rollback_loses_nobodys_request_and_holds(pilot: Pilot, app: str) -> None:
    before = pilot.serving(app)
    assert pilot.deploy(app, *pilot.what(app, "next")).code == 0
    began = time.monotonic()
    with pilot.sandbox.steady_traffic(app, rate=RATE) as traffic:
        said = pilot.run("rollback", app, "--yes", "--json")
    assert said.code == 0, said.out[-2000:] + said.err
    assert said.last["outcome"] == "good"
    assert traffic.lost == []
    _reached(traffic, began)
    pilot.is_whole(app)
    assert pilot.serving(app) == before
    status = pilot.status(app)
    assert status["held"] is True
    assert status["state"] == "serving"


@BOTH
def test_a_rollback_takes_fewer_calls_than_the_deploy(pilot: Pilot, app: str) -> None:
    control = pilot.sandbox.control

    def writes_since(mark: int) -> int:
        reads = {"GET", "HEAD"}
        calls = [c for c in control.requests(mark) if c["method"] not in reads]
        return sum(1 for c in calls if "graphql" not in c["path"])

    mark = control.last_request()
    assert pilot.deploy(app, *pilot.what(app, "next")).code == 0
    deployed = writes_since(mark)
    mark = control.last_request()
    assert pilot.run("rollback", app, "--yes", "--json").code == 0
    assert writes_since(mark) <= deployed


def test_a_rollback_during_our_own_deploy_is_a_stop(pilot: Pilot) -> None:
    before = pilot.serving(WEB)
    process = _started(pilot, WEB)
    _until_something_changed(pilot, WEB, before)
    said = pilot.run("rollback", WEB, "--yes", "--json")
    assert said.code == 11, said.out[-2000:] + said.err
    assert ended(process).code == 11
    assert pilot.serving(WEB) == before


def test_the_sandbox_outlives_its_own_death_and_the_run_goes_on(pilot: Pilot) -> None:
    process = pilot.start("deploy", WEB, *pilot.what(WEB, "next"), "--yes", "--json")
    _until_something_changed(pilot, WEB, pilot.serving(WEB))
    said = ended(process)
    assert said.code == 0
    serving = pilot.serving(WEB)
    pilot.sandbox.kill()
    pilot.sandbox.start()
    assert pilot.serving(WEB) == serving
    pilot.is_whole(WEB)


def test_a_machine_that_somebody_else_leases_stops_us(pilot: Pilot) -> None:
    before = pilot.serving(WEB)
    machine = next(iter(pilot.sandbox.control.instances(WEB)))
    pilot.sandbox.control.act(WEB, "steal-lease", instance=machine)
    said = pilot.deploy(WEB, *pilot.what(WEB, "next"))
    assert said.code in {3, 10}, said.out[-2000:] + said.err
    assert pilot.serving(WEB) == before


def test_every_line_of_a_run_is_json(pilot: Pilot) -> None:
    said = pilot.deploy(WEB, *pilot.what(WEB, "next"))
    for line in said.out.splitlines():
        json.loads(line)
    events = [row["event"] for row in said.rows]
    assert events[0] == "planned"
    assert events[-1] == "ended"
