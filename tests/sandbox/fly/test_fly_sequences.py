"""Commands of flyctl, request by request, against a practice Fly.io in a process of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.sandbox.fly.flyctl import DeployError, Flyctl
from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-web"
KEY = f"fly:{APP}"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sequences"), scale=100.0) as running:
        # A person waits between commands; these follow each other at once.
        running.control.act(KEY, "limits", on=False)
        yield running
        absent = [line for line in running.errors().splitlines() if "not in the sandbox" in line]
        assert absent == [], "a command asked for what the sandbox does not have"


@pytest.fixture
def tool(sandbox: SandboxProcess) -> Flyctl:
    return Flyctl(sandbox.fly)


def asked(sandbox: SandboxProcess, since: int) -> list[str]:
    """What reached the sandbox, machine ids and polling aside."""
    lines = []
    for each in sandbox.control.requests(since):
        path = re.sub(r"/machines/[0-9a-f]{14}", "/machines/ID", each["path"])
        path = re.sub(r"/releases/[A-Za-z0-9]{12}$", "/releases/ID", path)
        lines.append(f"{each['method']} {path}")
    return lines[:1] + [after for before, after in pairwise(lines) if before != after]


def running(sandbox: SandboxProcess) -> set[tuple[str, str]]:
    """The release and the tag that each machine of the app runs."""
    rows = [row for row in sandbox.machines(APP) if row["state"] == "started"]
    return {
        (row["config"]["metadata"]["fly_release_version"], row["image_ref"]["tag"]) for row in rows
    }


def test_reading_commands_make_one_round_each(sandbox: SandboxProcess, tool: Flyctl) -> None:
    since = sandbox.control.last_request()
    assert [app["name"] for app in tool.apps_list()] == ["harbor-api", "harbor-web"]
    rows = tool.releases(APP)
    assert len(rows) == 25
    assert all(before["version"] > after["version"] for before, after in pairwise(rows))
    assert len(tool.machines_list(APP)) == 2
    compact, machines, details = tool.status(APP)
    assert (compact["status"], len(machines), details) == ("deployed", 2, [])
    graph, list_all = "POST /graphql", f"GET /v1/apps/{APP}/machines"
    assert asked(sandbox, since) == [graph, list_all, graph, list_all]


def test_a_rolling_deploy_runs_its_command_and_then_machine_by_machine(
    sandbox: SandboxProcess, tool: Flyctl
) -> None:
    since = sandbox.control.last_request()
    with sandbox.steady_traffic(KEY, rate=20.0) as traffic:
        ended = tool.deploy(APP, f"registry.fly.io/{APP}:next", "rolling", ["bin/migrate"])
    assert (ended["status"], ended["stable"]) == ("complete", True)
    assert running(sandbox) == {(str(ended["version"]), "next")}
    newest = tool.releases(APP)[0]
    assert (newest["version"], newest["status"]) == (ended["version"], "complete")
    assert newest["user"]["email"] == "ann.berg@harbour.example"
    one, app = f"/v1/apps/{APP}/machines/ID", f"/v1/apps/{APP}"
    made = [
        f"GET {app}", "GET /api/v1/organizations/harbour-works", "POST /api/v1/builds",
        "POST /graphql", "POST /api/v1/builds/finish", f"GET {app}/machines",
        "POST /api/v1/releases", "PATCH /api/v1/releases/ID", f"POST {app}/machines",
        f"GET {one}/wait", f"POST {one}/start", f"GET {one}/wait", f"GET {one}",
    ]  # fmt: skip
    roll = [
        f"POST {one}/lease", f"POST {one}", f"POST {one}/lease", f"GET {one}/wait", f"GET {one}",
        f"GET {one}/ps", f"DELETE {one}/lease",
    ]  # fmt: skip
    end = ["PATCH /api/v1/releases/ID", f"GET {app}/ip_assignments"]
    lines = asked(sandbox, since)
    expected = made + roll + roll + end
    assert lines[: len(expected)] == expected
    assert traffic.good > 0


def test_every_strategy_brings_the_image_to_every_machine(
    sandbox: SandboxProcess, tool: Flyctl
) -> None:
    for strategy in ("immediate", "canary", "bluegreen"):
        ended = tool.deploy(APP, f"registry.fly.io/{APP}:next", strategy)
        assert (ended["status"], ended["strategy"]) == ("complete", strategy.upper())
        until(lambda: len(tool.machines_list(APP)) == 2, "the others destroyed")
        rows = tool.machines_list(APP)
        versions = {row["config"]["metadata"]["fly_release_version"] for row in rows}
        assert (len(rows), versions) == (2, {str(ended["version"])}), strategy
        assert not any(row["cordoned"] for row in rows), strategy
        assert not any("lease" in row for row in sandbox.machines(APP)), strategy
    _, machines, details = tool.status(APP)
    assert len(machines) == 2
    assert [each["digest"] for each in details] == [machines[0]["image_ref"]["digest"]]


def test_a_deploy_that_fails_leaves_what_flyctl_would_leave(
    sandbox: SandboxProcess, tool: Flyctl
) -> None:
    before = running(sandbox)
    with pytest.raises(DeployError, match="could not find image"):
        tool.deploy(APP, f"registry.fly.io/{APP}:never-built", "rolling")
    newest = tool.releases(APP)[0]["version"]
    with pytest.raises(DeployError, match="exit code 3"):
        tool.deploy(APP, f"registry.fly.io/{APP}:next", "rolling", ["sh", "-c", "exit 3"])
    assert running(sandbox) == before, "nothing changed on serving machines"
    failed = tool.releases(APP)[0]
    assert (failed["version"], failed["status"]) == (newest + 1, "failed")
    with pytest.raises(DeployError, match="crashes"):
        tool.deploy(APP, f"registry.fly.io/{APP}:crash", "bluegreen")
    assert running(sandbox) == before, "the greens are gone, the blues serve"
    until(lambda: len(tool.machines_list(APP)) == 2, "the greens destroyed")
    with pytest.raises(DeployError, match="crashes"):
        tool.deploy(APP, f"registry.fly.io/{APP}:crash", "rolling")
    versions = {row["config"]["metadata"]["fly_release_version"] for row in tool.machines_list(APP)}
    assert len(versions) == 2, "a failed roll leaves a mixed fleet"
    rows = sandbox.fly.get(f"/api/v1/apps/{APP}/releases", params={"limit": 1}).json()["releases"]
    assert "crashes" in rows[0]["metadata"]["post_deployment_info"]["error"]
