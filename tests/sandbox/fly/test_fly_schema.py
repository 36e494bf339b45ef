"""Every call of the published Machines API: driven, and every answer held against the document.

What the sandbox does not have stands in one table, and says so when it is asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from tests.sandbox.fly.published import Call, Published, needs_document
from tests.sandbox.fly.quay import APP, NONCE, Quay, at_quay

pytestmark = needs_document

APPS = "/v1/apps/{app_name}"
KEYS = f"{APPS}/secretkeys"
# Keys, foreign identities and certificates of one's own have no part in a release.
NOT_IN_THE_SANDBOX: set[Call] = {
    ("POST", f"{APPS}/certificates/custom"),
    ("DELETE", APPS + "/certificates/{hostname}/custom"),
    ("GET", KEYS),
    ("GET", KEYS + "/{secret_name}"),
    ("POST", KEYS + "/{secret_name}"),
    ("DELETE", KEYS + "/{secret_name}"),
    *(
        ("POST", f"{KEYS}/{{secret_name}}/{verb}")
        for verb in ("decrypt", "encrypt", "generate", "sign", "verify")
    ),
    ("POST", "/v1/tokens/kms"),
    ("POST", "/v1/tokens/oidc"),
}
# Its own failures come from faults alone, which tests/sandbox/test_faults.py injects.
NOT_BY_ITSELF = {"500"}
HOST = "www.harbour.example"
GONE = "01J8ZCB1V7W3X5Y6Z8A9B0C1D2"


async def drive_apps(one: Quay) -> None:
    get, post = one.api.get, one.api.post
    await get("/v1/apps?org_slug=harbour-works")
    await get("/v1/apps?org_slug=harbour-works&limit=1")
    await get("/v1/apps")
    wish = {"name": "other", "org_slug": "harbour-works", "network": "default"}
    for _ in range(2):
        await post("/v1/apps", json=wish)
    await post("/v1/apps", json={"name": 7})
    await get("/v1/apps/other")
    await get("/v1/apps/nobodys")
    await post("/v1/apps/other/deploy_token", json={"expiry": "1h"})
    await one.api.delete("/v1/apps/other")


async def drive_machines(one: Quay) -> None:
    call = _calls(one)
    rows = await call("GET", "/machines?include_leases=true")
    await call("GET", "/machines?summary=true&state=started&region=ams&metadata.a=b&limit=1")
    await call("GET", "/machines?limit=0")
    config = rows[0]["config"]
    wish = {"config": config, "lease_ttl": 60, "skip_launch": True, "name": "s", "region": "fra"}
    made = await call("POST", "/machines", json=wish)
    mine, path = {NONCE: made["nonce"]}, f"/machines/{made['id']}"
    await call("POST", "/machines", json={})
    await call("GET", f"{path}/wait?state=stopped&version={made['version']}&timeout=5")
    await call("GET", f"{path}/wait?state=nowhere")
    await call("GET", f"{path}/wait?state=failed&timeout=1")
    await call("GET", path + "?include_leases=true")
    update = {"config": config, "current_version": made["version"], "min_secrets_version": 1}
    await call("POST", path, json=update)
    newer = await call("POST", path, json=update, headers=mine)
    await call("POST", path, json=update, headers=mine)
    await call("POST", path, json={"config": []}, headers=mine)
    await call("GET", f"{path}?version={made['version']}")
    await call("GET", f"{path}/wait?state=settled&version={newer['version']}")
    await call("GET", f"{path}/events?limit=3")
    await call("GET", f"{path}/versions")
    await call("DELETE", path, headers=mine)
    await call("DELETE", f"{path}?force=true", headers=mine)
    await call("GET", f"{path}/wait?state=destroyed")
    await call("GET", "/machines?include_deleted=true")
    await call("GET", "/machines/00000000000000")
    await call("GET", "/machines/none")
    await one.act("host", instance=rows[0]["id"], status="unreachable")
    await call("GET", f"/machines/{rows[0]['id']}")
    await one.act("host", instance=rows[0]["id"], status="ok")


async def drive_orders(one: Quay) -> None:
    call = _calls(one)
    machine = await one.first()
    path = f"/machines/{machine['id']}"
    lease = await call("POST", f"{path}/lease", json={"ttl": 30, "description": "a test"})
    mine = {NONCE: lease["data"]["nonce"]}
    await call("GET", f"{path}/lease")
    await call("POST", f"{path}/lease", json={"ttl": 30})
    await call("POST", f"{path}/exec", json={"command": ["true"]})
    bodies = {"stop": {"signal": "SIGTERM", "timeout": "5s"}, "signal": {"signal": "SIGINT"}}
    for verb in ("cordon", "uncordon", "restart?timeout=5s&signal=SIGTERM", "suspend", "start"):
        await call("POST", f"{path}/{verb}", headers=mine)
        await call("GET", f"{path}/wait?state=settled&timeout=5")
    await one.until_serving(machine)
    for verb, body in bodies.items():
        await call("POST", f"{path}/{verb}", json=body, headers=mine)
        await call("GET", f"{path}/wait?state=stopped&timeout=5")
        await call("POST", f"{path}/start", headers=mine)
        await one.until_serving(machine)
        await call("POST", f"{path}/{verb}", json={"signal": "SIGNONE"}, headers=mine)
    await call("POST", f"{path}/restart?timeout=long", headers=mine)
    await call("DELETE", f"{path}/lease", headers=mine)
    await call("GET", f"{path}/lease")


async def drive_details(one: Quay) -> None:
    call = _calls(one)
    path = f"/machines/{(await one.first())['id']}"
    await call("GET", f"{path}/metadata")
    for method in ("PUT", "PATCH"):
        await call(method, f"{path}/metadata", json={"metadata": {"a": "b"}})
        await call(method, f"{path}/metadata", json={"metadata": {"a": 1}})
        stale = {"metadata": {"a": "c"}, "machine_version": GONE}
        await call(method, f"{path}/metadata", json=stale)
    await call("GET", f"{path}/metadata/a")
    await call("POST", f"{path}/metadata/a", json={"value": "d"})
    await call("POST", f"{path}/metadata/a", json={})
    await call("DELETE", f"{path}/metadata/a")
    await call("GET", f"{path}/metadata/a")
    await call("POST", f"{path}/exec", json={"command": ["echo", "x"], "timeout": 5})
    await call("POST", f"{path}/exec", json={})
    await call("GET", f"{path}/ps?sort_by=pid&order=desc")
    await call("GET", f"{path}/ps?order=sideways")
    await call("GET", f"{path}/memory")
    await call("PUT", f"{path}/memory", json={"limit_mb": 128})
    await call("POST", f"{path}/memory/reclaim", json={"amount_mb": 16})


async def drive_volumes(one: Quay) -> None:
    call = _calls(one)
    made = await call("POST", "/volumes", json={"name": "data", "region": "ams", "size_gb": 1})
    path = f"/volumes/{made['id']}"
    await call("POST", "/volumes", json={"name": "Data"})
    await call("GET", "/volumes")
    await call("GET", "/volumes?summary=true&limit=1")
    await call("GET", "/volumes?limit=none")
    await call("GET", path)
    await call("PUT", path, json={"snapshot_retention": 7})
    await call("PUT", path, json={"snapshot_retention": 700})
    await call("PUT", f"{path}/extend", json={"size_gb": 2})
    await call("POST", f"{path}/snapshots")
    await call("GET", f"{path}/snapshots")
    await one.api.get("/v1/orgs/harbour-works/volumes")
    mounts = [{"volume": made["id"], "path": "/data"}]
    machine = await one.create({"mounts": mounts})
    await call("DELETE", path)
    await call("DELETE", f"/machines/{machine['id']}?force=true")
    await one.until_state(machine, "destroyed")
    await call("DELETE", path)


async def drive_secrets(one: Quay) -> None:
    call = _calls(one)
    await call("POST", "/secrets", json={"values": {"A": "b", "C": "d"}})
    await call("POST", "/secrets", json={"values": []})
    await call("GET", "/secrets?show_secrets=true&min_version=1")
    await call("GET", "/secrets/A")
    await call("POST", "/secrets/B", json={"value": "c"})
    await call("POST", "/secrets/B", json={})
    await call("DELETE", "/secrets/B")


async def drive_addresses(one: Quay) -> None:
    call = _calls(one)
    made = await call("POST", "/ip_assignments", json={"type": "shared_v4"})
    await call("GET", "/ip_assignments")
    await call("DELETE", f"/ip_assignments/{made['ip']}")
    await call("POST", "/certificates/acme", json={"hostname": HOST})
    await call("POST", "/certificates/acme", json={"hostname": HOST})
    await call("GET", "/certificates")
    await call("GET", f"/certificates/{HOST}")
    await call("POST", f"/certificates/{HOST}/check")
    await call("DELETE", f"/certificates/{HOST}/acme")
    await call("DELETE", f"/certificates/{HOST}")


async def drive_surroundings(one: Quay) -> None:
    get, post = one.api.get, one.api.post
    await get("/v1/orgs/harbour-works/machines?limit=1&summary=true")
    await get("/v1/platform/regions")
    guest = {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}
    wish = {"org_slug": "harbour-works", "region": "ams", "count": 2, "compute": guest}
    await post("/v1/platform/placements", json=wish)
    await get("/v1/tokens/current")
    await get("/v1/tokens/current", headers={"authorization": "Bearer nobody"})
    header = f"Bearer {one.world.token}"
    await post("/v1/tokens/authenticate", json={"header": header})
    await post("/v1/tokens/authenticate", json={"header": 1})
    access = {"org_slug": "harbour-works", "app_name": APP, "action": 1}
    await post("/v1/tokens/authorize", json={"header": header, "access": access})
    await post("/v1/tokens/authorize", json={})


PARTS: tuple[Callable[[Quay], Awaitable[None]], ...] = (
    drive_apps,
    drive_machines,
    drive_orders,
    drive_details,
    drive_volumes,
    drive_secrets,
    drive_addresses,
    drive_surroundings,
)


def _calls(one: Quay) -> Callable[..., Awaitable[Any]]:
    """A way to call what is below the app; the hook of the client judges the answer."""

    async def call(method: str, path: str, **more: Any) -> Any:
        answer: httpx.Response = await one.api.request(method, f"/v1/apps/{APP}{path}", **more)
        return answer.json() if answer.content else None

    return call


def test_every_published_call_is_driven_and_answers_as_published() -> None:
    published = Published()

    async def scenario(one: Quay) -> None:
        one.api.event_hooks["response"].append(published.hear)
        for part in PARTS:
            await part(one)

    at_quay(scenario)
    assert published.faults == []
    left = {
        (method, path, status)
        for method, path, status in published.calls - published.driven
        if status not in NOT_BY_ITSELF and (method, path) not in NOT_IN_THE_SANDBOX
    }
    assert left == set()


def test_what_is_not_in_the_sandbox_says_so_and_is_written_down() -> None:
    published = Published()
    calls = {(method, path) for method, path, _ in published.calls}
    assert calls >= NOT_IN_THE_SANDBOX, "only what is published can be missing"

    async def scenario(one: Quay) -> None:
        for method, template in sorted(NOT_IN_THE_SANDBOX):
            names = {"app_name": APP, "secret_name": "KEY", "hostname": HOST}
            path = template.format_map(names)
            answer = await one.api.request(method, path, json={})
            assert answer.status_code in (404, 405), path
            assert answer.json()["error"], path
            noted = one.world.not_here[-1]
            assert (noted.method, noted.path) == (method, path)

    at_quay(scenario)


def test_the_judge_itself_finds_what_is_wrong() -> None:
    published = Published()
    request = httpx.Request("GET", f"https://api.example/v1/apps/{APP}/machines/1/lease")
    lease = {"nonce": "a", "owner": "b", "description": "", "version": "c", "expires_at": 1}
    published.judge(httpx.Response(200, json={"data": lease}, request=request))
    assert published.faults == []
    for name, value in (("expires_at", "soon"), ("more", 1), ("version", None)):
        published.judge(httpx.Response(200, json={"data": lease | {name: value}}, request=request))
        assert name in published.faults.pop()
    del lease["nonce"]
    published.judge(httpx.Response(200, json={"data": lease}, request=request))
    assert "nonce" in published.faults.pop()
    other = httpx.Request("GET", f"https://api.example/v1/apps/{APP}")
    published.judge(httpx.Response(202, json={"error": "?"}, request=other))
    assert "not published" in published.faults.pop()
    wrong = {"name": 1, "org_slug": "o"}
    asked = httpx.Request("POST", "https://api.example/v1/apps", json=wrong)
    published.judge(httpx.Response(201, json={"id": "a", "created_at": 1}, request=asked))
    assert "name" in published.faults.pop()
