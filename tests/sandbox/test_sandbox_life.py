"""A sandbox as a process: its state across its ends, detached ones, ports, idleness, size."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pilothouse.sandbox import detached
from pilothouse.sandbox.announcement import decode, kept
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-api"
KEY = f"fly:{APP}"
DESKTOP = Path(__file__).resolve().parents[2] / "desktop"


def test_a_killed_sandbox_comes_back_as_it_was(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    first = sandbox.start()
    machine = sandbox.machines(APP)[0]
    path = sandbox.machine_path(APP, machine["id"])
    config = machine["config"] | {"image": f"registry.fly.io/{APP}:slow"}
    version = sandbox.fly.post(path, json={"config": config}).json()["instance_id"]
    lease = sandbox.fly.post(f"{path}/lease", params={"ttl": 60}).json()["data"]
    again = sandbox.restart()
    assert again.token == first.token
    assert (again.fly, again.heroku, again.apps) == (first.fly, first.heroku, first.apps)
    shown = sandbox.fly.get(path).json()
    assert shown["instance_id"] == version
    assert shown["image_ref"]["tag"] == "slow"
    assert sandbox.fly.get(f"{path}/lease").json()["data"]["nonce"] == lease["nonce"]
    pin = {"fly-force-instance-id": machine["id"]}
    until(
        lambda: httpx.get(sandbox.url(KEY), headers=pin).status_code == 200, "the machine's answer"
    )
    sandbox.stop()


def test_sigterm_ends_it_quickly_even_in_the_middle_of_a_wait(tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path)
    sandbox.start()
    machine = sandbox.machines(APP)[0]
    path = sandbox.machine_path(APP, machine["id"], "/wait")
    fly = sandbox.announcement.fly["FLY_FLAPS_BASE_URL"]
    bearer = {"Authorization": f"Bearer {sandbox.announcement.token}"}

    def long_poll() -> bool:
        try:
            httpx.get(f"{fly}{path}?state=stopped", headers=bearer, timeout=60)
        except httpx.HTTPError:
            return True
        return False

    with ThreadPoolExecutor(1) as pool:
        polling = pool.submit(long_poll)
        until(lambda: any(r["path"] == path for r in sandbox.control.requests()), "the poll")
        began = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - began < 4
        polling.result(10)
    assert kept(tmp_path) is None


def test_two_starters_find_one_detached_sandbox(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _n: detached.ensure(tmp_path), range(2))
    try:
        assert one.pid == two.pid
        assert detached.ensure(tmp_path) == one
        assert decode((tmp_path / "announcement.json").read_bytes()) == one
        assert os.getsid(one.pid) == one.pid, "it has a session of its own"
    finally:
        assert detached.stop(tmp_path) is True
    assert detached.stop(tmp_path) is False
    assert detached.living(tmp_path) is None
    os.waitpid(one.pid, 0)


def test_a_detached_sandbox_that_was_killed_is_replaced(tmp_path: Path) -> None:
    first = detached.ensure(tmp_path)
    os.kill(first.pid, signal.SIGKILL)
    os.waitpid(first.pid, 0)
    assert detached.living(tmp_path) is None
    second = detached.ensure(tmp_path)
    assert second.pid != first.pid
    assert (second.token, second.apps) == (first.token, first.apps)
    assert detached.stop(tmp_path) is True
    os.waitpid(second.pid, 0)


def test_a_second_sandbox_on_the_same_state_is_refused(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path):
        second = _run("--state", str(tmp_path), "--port", "0", "--json")
        assert second.returncode == 2
        assert "another sandbox uses" in second.stderr
        assert "pilothouse sandbox stop" in second.stderr


def test_it_ends_by_itself_when_nobody_uses_it(tmp_path: Path) -> None:
    ended = _run("--state", str(tmp_path), "--port", "0", "--json", "--idle", "0.6")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["scale"] == 20


def test_a_taken_port_gives_the_next_free_one_and_the_text_says_so(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path / "one") as sandbox:
        taken = sandbox.announcement.fly["FLY_API_BASE_URL"].rpartition(":")[2]
        given = ("--state", str(tmp_path / "two"), "--port", taken, "--idle", "0.6")
        ended = _run(*given)
    assert ended.returncode == 0, ended.stderr
    assert f"Port {taken} is taken" in ended.stdout
    assert "FLY_API_BASE_URL=http://127.0.0.1:" in ended.stdout


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pilothouse.sandbox", *arguments],
        env={**os.environ, "PYTHONPATH": str(DESKTOP)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_three_hundred_machines_come_up_quickly_and_rest_cheaply(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        sandbox.control.act(KEY, "limits", on=False)
        sandbox.control.act(KEY, "scale", count=300)
        until(lambda: _serving(sandbox) == 300, "three hundred machines", 30)
        began = time.monotonic()
        sandbox.restart()
        until(lambda: _serving(sandbox) == 300, "three hundred machines again", 30)
        assert time.monotonic() - began < 10
        with sandbox.steady_traffic(KEY, rate=50) as traffic:
            until(lambda: traffic.good > 320, "some traffic", 20)
        assert traffic.lost == []
        assert len(traffic.instances) == 300, "every machine has its turn"


def test_both_platforms_live_in_one_process(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as sandbox:
        sandbox.heroku.headers["Range"] = "version ..; order=desc, max=1000"
        releases = sandbox.heroku.get("/apps/billing-staging/releases").json()
        good = next(each for each in releases if each["description"] == "sandbox: next")
        before = sandbox.control.app("heroku:billing")["release"]
        with sandbox.steady_traffic("heroku:billing", rate=50) as traffic:
            wish = {"slug": good["slug"]["id"], "description": "ours"}
            made = sandbox.heroku.post("/apps/billing/releases", json=wish)
            assert made.status_code == 201
            until(lambda: traffic.releases[made.json()["version"]] > 30, "traffic on the new one")
        assert traffic.lost == []
        assert traffic.releases[before] > 0
        assert sandbox.control.requests()[-1]["platform"] == "heroku"
        sandbox.restart()
        assert sandbox.control.app("heroku:billing")["release"] == made.json()["version"]


def _serving(sandbox: SandboxProcess) -> int:
    return sum(each["serving"] for each in sandbox.control.instances(KEY).values())


@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_the_pace_scales_what_the_platform_does_alone(tmp_path: Path, scale: float) -> None:
    with SandboxProcess(tmp_path, scale=scale) as sandbox:
        machine = sandbox.machines(APP)[0]
        path = sandbox.machine_path(APP, machine["id"])
        began = time.monotonic()
        version = sandbox.fly.post(path, json={"config": machine["config"]}).json()["version"]
        query = {"state": "settled", "version": version}
        assert sandbox.fly.get(f"{path}/wait", params=query).json()["state"] == "started"
        took = time.monotonic() - began
        assert 2.5 / scale < took < 8 / scale + 0.5


def test_a_state_that_cannot_be_read_is_kept_aside_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"format": 0}')
    with SandboxProcess(tmp_path) as sandbox:
        assert sandbox.machines(APP)
    assert (tmp_path / "state.unreadable").read_text() == '{"format": 0}'
