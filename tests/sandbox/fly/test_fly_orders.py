"""Orders to practice machines: signals, suspension, standbys, jobs, room on the hosts."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.sandbox.fly.quay import APP, NONCE, Quay, Row, at_quay
from tests.waiting import until_async


def image(tag: str) -> Row:
    return {"image": f"registry.fly.io/{APP}:{tag}"}


async def exit_of(one: Quay, machine: Row) -> Row:
    events = (await one.show(machine))["events"]
    found: Row = next(event["request"] for event in events if event["type"] == "exit")
    return found


def test_a_stop_lets_requests_finish_only_by_a_signal_that_is_heard() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        pin = {"fly-force-instance-id": machine["id"]}
        for signal, code, number, status in (("SIGTERM", 0, -1, 200), ("SIGKILL", 137, 9, 502)):
            await one.until_serving(machine)
            answer = asyncio.create_task(one.visit("/slow?s=0.5", **pin))
            edge = one.world.edges[f"fly:{APP}"]

            async def taken() -> int:
                return edge.in_flight(machine["id"])  # noqa: B023

            await until_async(taken, "the request on the machine")
            body = {"signal": signal, "timeout": "5s"}
            await one.order(machine, "stop", json=body)
            await one.until_state(machine, "stopped")
            assert (await answer).status_code == status
            ended = (await exit_of(one, machine))["exit_event"]
            assert (ended["exit_code"], ended["guest_signal"]) == (code, number)
            assert ended["requested_stop"] is True
            await one.order(machine, "start")
            await one.until_state(machine, "started")

    at_quay(scenario)


def test_the_stop_timeout_of_the_configuration_cuts_what_takes_longer() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        stop = {"stop_config": {"signal": "SIGTERM", "timeout": "300ms"}}
        await one.upgrade(machine, stop)
        answer = asyncio.create_task(
            one.visit("/slow?s=5", **{"fly-force-instance-id": machine["id"]})
        )
        edge = one.world.edges[f"fly:{APP}"]

        async def taken() -> int:
            return edge.in_flight(machine["id"])

        await until_async(taken, "the request on the machine")
        began = time.monotonic()
        await one.order(machine, "stop")
        await one.until_state(machine, "stopped")
        assert time.monotonic() - began < 2.0
        assert (await answer).status_code == 502

    at_quay(scenario)


@pytest.mark.parametrize(
    ("signal", "code", "restarts"), [("SIGKILL", 137, True), (9, 137, True), ("SIGINT", 0, False)]
)
def test_a_signal_ends_the_process_as_if_by_itself(
    signal: str | int, code: int, restarts: bool
) -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        await one.order(machine, "signal", json={"signal": signal})
        ended = (await exit_of(one, machine))["exit_event"]
        assert (ended["exit_code"], ended["requested_stop"]) == (code, False)
        assert ended["restarting"] is restarts
        assert (await one.until_state(machine, "started" if restarts else "stopped"))["id"]

    at_quay(scenario)


def test_a_suspended_machine_keeps_its_memory_and_an_update_throws_it_away() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        await one.until_serving(machine)

        async def sick() -> bool:
            checks = (await one.show(machine))["checks"]
            return [check["output"] for check in checks] == ["503"]

        await one.act("sicken", instance=machine["id"])
        await until_async(sick, "a failing check")
        await one.order(machine, "suspend")
        await one.until_state(machine, "suspended")
        assert (await one.order(machine, "start"))["previous_state"] == "suspended"
        await one.until_state(machine, "started")
        await until_async(sick, "the same process, as sick as before")
        await one.order(machine, "suspend")
        await one.until_state(machine, "suspended")
        version = (await one.update(machine, {}, skip_launch=True))["instance_id"]
        rested = await one.until_state(machine, "stopped")
        assert rested["instance_id"] == version
        await one.order(machine, "start")
        await one.until_serving(machine)

    at_quay(scenario)


def test_a_machine_that_cannot_be_suspended_is_stopped() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.create({"init": {"swap_size_mb": 512}})
        await one.until_state(machine, "started")
        await one.order(machine, "suspend")
        assert (await one.until_state(machine, "stopped", "suspended"))["state"] == "stopped"

    at_quay(scenario)


def test_standbys_come_up_for_a_lost_host_and_rest_when_it_is_back() -> None:
    async def scenario(one: Quay) -> None:
        watched = await one.first()
        plain = {"services": [], "standbys": [watched["id"]]}
        standby = await one.create(plain)
        await one.until_state(standby, "stopped")
        await one.act("host", instance=watched["id"], status="unreachable")
        lost = await one.show(watched)
        assert lost["config"] is None
        assert lost["incomplete_config"]["image"]
        await one.until_state(standby, "started")
        await one.act("host", instance=watched["id"], status="ok")
        await one.until_state(standby, "stopped")
        refused = await one.create({"standbys": [watched["id"]]}, 422)
        assert "standby" in refused["error"]

    at_quay(scenario)


@pytest.mark.parametrize(
    ("command", "tag", "code"),
    [
        (["bin/migrate"], "next", 0),
        (["bin/migrate", "exit", "4"], "next", 0),
        (["bin/falsehood"], "next", 0),
        (["false"], "next", 1),
        (["/bin/sh", "-c", "echo one && exit 3"], "next", 3),
        (["sh", "-c", "false || true; echo done"], "next", 0),
        (["sh", "-c", "false && exit 7"], "next", 1),
        (["bin/migrate"], "crash", 1),
        (["bin/migrate"], "unhealthy", 0),
    ],
)
def test_a_release_command_ends_as_its_command_and_image_say(
    command: list[str], tag: str, code: int
) -> None:
    async def scenario(one: Quay) -> None:
        config = {
            "init": {"cmd": command},
            "services": [],
            "restart": {"policy": "no"},
            "auto_destroy": True,
            "metadata": {"fly_process_group": "fly_app_release_command"},
        }
        made = await one.create(config | image(tag), skip_launch=True)
        wait = f"/machines/{made['id']}/wait"
        await one.ask("GET", wait, params={"state": "stopped"})
        await one.order(made, "start")
        assert (await one.ask("GET", wait, params={"state": "destroyed"}))["state"] == "destroyed"
        gone = await one.show(made)
        assert gone["state"] == "destroyed"
        kinds = [event["type"] for event in gone["events"]]
        assert kinds.index("exit") < kinds.index("start")
        assert (await exit_of(one, made))["exit_event"]["exit_code"] == code

    at_quay(scenario, scale=400)


def test_where_there_is_no_room_a_machine_is_refused_or_taken_back() -> None:
    async def scenario(one: Quay) -> None:
        machine = next(row for row in await one.machines() if row["region"] == "ams")
        more = {"guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 1024}}
        await one.act("capacity", region="ams", how="refuse")
        refused = await one.create(None, 422, region="ams")
        assert refused["status"] == "insufficient_capacity"
        assert "could not reserve resource for machine" in refused["error"]
        assert "could not reserve" in (await one.update(machine, more, 412))["error"]
        await one.act("capacity", region="ams", how="drain")
        disabled = await one.update(machine, {}, 503)
        assert "deploys to this host are temporarily disabled" in disabled["error"]
        assert (await one.show(machine))["instance_id"] == machine["instance_id"]
        await one.act("capacity", region="ams", how="revert")
        assert (await one.update(machine, more))["state"] == "replacing"
        back = await one.until_state(machine, "started")
        assert (back["instance_id"], back["config"]) == (machine["instance_id"], machine["config"])
        assert "could not reserve" in back["events"][0]["request"]["error"]
        failed = await one.create(region="ams")
        lost = await one.until_state(failed, "destroyed")
        assert "launch_failed" in [event["status"] for event in lost["events"]]
        await one.act("capacity", region="ams", how="ok")
        assert (await one.create(region="ams"))["id"]

    at_quay(scenario)


def test_a_restart_policy_says_who_comes_up_again() -> None:
    async def scenario(one: Quay) -> None:
        rules: list[tuple[Row, int]] = [
            ({"policy": "no"}, 1),
            ({"policy": "on-failure", "max_retries": 2}, 3),
        ]
        for rule, exits in rules:
            made = await one.create({"restart": rule} | image("crash"))
            stopped = await one.until_state(made, "stopped")
            kinds = [event["type"] for event in stopped["events"]]
            assert kinds.count("exit") == exits
        always = await one.create({"restart": {"policy": "always"}})
        await one.until_serving(always)
        await one.order(always, "signal", json={"signal": "SIGTERM"})
        ended = (await exit_of(one, always))["exit_event"]
        assert (ended["exit_code"], ended["restarting"]) == (0, True)
        await one.until_state(always, "started")

    at_quay(scenario, scale=400)


def test_what_is_inside_a_machine_can_be_asked() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        run = f"/machines/{machine['id']}/exec"
        done = await one.ask("POST", run, json={"command": ["sh", "-c", "echo hi; exit 4"]})
        assert (done["exit_code"], done["stdout"]) == (4, "hi\n")
        assert (await one.ask("POST", run, json={"cmd": "true"}))["exit_code"] == 0
        await one.ask("POST", run, 400, json={})
        await one.ask("POST", run, 400, json={"cmd": "echo 'open"})
        await one.ask("POST", run, 408, json={"cmd": "sleep 3", "timeout": 1})
        rows = await one.ask("GET", f"/machines/{machine['id']}/ps?sort_by=rss&order=desc")
        assert [row["command"] for row in rows] == ["/app/serve", "/fly/init"]
        await one.ask("GET", f"/machines/{machine['id']}/ps?sort_by=age", 400)
        memory = f"/machines/{machine['id']}/memory"
        assert (await one.ask("GET", memory))["limit_mb"] == 256
        assert (await one.ask("PUT", memory, json={"limit_mb": 128}))["limit_mb"] == 128
        await one.ask("PUT", memory, 400, json={"limit_mb": 4096})
        free = (await one.ask("GET", memory))["available_mb"]
        given = await one.ask("POST", f"{memory}/reclaim", json={"amount_mb": 1000})
        assert given == {"actual_mb": free}
        await one.order(machine, "stop")
        await one.until_state(machine, "stopped")
        for method, path in (("GET", memory), ("POST", run)):
            await one.ask(method, path, 412, json={"cmd": "true"})

    at_quay(scenario)


def test_a_lease_comes_with_a_new_machine_or_version() -> None:
    async def scenario(one: Quay) -> None:
        made = await one.create(lease_ttl=30, skip_launch=True)
        await one.until_state(made, "stopped")
        await one.update(made, {}, 409)
        mine = {NONCE: made["nonce"]}
        body = {"config": made["config"], "lease_ttl": 60, "skip_launch": True}
        again = await one.ask("POST", f"/machines/{made['id']}", json=body, headers=mine)
        assert again["nonce"] == made["nonce"]
        listed = await one.machines("?include_leases=true")
        leased = next(row["lease"] for row in listed if row["id"] == made["id"])
        assert leased["expires_at"] > time.time() + 40
        await one.ask("DELETE", f"/machines/{made['id']}?force=true", headers=mine)

    at_quay(scenario)


def test_flyctls_own_flags_are_understood() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        pin = {"fly-force-instance-id": machine["id"]}
        slow = asyncio.create_task(one.visit("/slow?s=5", **pin))
        edge = one.world.edges[f"fly:{APP}"]

        async def taken() -> int:
            return edge.in_flight(machine["id"])

        await until_async(taken, "the request on the machine")
        await one.order(machine, "restart?force_stop=true")
        assert (await slow).status_code == 502
        await one.until_serving(machine)
        await one.order(machine, "restart?timeout=10&signal=SIGTERM")
        await one.until_serving(machine)
        path = f"/machines/{machine['id']}"
        await one.ask("DELETE", f"{path}?kill=false", 412)
        await one.ask("DELETE", f"{path}?kill=true")
        await one.until_state(machine, "destroyed")

    at_quay(scenario)


def test_a_machine_keeps_at_most_fifty_events() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        for _ in range(30):
            await one.order(machine, "cordon")
            await one.order(machine, "uncordon")
        events = await one.ask("GET", f"/machines/{machine['id']}/events?limit=90")
        assert len(events) == 50
        assert [each["id"] for each in events] == sorted((e["id"] for e in events), reverse=True)
        assert len(await one.ask("GET", f"/machines/{machine['id']}/events")) == 20

    at_quay(scenario)
