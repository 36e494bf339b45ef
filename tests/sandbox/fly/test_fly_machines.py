"""The practice Machines API: orders, versions, waits, leases, limits, metadata."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-web"
KEY = f"fly:{APP}"
NONCE = "fly-machine-lease-nonce"
Json = dict[str, Any]


class Bay:
    """One sandbox and short ways to its machines."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.http = sandbox.fly

    def path(self, machine: Json, tail: str = "") -> str:
        return self.sandbox.machine_path(APP, machine["id"], tail)

    def first(self) -> Json:
        return self.sandbox.machines(APP)[0]

    def show(self, machine: Json) -> Json:
        answer = self.http.get(self.path(machine))
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    def update(self, machine: Json, image: str, **more: object) -> httpx.Response:
        config = machine["config"] | {"image": f"registry.fly.io/{APP}:{image}"}
        return self.http.post(self.path(machine), json={"config": config, **more})

    def wait(self, machine: Json, **query: str | int) -> httpx.Response:
        return self.http.get(self.path(machine, "/wait"), params=query)

    def settle(self, machine: Json, version: str) -> Json:
        answer = self.wait(machine, state="settled", version=version)
        assert answer.status_code == 200, answer.text
        settled: Json = answer.json()
        return settled


@pytest.fixture
def bay(tmp_path: Path) -> Iterator[Bay]:
    with SandboxProcess(tmp_path) as running:
        running.control.act(KEY, "limits", on=False)
        yield Bay(running)


def test_an_update_makes_a_new_version_and_keeps_the_old_one(bay: Bay) -> None:
    before = bay.first()
    version = bay.update(before, "next", current_version=before["instance_id"]).json()["version"]
    assert bay.settle(before, version)["state"] == "started"
    after = bay.show(before)
    assert after["instance_id"] == after["version"] == version > before["instance_id"]
    assert after["image_ref"]["tag"] == "next"
    assert after["image_ref"]["labels"]["org.opencontainers.image.revision"]
    kinds = [(event["type"], event["status"]) for event in after["events"][:3]]
    assert kinds == [("start", "started"), ("exit", "stopped"), ("update", "replacing")]
    assert after["events"][1]["request"]["exit_event"]["requested_stop"] is True
    versions = bay.http.get(bay.path(before, "/versions")).json()
    assert [each["version"] for each in versions[:2]] == [version, before["instance_id"]]
    assert versions[1]["user_config"] == before["config"]
    old = bay.http.get(bay.path(before), params={"version": before["instance_id"]}).json()
    assert (old["state"], old["config"]) == ("replaced", before["config"])


def test_an_update_from_a_version_that_is_not_current_changes_nothing(bay: Bay) -> None:
    before = bay.first()
    refused = bay.update(before, "next", current_version="01J8ZCB1V7W3X5Y6Z8A9B0C1D2")
    assert refused.status_code == 409
    assert "current_version" in refused.json()["error"]
    assert bay.show(before)["instance_id"] == before["instance_id"]


def test_a_second_update_in_the_middle_of_the_first_is_refused(bay: Bay) -> None:
    machine = bay.first()
    assert bay.update(machine, "next").status_code == 200
    refused = bay.update(machine, "slow")
    assert refused.status_code == 409
    assert "machine is replacing: concurrent update in progress" in refused.json()["error"]
    start = bay.http.post(bay.path(machine, "/start"))
    assert start.status_code == 412
    assert "machine getting replaced, refusing to start" in start.json()["error"]


def test_the_platform_takes_an_unpullable_image_back(bay: Bay) -> None:
    before = bay.first()
    answer = bay.update(before, "never-built")
    assert answer.status_code == 200
    version = answer.json()["instance_id"]
    settled = bay.settle(before, version)
    assert (settled["state"], settled["version"]) == ("failed", version)
    after = bay.show(before)
    assert after["instance_id"] == before["instance_id"]
    assert after["state"] == "started"
    assert after["config"] == before["config"]
    assert after["events"][0]["type"] == "update"
    assert after["events"][0]["status"] == "failed"


def test_checks_are_empty_after_a_start_then_critical_then_passing(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, scale=4.0) as sandbox:
        sandbox.control.act(KEY, "limits", on=False)
        bay = Bay(sandbox)
        machine = bay.first()
        bay.settle(machine, bay.update(machine, "next").json()["instance_id"])
        seen: list[list[str]] = []

        def passing() -> bool:
            statuses = [check["status"] for check in bay.show(machine)["checks"]]
            if statuses not in seen:
                seen.append(statuses)
            return statuses == ["passing"]

        until(passing, "passing checks")
        assert seen == [[], ["critical"], ["passing"]]


def test_a_crash_restarts_and_in_the_end_gives_up(bay: Bay) -> None:
    machine = bay.first()
    bay.update(machine, "crash")
    stopped = until(lambda: _stopped(bay, machine), "a machine that gave up", 30)
    assert stopped is not None
    exits = [event for event in stopped["events"] if event["type"] == "exit"]
    last = exits[0]["request"]
    assert last["restart_count"] == 10
    assert last["exit_event"]["restarting"] is False
    assert exits[1]["request"]["exit_event"]["restarting"] is True
    assert {entry["request"]["exit_event"]["exit_code"] for entry in exits[:5]} == {1}


def _stopped(bay: Bay, machine: Json) -> Json | None:
    shown = bay.show(machine)
    return shown if shown["state"] == "stopped" else None


def test_a_created_machine_waits_for_its_preparation_before_it_starts(bay: Bay) -> None:
    config = bay.first()["config"]
    wish = {"config": config, "name": "spare", "skip_launch": True, "region": "fra"}
    made = bay.http.post(f"/v1/apps/{APP}/machines", json=wish).json()
    assert (made["state"], made["region"], len(made["id"])) == ("created", "fra", 14)
    early = bay.http.post(bay.path(made, "/start"))
    assert early.status_code == 412
    assert "unable to start machine from current state: 'created'" in early.json()["error"]
    assert bay.wait(made, state="stopped", version=made["version"]).json()["ok"] is True
    assert bay.http.post(bay.path(made, "/start")).json()["previous_state"] == "stopped"
    assert bay.wait(made, state="started").status_code == 200
    refused = bay.http.delete(bay.path(made))
    assert refused.status_code == 412
    assert bay.http.delete(bay.path(made), params={"force": "true"}).json() == {"ok": True}
    assert bay.wait(made, state="destroyed").status_code == 200
    # For a moment it can still be read; then it is as if it had never been.
    assert bay.show(made)["state"] == "destroyed"
    assert bay.http.post(bay.path(made, "/start")).status_code == 404
    until(lambda: bay.http.get(bay.path(made)).status_code == 404, "an end to it", 6)
    listed = bay.http.get(f"/v1/apps/{APP}/machines", params={"include_deleted": "true"}).json()
    assert [each["state"] for each in listed if each["id"] == made["id"]] == ["destroyed"]


def test_a_machine_can_be_created_cordoned_and_found_by_its_metadata(bay: Bay) -> None:
    config = bay.first()["config"]
    config["metadata"]["pilothouse_marker"] = "d1/surge"
    wish = {"config": config, "skip_service_registration": True, "lease_ttl": 30}
    made = bay.http.post(f"/v1/apps/{APP}/machines", json=wish).json()
    assert made["cordoned"] is True
    assert made["nonce"]
    query = {"metadata.pilothouse_marker": "d1/surge", "include_leases": "true"}
    found = bay.http.get(f"/v1/apps/{APP}/machines", params=query).json()
    assert [each["id"] for each in found] == [made["id"]]
    assert found[0]["lease"]["owner"] == "ann.berg@harbour.example"


def test_a_release_command_machine_runs_once_and_tells_its_exit_code(bay: Bay) -> None:
    for command, code in ((["bin/migrate"], 0), (["sh", "-c", "exit 3"], 3)):
        config = {
            "image": f"registry.fly.io/{APP}:next",
            "init": {"cmd": command},
            "restart": {"policy": "no"},
            "metadata": {"fly_process_group": "fly_app_release_command"},
        }
        made = bay.http.post(f"/v1/apps/{APP}/machines", json={"config": config}).json()
        assert bay.wait(made, state="stopped", version=made["version"]).status_code == 200
        event = bay.show(made)["events"][0]
        assert event["request"]["exit_event"]["exit_code"] == code
        assert bay.http.delete(bay.path(made)).status_code == 200


def test_a_lease_guards_against_everyone_without_its_nonce(bay: Bay) -> None:
    machine = bay.first()
    taken = bay.http.post(bay.path(machine, "/lease"), json={"ttl": 30, "description": "d1/2"})
    assert taken.status_code == 201
    nonce = taken.json()["data"]["nonce"]
    for refused in (
        bay.update(machine, "next"),
        bay.http.post(bay.path(machine, "/cordon")),
        bay.http.post(bay.path(machine, "/stop")),
        bay.http.delete(bay.path(machine), params={"force": "true"}),
        bay.http.post(bay.path(machine, "/lease"), params={"ttl": 13}),
        bay.http.delete(bay.path(machine, "/lease")),
        bay.http.post(bay.path(machine, "/exec"), json={"command": ["true"]}),
    ):
        assert refused.status_code == 409
        assert f"machine ID {machine['id']} lease currently held by" in refused.json()["error"]
        assert "expires at 20" in refused.json()["error"]
    shown = bay.http.get(bay.path(machine, "/lease")).json()["data"]
    assert (shown["nonce"], shown["description"]) == (nonce, "d1/2")
    mine = {NONCE: nonce}
    again = bay.http.post(bay.path(machine, "/lease"), params={"ttl": 13}, headers=mine)
    assert again.json()["data"]["nonce"] == nonce
    assert bay.http.post(bay.path(machine, "/cordon"), headers=mine).status_code == 200
    assert bay.http.post(f"{bay.path(machine)}/metadata/seen", json={"value": "1"}).is_success
    assert bay.http.delete(bay.path(machine, "/lease"), headers=mine).status_code == 200
    gone = bay.http.get(bay.path(machine, "/lease"))
    assert gone.status_code == 404
    assert "lease not found" in gone.json()["error"]


def test_a_lease_ends_by_itself_in_real_seconds(bay: Bay) -> None:
    machine = bay.first()
    began = time.monotonic()
    bay.http.post(bay.path(machine, "/lease"), params={"ttl": 1})
    until(lambda: bay.http.get(bay.path(machine, "/lease")).status_code == 404, "its end", 5)
    assert 0.9 < time.monotonic() - began < 2.5


def test_a_wait_answers_408_in_the_seconds_that_the_client_named(bay: Bay) -> None:
    machine = bay.first()
    began = time.monotonic()
    late = bay.wait(machine, state="stopped", timeout=1)
    assert late.status_code == 408
    text = "machine failed to reach desired state, stopped, currently started"
    assert text in late.json()["error"]
    assert 0.9 < time.monotonic() - began < 2.0
    assert bay.wait(machine, state="nonsense").status_code == 400
    assert bay.wait(machine, timeout=61).status_code == 400
    unknown = bay.wait(machine, version="01J8ZCB1V7W3X5Y6Z8A9B0C1D2")
    assert unknown.status_code == 404
    newest = machine["events"][0]["id"]
    assert bay.wait(machine, from_event_id=newest, timeout=1).status_code == 408


def test_a_long_poll_ends_at_the_moment_of_the_change(bay: Bay) -> None:
    machine = bay.first()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(bay.wait, machine, state="stopped")
        bay.http.post(bay.path(machine, "/stop"))
        assert waiting.result(10).json()["state"] == "stopped"


def test_metadata_needs_no_lease_and_makes_no_version(bay: Bay) -> None:
    machine = bay.first()
    one = bay.path(machine, "/metadata/pilothouse_run")
    assert bay.http.post(one, json={"value": "d1"}).status_code == 204
    assert bay.http.get(one).json() == {"value": "d1"}
    stale = {"metadata": {"a": "b"}, "machine_version": "01J8ZCB1V7W3X5Y6Z8A9B0C1D2"}
    assert bay.http.patch(bay.path(machine, "/metadata"), json=stale).status_code == 412
    merged = {"metadata": {"pilothouse_run": "", "pilothouse_role": "old"}}
    assert bay.http.patch(bay.path(machine, "/metadata"), json=merged).status_code == 204
    assert bay.http.get(one).status_code == 404
    after = bay.show(machine)
    assert after["instance_id"] == machine["instance_id"]
    assert after["config"]["metadata"]["pilothouse_role"] == "old"
    assert after["config"]["metadata"]["fly_process_group"] == "app"


def test_the_rate_limits_are_the_platforms_own(bay: Bay) -> None:
    bay.sandbox.control.act(KEY, "limits", on=True)
    machine = bay.first()
    codes = [bay.http.post(bay.path(machine, "/cordon")).status_code for _ in range(5)]
    assert codes == [200, 200, 200, 429, 429]
    assert bay.http.post(bay.path(machine, "/uncordon")).status_code == 200
    shows = [bay.http.get(bay.path(machine)) for _ in range(14)]
    assert [answer.status_code for answer in shows[:10]] == [200] * 10
    assert shows[-1].status_code == 429
    assert "rate limit exceeded" in shows[-1].json()["error"]


def test_a_host_that_cannot_be_reached_shows_no_configuration(bay: Bay) -> None:
    machine = bay.first()
    bay.sandbox.control.act(KEY, "host", instance=machine["id"], status="unreachable")
    shown = bay.show(machine)
    assert (shown["host_status"], shown["config"]) == ("unreachable", None)
    assert bay.update(machine, "next").status_code == 503


def test_what_others_do_is_seen(bay: Bay) -> None:
    machine, other = bay.sandbox.machines(APP)
    bay.sandbox.control.act(KEY, "steal-lease", instance=machine["id"], ttl=60)
    refused = bay.http.post(bay.path(machine, "/cordon"))
    assert "jonas.weil@harbour.example" in refused.json()["error"]
    bay.sandbox.control.act(KEY, "kill", instance=other["id"])
    exited = bay.show(other)["events"][0]
    assert exited["request"]["exit_event"]["exit_code"] == 137
    made = bay.sandbox.control.act(KEY, "foreign-deploy", image=f"registry.fly.io/{APP}:slow")
    numbers = {
        each["config"]["metadata"]["fly_release_version"] for each in bay.sandbox.machines(APP)
    }
    assert numbers == {str(made["version"])}
