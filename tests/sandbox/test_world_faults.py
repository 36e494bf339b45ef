"""What can go wrong with the practice world: its clock, its disk, its network."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

import pilothouse
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-web"
DAY_S = 86_400.0
SANDBOX = Path(pilothouse.__file__).parent / "sandbox"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("world")) as sandbox:
        sandbox.control.act(f"fly:{APP}", "limits", on=False)
        yield sandbox


@pytest.fixture
def sandbox(running: SandboxProcess) -> Iterator[SandboxProcess]:
    yield running
    running.control.clear_faults()


def refused(client: httpx.Client) -> bool:
    """Whether a new connection to where that client goes is refused."""
    try:
        httpx.get(client.base_url, timeout=5, trust_env=False)
    except httpx.ConnectError:
        return True
    return False


def test_the_clock_jumps_for_everything_that_the_platforms_date(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]["id"]
    lease = sandbox.machine_path(APP, machine, "/lease")
    assert sandbox.fly.post(lease, params={"ttl": 600}).status_code == 201
    number = sandbox.control.fault("clock", seconds=DAY_S)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    answer = sandbox.heroku.patch("/apps/billing", json={"maintenance": False})
    told = parsedate_to_datetime(answer.headers["date"])
    assert abs(told - tomorrow) < timedelta(seconds=30)
    wish = {"PRACTICE": "tomorrow"}
    assert sandbox.heroku.patch("/apps/billing/config-vars", json=wish).status_code == 200
    latest = {"Range": "version ..; order=desc, max=1"}
    newest = sandbox.heroku.get("/apps/billing/releases", headers=latest).json()[0]
    assert abs(datetime.fromisoformat(newest["created_at"]) - tomorrow) < timedelta(seconds=30)
    assert sandbox.fly.get(lease).status_code == 404, "the lease has run out"
    sandbox.control.act(f"fly:{APP}", "foreign-release")
    release = sandbox.control.app(f"fly:{APP}")["releases"][0]
    assert abs(datetime.fromisoformat(release["created_at"]) - tomorrow) < timedelta(seconds=30)
    sandbox.control.clear_faults(number)
    told = parsedate_to_datetime(sandbox.fly.get(f"/v1/apps/{APP}").headers["date"])
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=30)


def test_nothing_of_the_platforms_tells_the_time_past_their_clock() -> None:
    rooms = [SANDBOX / "fly", SANDBOX / "heroku"]
    past = re.compile(r"time\.time\(\)|datetime\.(now|utcnow)\(")
    found = [
        f"{path.name}: {line.strip()}"
        for room in rooms
        for path in sorted(room.glob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if past.search(line)
    ]
    assert found == [], "take wall_s() of pilothouse.sandbox.pace, or the world's pace.now()"


def test_a_failing_disk_refuses_changes_and_lets_reads_through(sandbox: SandboxProcess) -> None:
    number = sandbox.control.fault("disk", platform="heroku")
    refusal = sandbox.heroku.patch("/apps/billing", json={"maintenance": True})
    assert refusal.status_code == 500
    assert "nothing was changed" in refusal.json()["message"]
    assert sandbox.heroku.get("/apps/billing").json()["maintenance"] is False
    assert sandbox.fly.post(f"/v1/apps/{APP}/machines", json={}).status_code != 500
    assert sandbox.control.requests()[-2]["fault"] is None
    shown = sandbox.control.faults()[0]
    assert (shown["id"], shown["struck"], shown["left"]) == (number, 1, -1)
    sandbox.control.clear_faults(number)
    sandbox.control.fault("disk")
    query = {"query": "{viewer{email}}"}
    assert sandbox.fly.post("/graphql", json=query).status_code == 200, "a query is no change"
    refusal = sandbox.fly.post(f"/v1/apps/{APP}/machines", json={})
    assert (refusal.status_code, set(refusal.json())) == (500, {"error"})


def test_a_network_that_is_down_refuses_connections_for_its_seconds(
    sandbox: SandboxProcess,
) -> None:
    sandbox.control.fault("network", platform="fly", seconds=0.6)
    began = time.monotonic()
    assert refused(sandbox.fly)
    assert sandbox.heroku.get("/apps").status_code == 200
    assert httpx.get(sandbox.url(f"fly:{APP}"), trust_env=False).status_code == 200
    until(lambda: not refused(sandbox.fly), "the port again", 10)
    assert time.monotonic() - began > 0.4
    assert sandbox.fly.get(f"/v1/apps/{APP}").status_code == 200
    assert sandbox.control.faults()[0]["left"] == 0


def test_edges_go_down_too_when_that_is_asked_for(sandbox: SandboxProcess) -> None:
    url = sandbox.url("heroku:billing")
    number = sandbox.control.fault("network", platform="heroku", seconds=60, edges=True)
    assert refused(sandbox.heroku)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert httpx.get(sandbox.url(f"fly:{APP}"), trust_env=False).status_code == 200
    sandbox.control.clear_faults(number)
    assert httpx.get(url, trust_env=False).status_code == 200
    assert sandbox.heroku.get("/apps").status_code == 200


def test_it_ends_well_while_its_network_is_down(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    sandbox.start()
    sandbox.control.fault("network", seconds=60, edges=True)
    sandbox.control.fault("clock", seconds=60)
    sandbox.stop()


def test_a_state_that_really_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        # A folder in the place of the draft makes every write fail, for root as well.
        (tmp_path / "state.new").mkdir()
        first = sandbox.heroku.patch("/apps/billing", json={"maintenance": True})
        assert first.status_code == 500
        assert "may be lost" in first.json()["message"]
        second = sandbox.heroku.patch("/apps/billing", json={"maintenance": False})
        assert second.status_code == 500
        assert "nothing was changed" in second.json()["message"]
        (tmp_path / "state.new").rmdir()
        until(
            lambda: (
                sandbox.heroku.patch("/apps/billing", json={"maintenance": True}).status_code == 200
            ),
            "a state that is saved",
        )
        assert sandbox.errors().count("The state is not saved") == 1
        sandbox.restart()
        assert sandbox.heroku.get("/apps/billing").json()["maintenance"] is True
