"""What the practice Machines API refuses: in its own form, and changing nothing."""

from __future__ import annotations

import copy
import json

import msgspec
import pytest

from pilothouse.sandbox.fly import paging
from pilothouse.sandbox.fly.errors import FlyError
from tests.sandbox.fly.quay import APP, NONCE, Quay, Row, at_quay

CHECK: Row = {"type": "http", "interval": "15s", "timeout": "2s", "path": "/healthz"}
BAD_CONFIGS: list[Row] = [
    {"image": ""},
    {"image": None},
    {"image": 7},
    {"image": "with blank"},
    {"env": ["A=b"]},
    {"env": {"A": 1}},
    {"metadata": {"a": True}},
    {"metadata": {"": "x"}},
    {"metadata": {"a": "x" * 70_000}},
    {"services": {}},
    {"services": [{"internal_port": 0}]},
    {"services": [{"internal_port": 70_000}]},
    {"services": [{"internal_port": "8080"}]},
    {"services": [{"internal_port": 80, "protocol": "icmp"}]},
    {"services": [{"internal_port": 80, "autostop": "sometimes"}]},
    {"services": [{"internal_port": 80, "autostop": 1}]},
    {"services": [{"internal_port": 80, "min_machines_running": -1}]},
    {"services": [{"internal_port": 80, "concurrency": {"type": "threads"}}]},
    {"services": [{"internal_port": 80, "concurrency": {"hard_limit": -1}}]},
    {"services": [{"internal_port": 80, "checks": [CHECK | {"type": "grpc"}]}]},
    {"checks": {"a": CHECK | {"interval": "soon"}}},
    {"checks": {"a": CHECK | {"interval": "0s"}}},
    {"checks": {"a": CHECK | {"timeout": 1e400}}},
    {"checks": {"a": CHECK | {"kind": "liveness"}}},
    {"checks": {"a": CHECK | {"path": "/a\r\nx: y"}}},
    {"checks": {"a": CHECK | {"headers": [{"name": "a", "values": ["b\n"]}]}}},
    {"guest": {"cpu_kind": "quantum", "cpus": 1, "memory_mb": 256}},
    {"guest": {"cpu_kind": "shared", "cpus": 3, "memory_mb": 1024}},
    {"guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 128}},
    {"guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 300}},
    {"guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 10**12}},
    {"guest": {"cpu_kind": "performance", "cpus": 1, "memory_mb": 256}},
    {"guest": {"cpus": -1}},
    {"restart": {"policy": "perhaps"}},
    {"restart": {"policy": "on-failure", "max_retries": -1}},
    {"stop_config": {"signal": "SIGWINCH"}},
    {"stop_config": {"timeout": "301s"}},
    {"stop_config": {"timeout": "a while"}},
    {"schedule": "yearly"},
    {"mounts": [{"path": "/data"}]},
    {"containers": [{"name": "a", "image": "x"}, {"name": "a", "image": "y"}]},
    {"containers": [{"name": "a"}]},
]
BAD_WISHES: list[Row] = [
    {"config": []},
    {"config": None},
    {"config": "x"},
    {"name": 5},
    {"name": "no blanks"},
    {"name": "x" * 64},
    {"region": "nowhere"},
    {"region": 1},
    {"lease_ttl": -1},
    {"lease_ttl": "abc"},
    {"lease_ttl": 10**30},
    {"skip_launch": "yes"},
    {"min_secrets_version": -1},
]
BAD_ARGUMENTS: list[tuple[str, str, Row]] = [
    ("GET", "/machines?limit=0", {}),
    ("GET", "/machines?limit=-1", {}),
    ("GET", "/machines?limit=" + "9" * 5000, {}),
    ("GET", "/machines?limit=x", {}),
    ("GET", "/machines?cursor=bm8=", {}),
    ("GET", "{machine}/wait?state=asleep", {}),
    ("GET", "{machine}/wait?timeout=0", {}),
    ("GET", "{machine}/wait?timeout=nan", {}),
    ("GET", "{machine}/wait?timeout=1e9", {}),
    ("GET", "{machine}/events?limit=-2", {}),
    ("POST", "{machine}/lease", {"json": {"ttl": "abc"}}),
    ("POST", "{machine}/lease", {"json": {"ttl": 0}}),
    ("POST", "{machine}/lease?ttl=abc", {}),
    ("POST", "{machine}/lease?ttl=" + "9" * 30, {}),
    ("POST", "{machine}/stop", {"json": {"timeout": "soon"}}),
    ("POST", "{machine}/stop", {"json": {"timeout": "400s"}}),
    ("POST", "{machine}/stop", {"json": {"signal": "SIGSEGV"}}),
    ("POST", "{machine}/restart?timeout=abc", {}),
    ("POST", "{machine}/restart?signal=SIGALRM", {}),
    ("POST", "{machine}/signal", {"json": {"signal": "SIGNAL"}}),
    ("POST", "{machine}/signal", {"json": {}}),
    ("POST", "{machine}/signal", {"json": {"signal": [9]}}),
    ("PUT", "{machine}/metadata", {"json": {}}),
    ("PUT", "{machine}/metadata", {"json": {"metadata": {"a": 1}}}),
    ("PATCH", "{machine}/metadata", {"json": {"metadata": {"a": "x" * 70_000}}}),
    ("PUT", "{machine}/metadata", {"json": {"metadata": {}, "updated_at": "today"}}),
    ("POST", "{machine}/metadata/a", {"json": {}}),
    ("POST", "{machine}/exec", {"json": {"command": "ls"}}),
    ("POST", "{machine}/exec", {"json": {"cmd": "ls", "timeout": -1}}),
    ("PUT", "{machine}/memory", {"json": {"limit_mb": -1}}),
    ("POST", "{machine}/memory/reclaim", {"json": {"amount_mb": "all"}}),
]


def memory_of(one: Quay) -> bytes:
    """Everything that the platform remembers."""
    return msgspec.json.encode(one.world.fly)


def test_a_configuration_that_cannot_be_changes_nothing() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        before = memory_of(one)
        for changes in BAD_CONFIGS:
            config = copy.deepcopy(machine["config"]) | changes
            body = json.dumps({"config": config})
            for path in ("/machines", f"/machines/{machine['id']}"):
                refused = await one.ask("POST", path, 400, content=body)
                assert refused["error"], changes
            assert memory_of(one) == before, changes

    at_quay(scenario, scale=1.0)


def test_a_body_that_cannot_be_changes_nothing() -> None:
    async def scenario(one: Quay) -> None:
        config = (await one.first())["config"]
        before = memory_of(one)
        for changes in BAD_WISHES:
            refused = await one.ask("POST", "/machines", 400, json={"config": config} | changes)
            assert refused["error"], changes
        for body in (b"{", b"[]", b"7", b'{"a": NaN}', b"\xff", b'{"a":' * 5000, b'"\xed\xa0\x80"'):
            refused = await one.ask("POST", "/machines", 400, content=body)
            assert "JSON" in refused["error"]
        late = await one.ask("POST", "/machines", 412, json={"config": config, **_far_secrets()})
        assert "secrets version" in late["error"]
        assert memory_of(one) == before

    at_quay(scenario, scale=1.0)


def _far_secrets() -> Row:
    return {"min_secrets_version": 2**62}


def test_a_guest_without_enough_memory_is_told_what_would_do() -> None:
    async def scenario(one: Quay) -> None:
        guest = {"cpu_kind": "shared", "cpus": 8, "memory_mb": 256}
        refused = await one.create({"guest": guest}, 400)
        assert "invalid config.guest.memory_mb, minimum required 2048 MiB" in refused["error"]

    at_quay(scenario)


def test_a_name_is_given_once_and_made_up_where_none_is_asked_for() -> None:
    async def scenario(one: Quay) -> None:
        made = await one.create(name="spare-1")
        refused = await one.create(None, 400, name="spare-1")
        assert "unique machine name violation" in refused["error"]
        for _ in range(5):
            await one.create()
        names = [row["name"] for row in await one.machines()]
        assert len(set(names)) == len(names) == 8
        assert made["name"] in names

    at_quay(scenario)


@pytest.mark.parametrize("identifier", ["x", "123", "g" * 14, "A" * 14, "0" * 15, "%00", "..a"])
def test_what_is_no_machine_id_is_said_to_be_none(identifier: str) -> None:
    async def scenario(one: Quay) -> None:
        for method, tail in (("GET", ""), ("POST", "/start"), ("GET", "/lease"), ("GET", "/ps")):
            refused = await one.ask(method, f"/machines/{identifier}{tail}", 400)
            assert "invalid machine ID" in refused["error"]
        missing = await one.ask("GET", f"/machines/{'0' * 14}", 404)
        assert "machine not found" in missing["error"]

    at_quay(scenario)


def test_arguments_that_cannot_be_are_refused() -> None:
    async def scenario(one: Quay) -> None:
        machine = f"/machines/{(await one.first())['id']}"
        before = memory_of(one)
        for method, path, more in BAD_ARGUMENTS:
            here = path.replace("{machine}", machine)
            assert (await one.ask(method, here, 400, **more))["error"], path
        assert memory_of(one) == before

    at_quay(scenario, scale=1.0)


def test_metadata_is_only_written_for_the_machine_that_was_read() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        path = f"/machines/{machine['id']}/metadata"
        seen = {"metadata": {"a": "1"}, "updated_at": machine["updated_at"]}
        await one.ask("PATCH", path, 204, json=seen)
        refused = await one.ask("PATCH", path, 412, json=seen | {"metadata": {"a": "2"}})
        assert "changed since updated_at" in refused["error"]
        wrong = {"metadata": {"a": "3"}, "machine_version": "01J8ZCB1V7W3X5Y6Z8A9B0C1D2"}
        await one.ask("PUT", path, 412, json=wrong)
        assert (await one.ask("GET", f"{path}/a")) == {"value": "1"}

    at_quay(scenario)


def test_only_the_holder_of_a_lease_changes_a_machine() -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        path = f"/machines/{machine['id']}"
        lease = (await one.ask("POST", f"{path}/lease", 201, json={"ttl": 60}))["data"]
        assert lease["version"] == machine["instance_id"]
        before = memory_of(one)
        orders = ("start", "stop", "suspend", "restart", "signal", "cordon", "uncordon")
        for headers in ({}, {NONCE: "0" * 12}):
            for verb in orders:
                body = {"signal": "SIGINT"} if verb == "signal" else {}
                held = await one.ask("POST", f"{path}/{verb}", 409, json=body, headers=headers)
                assert "lease currently held by" in held["error"]
            await one.ask("DELETE", f"{path}?force=true", 409, headers=headers)
            await one.ask("DELETE", f"{path}/lease", 409, headers=headers)
            await one.ask("POST", path, 409, json={"config": machine["config"]}, headers=headers)
        assert memory_of(one) == before
        mine = {NONCE: lease["nonce"]}
        version = (await one.ask("POST", path, json={"config": machine["config"]}, headers=mine))[
            "version"
        ]
        again = await one.ask("POST", f"{path}/lease", 201, json={"ttl": 60}, headers=mine)
        assert again["data"]["version"] == version

    at_quay(scenario, scale=1.0)


@pytest.mark.parametrize("state", ["stopped", "replacing"])
def test_a_version_that_is_not_current_is_refused_in_every_state(state: str) -> None:
    async def scenario(one: Quay) -> None:
        machine = await one.first()
        if state == "stopped":
            await one.order(machine, "stop")
            await one.until_state(machine, "stopped")
        else:
            assert (await one.update(machine, {}))["state"] == "replacing"
        stale = "01J8ZCB1V7W3X5Y6Z8A9B0C1D2"
        refused = await one.update(machine, {}, 409, current_version=stale)
        assert "current_version" in refused["error"]
        assert (await one.show(machine))["state"] == state

    at_quay(scenario, scale=5.0)


def test_pages_go_on_where_they_ended_and_their_cursor_expires() -> None:
    async def scenario(one: Quay) -> None:
        for _ in range(3):
            await one.create(skip_launch=True)
        seen: list[str] = []
        query = {"limit": "2"}
        while True:
            answer = await one.api.get(f"/v1/apps/{APP}/machines", params=query)
            seen += [row["id"] for row in answer.json()]
            cursor = answer.headers.get("fly-next-cursor")
            if cursor is None:
                break
            # What goes meanwhile neither repeats nor hides a row.
            one.world.fly.apps[APP].machines.pop(seen[0], None)
            query["cursor"] = cursor
        assert len(seen) == len(set(seen)) == 5
        assert seen == sorted(seen)

    at_quay(scenario)
    rows = ["a", "b", "c"]
    _, cursor = paging.page(rows, str, {"limit": "1"}, 1000.0)
    late = {"limit": "1", "cursor": str(cursor)}
    assert paging.page(rows, str, late, 1000.0 + paging.CURSOR_S)[0] == ["b"]
    with pytest.raises(FlyError, match="expired"):
        paging.page(rows, str, late, 1001.0 + paging.CURSOR_S)


def test_deleted_machines_and_metadata_can_be_asked_for() -> None:
    async def scenario(one: Quay) -> None:
        made = await one.create({"metadata": {"role": "spare", "x": "1"}}, skip_launch=True)
        await one.until_state(made, "stopped")
        both = "?metadata.role=spare&metadata.x=1"
        assert [row["id"] for row in await one.machines(both)] == [made["id"]]
        assert await one.machines("?metadata.role=spare&metadata.x=2") == []
        assert [row["id"] for row in await one.machines("?state=stopped,failed")] == [made["id"]]
        assert {row["region"] for row in await one.machines("?region=fra")} == {"fra"}
        summary = (await one.machines("?summary=true"))[0]
        assert not {"config", "checks", "events"} & set(summary)
        await one.ask("DELETE", f"/machines/{made['id']}")
        await one.until_state(made, "destroyed")
        assert made["id"] not in {row["id"] for row in await one.machines()}
        gone = [
            row for row in await one.machines("?include_deleted=true") if row["id"] == made["id"]
        ]
        assert gone[0]["state"] == "destroyed"

    at_quay(scenario)
