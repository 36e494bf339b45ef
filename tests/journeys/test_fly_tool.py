"""The real `flyctl` at the practice Fly.io: what it prints, what it asked, and what then runs.

It knows nothing of a sandbox. It is skipped on a machine without `flyctl`.
"""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.pilot import Said, ended
from tests.journeys.tools import Tool, flyctl_at, flyctl_program
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

SCALE = 100.0
NAME = "harbor-web"
APP = f"fly:{NAME}"
MACHINES = f"/v1/apps/{NAME}/machines"
RELEASES = "/api/v1/releases"

FLY_TOML = f"""
app = "{NAME}"
primary_region = "ams"
kill_signal = "SIGTERM"
kill_timeout = "10s"

[env]
  LOG_LEVEL = "info"

[http_service]
  internal_port = 8080
  force_https = true
  auto_stop_machines = "off"
  auto_start_machines = true
  min_machines_running = 2

  [[http_service.checks]]
    interval = "15s"
    timeout = "2s"
    grace_period = "5s"
    method = "GET"
    path = "/healthz"

[[vm]]
  memory = "256mb"
  cpus = 1
  cpu_kind = "shared"
"""
DEPLOY = ("deploy", "--remote-only", "--dns-checks=false", "--smoke-checks=false", "--yes")


@pytest.fixture
def flyctl(tmp_path: Path) -> Iterator[Tool]:
    """`flyctl` at a sandbox of its own, which had all that it asked for."""
    flyctl_program()
    with SandboxProcess(tmp_path / "sandbox", scale=SCALE) as sandbox:
        tool = flyctl_at(sandbox, tmp_path / "home")
        (tmp_path / "home" / "fly.toml").write_text(FLY_TOML)
        yield tool
        assert sandbox.control.absent() == []


def world(flyctl: Tool) -> dict[str, Any]:
    """The app, by the sandbox's own word."""
    return flyctl.sandbox.control.app(APP)


def image(tag: str) -> str:
    return f"registry.fly.io/{NAME}:{tag}"


def deploy(flyctl: Tool, tag: str, *more: str) -> Said:
    return flyctl.run(*DEPLOY, "--image", image(tag), *more)


def statuses(asked: list[dict[str, Any]]) -> list[str]:
    """The statuses that a deploy gave its release, in order."""
    changes = [row for row in asked if row["method"] == "PATCH"]
    assert all(row["path"].startswith(f"{RELEASES}/") for row in changes), changes
    return [row["body"]["status"] for row in changes]


def no_leases(flyctl: Tool) -> bool:
    return not any(one["lease"] for one in world(flyctl)["instances"])


# ---------------------------------------------------------------- reading


def test_apps_releases_and_machines_are_read(flyctl: Tool) -> None:
    apps, status, plain = flyctl.together("apps list", f"status -a {NAME}", f"releases -a {NAME}")
    assert "harbor-api" in apps
    assert NAME in apps
    machines = flyctl.sandbox.machines(NAME)
    newest = world(flyctl)["releases"][0]
    for machine in machines:
        assert machine["id"] in status
    assert f"v{newest['version']}" in plain
    assert newest["status"] in plain
    calls = flyctl.calls()
    assert calls["POST /graphql"] >= 3
    assert calls[f"GET {MACHINES}"] == 2  # by `status`, and by this test
    listed, releases = flyctl.together(
        f"machines list --json -a {NAME}", f"releases --json -a {NAME}"
    )
    assert {one["id"] for one in json.loads(listed)} == {one["id"] for one in machines}
    versions = [one["Version"] for one in json.loads(releases)]
    assert versions == [newest["version"] - back for back in range(len(versions))]
    assert len(versions) == 25
    assert flyctl.calls() == {f"GET {MACHINES}": 1, "POST /graphql": 1}


def test_what_is_not_there_is_refused(flyctl: Tool) -> None:
    unknown = flyctl.run("status", "-a", "no-such-app")
    assert unknown.code != 0
    assert "Could not find App" in unknown.err + unknown.out
    stranger = flyctl.run("machines", "list", "-a", NAME, FLY_API_TOKEN="fo1_not_this_one")
    assert stranger.code != 0
    before = len(world(flyctl)["releases"])
    missing = deploy(flyctl, "no-such-tag")
    assert missing.code != 0
    assert len(world(flyctl)["releases"]) == before
    assert statuses(flyctl.asked()) == []


# ---------------------------------------------------------------- deploying


@pytest.mark.parametrize("strategy", ["rolling", "immediate", "canary", "bluegreen"])
def test_a_deploy_puts_the_image_on_every_machine(flyctl: Tool, strategy: str) -> None:
    before = world(flyctl)
    said = deploy(flyctl, "next", "--strategy", strategy)
    assert said.code == 0, said
    asked = flyctl.asked()
    assert statuses(asked) == ["running", "complete"]
    [wish] = [row["body"] for row in asked if row["method"] == "POST" and row["path"] == RELEASES]
    assert wish["app_name"] == NAME
    assert wish["strategy"].lower() == strategy
    until(lambda: is_whole(flyctl), "all machines on one image and in traffic", 30.0)
    after = world(flyctl)
    newest = after["releases"][0]
    assert newest["version"] == before["releases"][0]["version"] + 1
    assert newest["status"] == "complete"
    assert {one["release"] for one in after["instances"]} == {str(newest["version"])}
    was, now = ({one["id"] for one in each["instances"]} for each in (before, after))
    assert was.isdisjoint(now) if strategy == "bluegreen" else was == now
    leased = {row["path"] for row in asked if row["path"].endswith("/lease")}
    assert {f"{MACHINES}/{identifier}/lease" for identifier in was} <= leased


def is_whole(flyctl: Tool) -> bool:
    """Whether all instances run one image, in traffic, held by nobody."""
    instances = world(flyctl)["instances"]
    one_image = len({one["digest"] for one in instances}) == 1
    return one_image and no_leases(flyctl) and all(one["serving"] for one in instances)


def test_a_deploy_that_fails_says_so_and_goes_no_further(flyctl: Tool) -> None:
    before = world(flyctl)
    said = deploy(flyctl, "crash", "--strategy", "rolling", "--wait-timeout", "10s")
    assert said.code != 0, said
    asked = flyctl.asked()
    assert statuses(asked) == ["running", "failed"]
    told = [row["body"]["metadata"] for row in asked if row["method"] == "PATCH"][-1]
    assert told["post_deployment_info"]["error"]
    after = world(flyctl)
    assert after["releases"][0]["status"] == "failed"
    # The tool never goes back by itself: the mixture stays, and the app serves with what is left.
    old = {one["digest"] for one in before["instances"]}
    assert [one["digest"] in old for one in after["instances"]].count(True) == 1
    until(lambda: no_leases(flyctl), "the end of all leases", 20.0)


def test_an_interrupted_deploy_is_settled_as_such(flyctl: Tool) -> None:
    process = flyctl.start(*DEPLOY, "--image", image("unhealthy"), "--strategy", "rolling")
    newest = world(flyctl)["releases"][0]["version"] + 1

    def is_under_way() -> bool:
        return any(one["release"] == str(newest) for one in world(flyctl)["instances"])

    until(is_under_way, "a machine with the new release", 60.0)
    process.send_signal(signal.SIGINT)
    assert ended(process).code != 0
    assert statuses(flyctl.asked()) == ["running", "interrupted"]
    assert world(flyctl)["releases"][0]["status"] == "interrupted"
    until(lambda: no_leases(flyctl), "the end of all leases", 20.0)
