"""Volumes of the practice Fly.io: whose they are, and what they rule out."""

from __future__ import annotations

import pytest

from pilothouse.sandbox.fly.volumes import has_volumes
from tests.sandbox.fly.quay import APP, Quay, Row, at_quay


async def volume(one: Quay, **wish: object) -> Row:
    body = {"name": "data", "region": "ams", "size_gb": 2} | wish
    row: Row = await one.ask("POST", "/volumes", json=body)
    return row


def mounting(identifier: str) -> Row:
    return {"mounts": [{"volume": identifier, "path": "/data"}]}


def test_a_volume_goes_with_one_machine_and_survives_it() -> None:
    async def scenario(one: Quay) -> None:
        made = await volume(one)
        assert (made["state"], made["attached_machine_id"]) == ("created", "")
        assert not has_volumes(one.fleet.site(APP).app)
        machine = await one.create(mounting(made["id"]))
        assert machine["region"] == "ams"
        assert machine["config"]["mounts"][0]["name"] == "data"
        assert has_volumes(one.fleet.site(APP).app)
        shown = await one.ask("GET", f"/volumes/{made['id']}")
        assert shown["attached_machine_id"] == machine["id"]
        refused = await one.create(mounting(made["id"]), 412)
        text = f"insufficient resources to create new machine with existing volume '{made['id']}'"
        assert text in refused["error"]
        refused = await one.ask("DELETE", f"/volumes/{made['id']}", 412)
        assert f"volume is currently bound to machine: {machine['id']}" in refused["error"]
        assert len(await one.machines()) == 3
        await one.ask("DELETE", f"/machines/{machine['id']}?force=true")
        await one.until_state(machine, "destroyed")
        again = await one.create({"mounts": [{"name": "data", "path": "/data"}]})
        assert again["config"]["mounts"][0]["volume"] == made["id"]

    at_quay(scenario)


def test_a_mount_needs_a_free_volume_of_its_region() -> None:
    async def scenario(one: Quay) -> None:
        made = await volume(one, region="fra")
        before = await one.machines()
        await one.create(mounting("vol_00000000000000000"), 404)
        await one.create(mounting(made["id"]), 412, region="ams")
        await one.create({"mounts": [{"name": "other", "path": "/data"}]}, 412)
        two = [{"volume": made["id"], "path": "/a"}, {"volume": made["id"], "path": "/b"}]
        await one.create({"mounts": two}, 400)
        await one.create({"mounts": [{"volume": made["id"], "path": "data"}]}, 400)
        assert await one.machines() == before

    at_quay(scenario)


def test_an_update_that_is_taken_back_gives_its_volume_back() -> None:
    async def scenario(one: Quay) -> None:
        first, second = await volume(one), await volume(one)
        machine = await one.create(mounting(first["id"]))
        await one.until_state(machine, "started")
        lost = mounting(second["id"]) | {"image": f"registry.fly.io/{APP}:never-built"}
        await one.update(machine, lost)
        shown = await one.ask("GET", f"/volumes/{second['id']}")
        assert shown["attached_machine_id"] == machine["id"]
        back = await one.until_state(machine, "started")
        assert back["instance_id"] == machine["instance_id"]
        owners = [
            (await one.ask("GET", f"/volumes/{each['id']}"))["attached_machine_id"]
            for each in (first, second)
        ]
        assert owners == [machine["id"], ""]
        await one.update(back, mounting(first["id"]))

    at_quay(scenario)


def test_a_volume_grows_is_copied_and_goes() -> None:
    async def scenario(one: Quay) -> None:
        made = await volume(one, snapshot_retention=7)
        path = f"/volumes/{made['id']}"
        grown = await one.ask("PUT", f"{path}/extend", json={"size_gb": 9})
        assert (grown["needs_restart"], grown["volume"]["size_gb"]) == (False, 9)
        await one.ask("PUT", f"{path}/extend", 400, json={"size_gb": 4})
        await one.ask("PUT", path, json={"snapshot_retention": 30, "auto_backup_enabled": False})
        await one.ask("PUT", path, 400, json={"snapshot_retention": 61})
        await one.ask("POST", f"{path}/snapshots")
        taken = (await one.ask("GET", f"{path}/snapshots"))[0]
        assert (taken["status"], taken["retention_days"]) == ("created", 30)
        await one.ask(
            "POST", "/volumes", 400, json={"name": "b", "snapshot_id": taken["id"], "size_gb": 8}
        )
        copied = await one.ask("POST", "/volumes", json={"name": "b", "snapshot_id": taken["id"]})
        assert copied["size_gb"] == 9
        gone = await one.ask("DELETE", path)
        assert gone["state"] == "pending_destroy"
        await one.ask("GET", path, 404)
        states = {each["id"]: each["state"] for each in await one.ask("GET", "/volumes")}
        assert states == {made["id"]: "pending_destroy", copied["id"]: "created"}

    at_quay(scenario)


@pytest.mark.parametrize(
    "wish",
    [
        {"name": "With-Dash"},
        {"name": ""},
        {"name": "x" * 31},
        {"size_gb": 0},
        {"size_gb": 501},
        {"size_gb": "2"},
        {"size_gb": 10**30},
        {"region": "nowhere"},
        {"snapshot_retention": 0},
    ],
)
def test_a_volume_that_cannot_be_is_refused(wish: Row) -> None:
    async def scenario(one: Quay) -> None:
        body = {"name": "data", "region": "ams", "size_gb": 2} | wish
        refused = await one.ask("POST", "/volumes", 400, json=body)
        assert refused["error"]
        assert await one.ask("GET", "/volumes") == []

    at_quay(scenario)
