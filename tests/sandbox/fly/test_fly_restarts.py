"""What the practice machines keep over an end of the sandbox itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.sandbox.fly.quay import Row, quay
from tests.waiting import until_async


def test_volumes_frozen_memory_and_full_regions_outlive_the_sandbox(tmp_path: Path) -> None:
    async def before() -> tuple[Row, Row]:
        async with quay(directory=tmp_path) as one:
            disk = await one.ask("POST", "/volumes", json={"name": "data", "region": "ams"})
            machine = await one.create({"mounts": [{"volume": disk["id"], "path": "/data"}]})
            await one.until_serving(machine)
            await one.act("sicken", instance=machine["id"])
            await one.order(machine, "suspend")
            await one.until_state(machine, "suspended")
            await one.act("capacity", region="fra", how="refuse")
            return disk, machine

    async def after(disk: Row, machine: Row) -> None:
        async with quay(directory=tmp_path) as one:
            assert (await one.show(machine))["state"] == "suspended"
            shown = await one.ask("GET", f"/volumes/{disk['id']}")
            assert shown["attached_machine_id"] == machine["id"]
            await one.create(None, 422, region="fra")
            await one.order(machine, "start")

            async def sick() -> bool:
                checks = (await one.show(machine))["checks"]
                return [check["output"] for check in checks] == ["503"]

            await until_async(sick, "the same process, as sick as before")

    asyncio.run(after(*asyncio.run(before())))


def test_what_was_under_way_is_brought_to_its_end(tmp_path: Path) -> None:
    async def before() -> list[Row]:
        async with quay(directory=tmp_path, scale=0.5) as one:
            first, second = await one.machines()
            lost = {"image": "registry.fly.io/harbor-web:never-built"}
            assert (await one.update(first, lost))["state"] == "replacing"
            assert (await one.update(second, {}))["state"] == "replacing"
            made = await one.create(skip_launch=True)
            assert made["state"] == "created"
            return [first, second, made]

    async def after(first: Row, second: Row, made: Row) -> None:
        async with quay(directory=tmp_path) as one:
            back, newer = await one.until_serving(first), await one.until_serving(second)
            assert (back["instance_id"], back["config"]) == (first["instance_id"], first["config"])
            assert newer["instance_id"] > second["instance_id"]
            assert (await one.show(made))["state"] == "stopped"

    asyncio.run(after(*asyncio.run(before())))
