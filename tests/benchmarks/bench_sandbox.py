"""What the sandbox's edges and APIs can do; figures are printed, never asserted, but losses are.

The load comes from a second process, so that on two cores each has its own. What lists of hundreds
of machines cost is measured by bench_machines.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.journeys.pilot import ROOT
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-api"
KEY = f"fly:{APP}"
INSTANCES = 10
COUNT = 60_000
SECONDS = 10.0
TIMES = 30
ROLL_S = 30.0
HEROKU = "heroku:billing"
pytestmark = pytest.mark.timeout(300)
RELEASES = """query { app(name: "harbor-api") { releases: releasesUnprocessed(first: 25) { nodes {
  id version description status imageRef stable user { email name } createdAt } } } }"""


def say(what: str, figure: str, beside: str = "") -> None:
    """One line of the table."""
    sys.stdout.write(f"\n  {what:<52} {figure:>14}   {beside}")


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'desktop'}{os.pathsep}{ROOT}"}


def load(
    url: str, *, connections: int, count: int = COUNT, seconds: float = SECONDS
) -> dict[str, Any]:
    """What a process that asks an address as fast as it can saw."""
    command = [sys.executable, "-m", "tests.benchmarks.load", "ask", url]
    command += [str(count), str(connections), str(seconds)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


@contextmanager
def bare() -> Iterator[str]:
    """The address of one instance in a process of its own, with nothing in front of it."""
    command = [sys.executable, "-m", "tests.benchmarks.load", "bare"]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@pytest.fixture
def sandbox(tmp_path: Any) -> Iterator[SandboxProcess]:
    """A sandbox with ten machines behind one edge."""
    with SandboxProcess(tmp_path, scale=20.0) as one:
        one.control.act(KEY, "limits", on=False)
        one.control.act(KEY, "scale", count=INSTANCES)
        until(lambda: serving(one) == INSTANCES, "ten instances serving", 60)
        yield one


def serving(sandbox: SandboxProcess) -> int:
    return sum(each["serving"] for each in sandbox.control.instances(KEY).values())


def row(what: str, seen: dict[str, Any], budget: str = "") -> None:
    times = f"p50 {seen['p50_ms']:.1f} p99 {seen['p99_ms']:.1f} ms"
    beside = f"   budget {budget}" if budget else ""
    say(what, f"{seen['per_s']:,.0f}/s", f"{times}, {seen['lost']} lost{beside}")


def test_the_edge_beside_a_bare_instance(sandbox: SandboxProcess) -> None:
    for connections in (1, 32, 256):
        with bare() as url:
            row(f"one bare instance, {connections} connections", load(url, connections=connections))
        seen = load(sandbox.url(KEY), connections=connections)
        row(f"edge, ten instances, {connections} connections", seen, "1,000/s")
        assert seen["lost"] == 0
    counted = sandbox.control.app(KEY)["edge"]
    say("connections to instances reused", f"{counted['reused'] / counted['requests']:.1%}")
    shares = sorted(counted["by_instance"].values())
    say("least and most requests of one instance", f"{shares[0]:,}-{shares[-1]:,}")
    seen = load(sandbox.url(HEROKU), connections=32)
    row("Heroku's router with its log, 32 connections", seen, "1,000/s")
    assert seen["lost"] == 0
    sys.stdout.write("\n")


def test_a_rolling_replace_of_all_ten_under_load(sandbox: SandboxProcess) -> None:
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        loading = pool.submit(
            load, sandbox.url(KEY), connections=16, count=2_000_000, seconds=ROLL_S
        )
        for machine in sandbox.machines(APP):
            replace(sandbox, machine)
        took = time.monotonic() - began
        seen = loading.result()
    say("rolling replace of ten under load", f"{took:.1f} s", f"of {ROLL_S:.0f} s of load")
    row("edge meanwhile, 16 connections", seen, "1,000/s, none lost")
    assert seen["lost"] == 0, seen["statuses"]
    assert {each["release"] for each in sandbox.control.instances(KEY).values()} == {"777"}
    sys.stdout.write("\n")


def replace(sandbox: SandboxProcess, machine: dict[str, Any]) -> None:
    """Cordon, wait until all proxies know and nothing is under way, update, uncordon."""
    where = sandbox.machine_path(APP, machine["id"])
    metadata = {**machine["config"]["metadata"], "fly_release_version": "777"}
    config = {**machine["config"], "metadata": metadata}
    sandbox.fly.post(f"{where}/cordon").raise_for_status()
    identifier = machine["id"]
    until(lambda: not sandbox.control.instances(KEY)[identifier]["serving"], "the cordon", 20)
    done = sandbox.fly.post(where, json={"config": config})
    version = done.raise_for_status().json()["instance_id"]
    query = {"state": "started", "version": version, "timeout": "60"}
    sandbox.fly.get(f"{where}/wait", params=query).raise_for_status()
    until(lambda: checked(sandbox, identifier), "its checks", 20)
    sandbox.fly.post(f"{where}/uncordon").raise_for_status()
    until(lambda: sandbox.control.instances(KEY)[identifier]["serving"], "it to serve again", 20)


def checked(sandbox: SandboxProcess, identifier: str) -> bool:
    checks = sandbox.control.instances(KEY)[identifier]["checks"]
    return bool(checks) and set(checks) == {"passing"}


def timed(what: str, call: Callable[[], Any]) -> None:
    """How long a call takes, in the middle and at worst."""
    call()
    lengths = []
    for _ in range(TIMES):
        began = time.perf_counter()
        call()
        lengths.append((time.perf_counter() - began) * 1000)
    say(what, f"{statistics.median(lengths):.1f} ms", f"worst {max(lengths):.1f} ms")


def test_what_the_apis_cost(sandbox: SandboxProcess) -> None:
    fly, heroku = sandbox.fly, sandbox.heroku
    timed("Fly.io: GET ten machines", lambda: fly.get(f"/v1/apps/{APP}/machines"))
    timed("Fly.io: 25 releases by GraphQL", lambda: fly.post("/graphql", json={"query": RELEASES}))
    timed("Fly.io: releases by REST", lambda: fly.get(f"/api/v1/apps/{APP}/releases"))
    whole = {"range": "version ..; max=1000"}
    path = "/apps/billing/releases"
    timed("Heroku: all releases", lambda: heroku.get(path, headers=whole).raise_for_status())
    etag = {"if-none-match": heroku.get(path).headers["etag"]}
    timed("Heroku: releases that have not changed", lambda: heroku.get(path, headers=etag))
    timed("control: the world", lambda: sandbox.control.app(KEY))
    sys.stdout.write("\n")


def test_how_soon_a_line_is_in_an_open_log(sandbox: SandboxProcess) -> None:
    made = sandbox.heroku.post("/apps/billing/log-sessions", json={"tail": True, "lines": 1})
    url, heroku = made.raise_for_status().json()["logplex_url"], sandbox.heroku
    headers = {"accept": "text/plain"}
    lengths = []
    with heroku.stream("GET", url, headers=headers) as stream:
        lines = stream.iter_lines()
        for number in range(TIMES):
            began = time.perf_counter()
            sandbox.fly.get(f"{sandbox.url(HEROKU)}/mark-{number}")
            next(line for line in lines if f"/mark-{number}" in line)
            lengths.append((time.perf_counter() - began) * 1000)
    say("a request until its line is in an open log", f"{statistics.median(lengths):.1f} ms")
    sys.stdout.write("\n")
