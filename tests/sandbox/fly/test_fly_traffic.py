"""What a person's requests meet while machines of the practice Fly.io change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox_process import SandboxProcess
from tests.waiting import until

APP = "harbor-api"
KEY = f"fly:{APP}"
PROPAGATED_S = 10.0


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path) as running:
        running.control.act(KEY, "limits", on=False)
        yield running


def post(sandbox: SandboxProcess, machine: str, tail: str, **body: object) -> dict[str, Any]:
    answer = sandbox.fly.post(sandbox.machine_path(APP, machine, tail), json=body or None)
    assert answer.status_code in (200, 201), answer.text
    value: dict[str, Any] = answer.json()
    return value


def healthy(sandbox: SandboxProcess, machine: str, version: str) -> bool:
    shown = sandbox.fly.get(sandbox.machine_path(APP, machine)).json()
    assert shown["instance_id"] == version
    checks = [check["status"] for check in shown["checks"]]
    return shown["state"] == "started" and checks == ["passing"]


def propagate(sandbox: SandboxProcess) -> None:
    over = time.monotonic() + PROPAGATED_S / sandbox.scale
    until(lambda: time.monotonic() > over, "the proxies to know")


def update(sandbox: SandboxProcess, machine: dict[str, Any], image: str) -> str:
    config = machine["config"] | {"image": f"registry.fly.io/{APP}:{image}"}
    version = machine["instance_id"]
    updated = post(sandbox, machine["id"], "", config=config, current_version=version)
    assert updated["state"] == "replacing"
    return str(updated["instance_id"])


def test_a_correct_roll_at_fifty_requests_a_second_loses_nothing(sandbox: SandboxProcess) -> None:
    with sandbox.steady_traffic(KEY, rate=50) as traffic:
        slow = sandbox.steady_traffic(KEY, rate=4, path="/slow?s=0.4")
        with slow:
            for machine in sandbox.machines(APP):
                post(sandbox, machine["id"], "/cordon")
                propagate(sandbox)
                version = update(sandbox, machine, "next")
                until(lambda: healthy(sandbox, machine["id"], version), "a healthy machine")  # noqa: B023
                post(sandbox, machine["id"], "/uncordon")
                propagate(sandbox)
    assert traffic.lost == []
    assert slow.lost == []
    assert traffic.good == traffic.sent
    assert sandbox.control.app(KEY)["edge"]["lost"] == 0
    assert len(traffic.instances) == 4


def test_a_request_in_flight_on_a_cordoned_machine_is_finished(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]
    pin = {"fly-force-instance-id": machine["id"]}
    address = sandbox.url(KEY)
    with sandbox.steady_traffic(KEY, rate=20, path="/slow?s=0.5") as traffic:
        until(lambda: traffic.instances[machine["id"]], "traffic on the machine")
        post(sandbox, machine["id"], "/cordon")
        propagate(sandbox)
        post(sandbox, machine["id"], "/stop")
        version = machine["instance_id"]
        query = {"state": "stopped", "version": version}
        path = sandbox.machine_path(APP, machine["id"], "/wait")
        assert sandbox.fly.get(path, params=query).status_code == 200
    assert traffic.lost == []
    pinned = httpx.get(address, headers=pin)
    assert pinned.status_code == 503


def test_a_cordoned_machine_cannot_be_pinned_once_the_proxies_know(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]
    pin = {"fly-force-instance-id": machine["id"]}
    answer = httpx.get(sandbox.url(KEY), headers=pin)
    assert answer.json()["instance"] == machine["id"]
    assert answer.headers["fly-machine-id"] == machine["id"]
    post(sandbox, machine["id"], "/cordon")
    propagate(sandbox)
    assert httpx.get(sandbox.url(KEY), headers=pin).status_code == 503


def test_cordoning_reaches_the_proxies_only_after_a_while(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path, scale=2.0) as sandbox:
        machine = sandbox.machines(APP)[0]
        pin = {"fly-force-instance-id": machine["id"]}
        post(sandbox, machine["id"], "/cordon")
        assert httpx.get(sandbox.url(KEY), headers=pin).status_code == 200


def test_an_unhealthy_version_gets_no_traffic(sandbox: SandboxProcess) -> None:
    machine = sandbox.machines(APP)[0]
    version = update(sandbox, machine, "unhealthy")

    def critical() -> bool:
        shown = sandbox.fly.get(sandbox.machine_path(APP, machine["id"])).json()
        assert shown["instance_id"] == version
        return [check["output"] for check in shown["checks"]] == ["503"]

    until(critical, "a failing check")
    with sandbox.steady_traffic(KEY, rate=50) as traffic:
        until(lambda: traffic.good > 40, "some traffic")
    assert traffic.lost == []
    assert machine["id"] not in traffic.instances


def test_with_no_healthy_machine_a_request_waits_and_then_gets_503(sandbox: SandboxProcess) -> None:
    for machine in sandbox.machines(APP):
        update(sandbox, machine, "unhealthy")
    began = time.monotonic()
    answer = until(lambda: _refused(sandbox), "a refusal", 20)
    assert answer is not None
    assert "could not find a good candidate" in answer.text
    assert answer.elapsed.total_seconds() > 1.5, "it was held before it was refused"
    assert time.monotonic() - began < 20


def _refused(sandbox: SandboxProcess) -> httpx.Response | None:
    answer = httpx.get(sandbox.url(KEY), timeout=30)
    return answer if answer.status_code == 503 else None


def test_every_twentieth_answer_of_err5_fails_while_its_health_stays_good(
    sandbox: SandboxProcess,
) -> None:
    machine = sandbox.machines(APP)[0]
    version = update(sandbox, machine, "err5")
    until(lambda: healthy(sandbox, machine["id"], version), "a healthy machine")
    pin = {"fly-force-instance-id": machine["id"]}
    with httpx.Client(base_url=sandbox.url(KEY), headers=pin) as client:
        codes = [client.get("/").status_code for _ in range(60)]
        assert client.get("/healthz").status_code == 200
    assert [n for n, code in enumerate(codes, 1) if code == 500] == [20, 40, 60]


def test_a_sleeping_machine_is_woken_by_a_request(sandbox: SandboxProcess) -> None:
    machines = sandbox.machines("harbor-web")
    for machine in machines:
        sandbox.control.act("fly:harbor-web", "stop", instance=machine["id"])
    until(lambda: _states(sandbox) == {"stopped"}, "sleeping machines")
    assert httpx.get(sandbox.url("fly:harbor-web"), timeout=30).status_code == 200
    woken = [m for m in sandbox.machines("harbor-web") if m["state"] == "started"]
    assert len(woken) == 1
    starts = [event for event in woken[0]["events"] if event["status"] == "starting"]
    assert starts[0]["source"] == "proxy"


def _states(sandbox: SandboxProcess) -> set[str]:
    return {machine["state"] for machine in sandbox.machines("harbor-web")}


def test_a_body_and_a_head_request_pass_through_the_edge(sandbox: SandboxProcess) -> None:
    with httpx.Client(base_url=sandbox.url(KEY)) as client:
        assert client.post("/", content=b"x" * 300_000).status_code == 200
        assert client.post("/", content=iter([b"a" * 1000, b"b" * 70_000])).status_code == 200
        headed = client.head("/")
        assert headed.status_code == 200
        assert headed.content == b""
        assert client.get("/nowhere").status_code == 404
