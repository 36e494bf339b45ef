"""What the practice proxy does on its own: it stops machines that idle, and wakes sleeping ones."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable

from tests.sandbox.fly.quay import APP, Quay, Row, at_quay
from tests.waiting import until_async

SCALE = 600.0
"""At which the proxy looks at the machines every 0.4 s."""


def serving(machine: Row, **changes: object) -> Row:
    """The services of a machine with other settings."""
    services = copy.deepcopy(machine["config"]["services"])
    services[0].update(changes)
    return {"services": services}


async def configure(one: Quay, **changes: object) -> list[Row]:
    """Give every machine other settings of its service."""
    rows = await one.machines()
    return [await one.upgrade(row, serving(row, **changes)) for row in rows]


async def until_up(one: Quay, count: int) -> list[Row]:
    async def look() -> list[Row]:
        rows = await one.machines("?state=started,stopped,suspended")
        up = [row for row in rows if row["state"] == "started"]
        return rows if len(up) == count and len(rows) == 2 else []

    return await until_async(look, f"{count} machines up", 20)


def test_idle_machines_are_stopped_down_to_the_minimum_of_the_primary_region() -> None:
    async def scenario(one: Quay) -> None:
        await configure(one, autostop=True, min_machines_running=1)
        rows = await until_up(one, 1)
        stopped = next(row for row in rows if row["state"] == "stopped")
        assert stopped["region"] == "fra", "the primary region keeps its minimum"
        ended, asked = stopped["events"][:2]
        assert (asked["type"], asked["source"]) == ("stop", "proxy")
        exit_event = ended["request"]["exit_event"]
        assert exit_event["requested_stop"] is True
        assert exit_event["exit_code"] == 0

    at_quay(scenario, scale=SCALE)


def test_of_a_region_one_machine_is_stopped_at_a_look_and_a_busy_one_stays() -> None:
    async def scenario(one: Quay) -> None:
        busy = await one.create(name="second", region="ams")
        await one.until_serving(busy)
        await configure(one, autostop="stop", min_machines_running=0)
        await one.order(busy, "start")
        await one.until_serving(busy)
        pin = {"fly-force-instance-id": busy["id"]}
        answer = asyncio.create_task(one.visit("/slow?s=2.5", **pin))
        await until_async(lambda: only_one_up(one), "one machine up", 20)
        assert (await one.show(busy))["state"] == "started"
        assert (await answer).json()["instance"] == busy["id"]
        await one.until_state(busy, "stopped")

    at_quay(scenario, scale=SCALE)


async def only_one_up(one: Quay) -> bool:
    return [row["state"] for row in await one.machines()].count("started") == 1


async def reached(count: Callable[[], Awaitable[int]], wanted: int) -> bool:
    return await count() >= wanted


def test_a_suspended_machine_is_woken_by_a_request_that_waits_for_it() -> None:
    async def scenario(one: Quay) -> None:
        await configure(one, autostop="suspend", min_machines_running=0)
        rows = await until_up(one, 0)
        assert {row["state"] for row in rows} == {"suspended"}
        assert {event["type"] for event in rows[0]["events"][:1]} == {"suspend"}
        answer = await one.visit()
        assert answer.status_code == 200
        woken = await one.show({"id": answer.json()["instance"]})
        assert next(e for e in woken["events"] if e["status"] == "starting")["source"] == "proxy"

    at_quay(scenario, scale=SCALE)


def test_without_autostart_nobody_is_woken() -> None:
    async def scenario(one: Quay) -> None:
        for machine in await configure(one, autostart=False):
            await one.order(machine, "stop")
            await one.until_state(machine, "stopped")
        answer = await one.visit()
        assert answer.status_code == 503
        assert "PR04" in answer.text
        assert {row["state"] for row in await one.machines()} == {"stopped"}

    at_quay(scenario, scale=SCALE)


def test_another_machine_is_woken_when_all_that_are_up_are_busy() -> None:
    async def scenario(one: Quay) -> None:
        limits = {"type": "requests", "soft_limit": 2, "hard_limit": 4}
        rows = await configure(one, concurrency=limits)
        await one.order(rows[0], "stop")
        await one.until_state(rows[0], "stopped")
        slow = [asyncio.create_task(one.visit("/slow?s=1.5")) for _ in range(3)]
        await one.until_state(rows[0], "started")
        assert {answer.status_code for answer in await asyncio.gather(*slow)} == {200}

    at_quay(scenario, scale=SCALE)


def test_without_autostop_nobody_is_stopped() -> None:
    async def scenario(one: Quay) -> None:
        sleepy = serving(await one.first(), autostop=True, min_machines_running=0)
        sleeper = await one.create(sleepy, name="sleeper")
        await one.until_serving(sleeper)
        await one.until_state(sleeper, "stopped")
        assert [row["state"] for row in await one.machines()].count("started") == 2

    at_quay(scenario, scale=SCALE)


def test_a_machine_with_a_schedule_runs_once_a_period() -> None:
    async def scenario(one: Quay) -> None:
        config = {"schedule": "hourly", "services": [], "init": {"cmd": ["bin/report"]}}
        made = await one.create(config)
        machine = one.fleet.life(APP, made["id"]).machine

        async def runs() -> int:
            return sum(event["type"] == "exit" for event in (await one.show(made))["events"])

        for run in (1, 2, 3):
            await until_async(lambda: reached(runs, run), f"run {run}")  # noqa: B023
            machine.started_at -= 3600.0 / one.world.pace.scale
        events = (await one.show(made))["events"]
        assert {e["source"] for e in events if e["status"] == "starting"} == {"flyd"}

    at_quay(scenario, scale=SCALE)
