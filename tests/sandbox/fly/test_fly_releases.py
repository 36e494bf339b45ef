"""The practice Fly.io's history: GraphQL, the release REST, secrets, registry, tokens, seed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from pilothouse.sandbox.fly.seed import plant_fly
from tests.sandbox_process import SandboxProcess

APP = "harbor-api"
KEY = f"fly:{APP}"
Json = dict[str, Any]
HISTORY = """query($n:String!,$first:Int!,$after:String){app(name:$n){name
 releases:releasesUnprocessed(first:$first,after:$after){totalCount
  pageInfo{endCursor hasNextPage} nodes{id version status stable description reason imageRef
  deploymentStrategy createdAt updatedAt user{id email name} configDefinition}}}}"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("releases")) as running:
        yield running


def ask(sandbox: SandboxProcess, query: str, **variables: object) -> Json:
    answer = sandbox.fly.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    value: Json = answer.json()
    return value


def history(sandbox: SandboxProcess, size: int) -> list[Json]:
    found: list[Json] = []
    after = None
    while True:
        page = ask(sandbox, HISTORY, n=APP, first=size, after=after)["data"]["app"]["releases"]
        found += page["nodes"]
        assert page["totalCount"] >= len(found)
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def test_the_whole_history_comes_page_by_page_newest_first(sandbox: SandboxProcess) -> None:
    rows = history(sandbox, 17)
    versions = [row["version"] for row in rows]
    assert versions == sorted(versions, reverse=True)
    assert versions[-1] == 1
    assert 60 <= len(rows) <= 130
    assert rows == history(sandbox, 1000)
    assert {row["user"]["name"] for row in rows} >= {"Ann Berg", "Jonas Weil", "CI"}
    assert [row["status"] for row in rows].count("failed") >= 1
    assert any(row["description"].startswith("Rollback to v") for row in rows)
    assert any(row["description"].startswith("Set secrets: ") for row in rows)


def test_the_machines_run_the_newest_complete_release(sandbox: SandboxProcess) -> None:
    newest = next(row for row in history(sandbox, 200) if row["status"] == "complete")
    for machine in sandbox.machines(APP):
        metadata = machine["config"]["metadata"]
        assert metadata["fly_release_id"]
        assert newest["imageRef"].endswith(machine["image_ref"]["digest"])
    url = sandbox.url(KEY)
    said = httpx.get(url).json()
    assert newest["imageRef"].endswith(said["artifact"])


def test_a_recent_release_can_be_had_back_from_the_versions(sandbox: SandboxProcess) -> None:
    code = [row for row in history(sandbox, 200) if row["description"] == "Release"]
    machine = sandbox.machines(APP)[0]
    path = sandbox.machine_path(APP, machine["id"], "/versions")
    kept = {
        each["user_config"]["metadata"]["fly_release_version"]: each["user_config"]["image"]
        for each in sandbox.fly.get(path).json()
    }
    assert len(kept) >= 6
    assert kept[str(code[1]["version"])] == code[1]["imageRef"]


def test_the_seed_depends_on_its_moment_alone() -> None:
    now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    again = plant_fly(now)
    assert msgspec.json.encode(plant_fly(now)) == msgspec.json.encode(again)
    for app in again.apps.values():
        moments = [release.created_at for release in app.releases]
        assert moments == sorted(moments)
        assert now.timestamp() - moments[-1] > 3 * 3600
        own = [image for image in again.images if image.repository == app.name]
        assert 0.25 < sum(image.expired for image in own) / len(own) < 0.34


def test_errors_carry_the_texts_that_clients_decide_by(sandbox: SandboxProcess) -> None:
    unknown = ask(sandbox, '{app(name:"nobody"){name}}')
    assert unknown["data"] == {"app": None}
    assert unknown["errors"][0]["message"] == "Could not find App"
    assert unknown["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
    foreign = ask(sandbox, '{latestImageDetails(image:"docker.io/library/nginx:1"){digest}}')
    assert foreign["errors"][0]["message"] == "Unknown repository"
    taken = sandbox.fly.post("/v1/apps", json={"name": APP, "org_slug": "harbour-works"})
    assert taken.status_code == 422
    assert taken.json()["status"] == "name_taken"


def test_an_app_names_its_edge(sandbox: SandboxProcess) -> None:
    query = 'query($n:String!){appcompact: app(name:$n){id appUrl hostname status deployed\
 platformVersion organization{slug internalNumericId} postgresAppRole: role{name}\
 currentReleaseUnprocessed{version} image(ref:"next"){digest compressedSize:compressedSizeFull}\
 canary: image(ref:"never"){digest}}}'
    app = ask(sandbox, query, n=APP)["data"]["appcompact"]
    assert app["appUrl"] == sandbox.url(KEY) == "http://" + app["hostname"]
    assert app["platformVersion"] == "machines"
    assert app["organization"]["internalNumericId"].isdecimal()
    assert app["image"]["compressedSize"].isdecimal()
    assert app["canary"] is None


def test_a_release_is_recorded_and_closed_over_rest(sandbox: SandboxProcess) -> None:
    wish = {"app_name": APP, "image": f"registry.fly.io/{APP}:next", "strategy": "ROLLING"}
    made = sandbox.fly.post("/api/v1/releases", json={**wish, "definition": {"app": APP}})
    assert made.status_code == 201
    release = made.json()["release"]
    assert (release["status"], release["user"]) == ("pending", "ann.berg@harbour.example")
    path = f"/api/v1/releases/{release['id']}"
    assert sandbox.fly.patch(path, json={"status": "done"}).status_code == 422
    for status in ("running", "complete"):
        closed = sandbox.fly.patch(path, json={"status": status, "metadata": None})
        assert closed.json()["status"] == status
    current = sandbox.fly.get(f"/api/v1/apps/{APP}/releases/current").json()
    assert current["version"] == release["version"]
    listed = sandbox.fly.get(f"/api/v1/apps/{APP}/releases", params={"limit": 3}).json()
    assert listed["releases"][0]["version"] == release["version"]
    assert len(listed["releases"]) == 3
    assert sandbox.fly.get("/api/v1/apps/nobody/releases/current").status_code == 404


def test_a_release_is_recorded_and_closed_over_graphql(sandbox: SandboxProcess) -> None:
    create = """mutation($i:CreateReleaseInput!){createRelease(input:$i){release{id version}}}"""
    wish = {
        "appId": APP,
        "definition": {"app": APP},
        "image": f"registry.fly.io/{APP}:next",
        "platformVersion": "machines",
        "strategy": "CANARY",
    }
    made = ask(sandbox, create, i=wish)["data"]["createRelease"]["release"]
    settle = "mutation($i:UpdateReleaseInput!){updateRelease(input:$i){release{status}}}"
    closed = ask(sandbox, settle, i={"releaseId": made["id"], "status": "interrupted"})
    assert closed["data"]["updateRelease"]["release"]["status"] == "interrupted"
    assert history(sandbox, 1)[0]["deploymentStrategy"] == "CANARY"


def test_the_lock_of_an_app_is_taken_once(sandbox: SandboxProcess) -> None:
    lock = 'mutation{lockApp(input:{appId:"harbor-web"}){lockId expiration}}'
    taken = ask(sandbox, lock)["data"]["lockApp"]
    assert ask(sandbox, lock)["errors"]
    held = ask(sandbox, '{app(name:"harbor-web"){currentLock{lockId}}}')["data"]["app"]
    assert held["currentLock"]["lockId"] == taken["lockId"]
    free = "mutation($i:UnlockAppInput!){unlockApp(input:$i){app{currentLock{lockId}}}}"
    wish = {"appId": "harbor-web", "lockId": taken["lockId"]}
    assert ask(sandbox, free, i=wish)["data"]["unlockApp"]["app"]["currentLock"] is None


def test_setting_a_secret_makes_a_release_with_the_same_image(sandbox: SandboxProcess) -> None:
    before = history(sandbox, 1)[0]
    path = f"/v1/apps/{APP}/secrets"
    answer = sandbox.fly.post(path, json={"values": {"DB_URL": "postgres://x", "OLD": None}})
    assert answer.json()["version"] > 1
    names = {secret["name"]: secret for secret in sandbox.fly.get(path).json()["secrets"]}
    assert "value" not in names["DB_URL"]
    after = history(sandbox, 1)[0]
    assert (after["version"], after["imageRef"]) == (before["version"] + 1, before["imageRef"])
    assert after["description"] == "Set secrets: DB_URL, OLD"


def test_the_registry_serves_what_its_digests_promise(sandbox: SandboxProcess) -> None:
    digests = set()
    answer = sandbox.fly.get("/v2/")
    for tag in ("next", "crash", "loop", "unhealthy", "err5", "slow"):
        answer = sandbox.fly.get(f"/v2/{APP}/manifests/{tag}")
        digest = answer.headers["docker-content-digest"]
        assert digest == "sha256:" + hashlib.sha256(answer.content).hexdigest()
        assert sandbox.fly.head(f"/v2/{APP}/manifests/{digest}").status_code == 200
        digests.add(digest)
    assert len(digests) == 6
    config = sandbox.fly.get(f"/v2/{APP}/blobs/{answer.json()['config']['digest']}")
    assert config.json()["config"]["Labels"]["org.opencontainers.image.revision"]
    oldest = history(sandbox, 500)[-1]["imageRef"].partition("@")[2]
    gone = sandbox.fly.head(f"/v2/{APP}/manifests/{oldest}")
    assert gone.status_code == 404
    missing = sandbox.fly.get(f"/v2/{APP}/manifests/never")
    assert missing.json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


def test_tokens_are_taken_under_every_scheme_and_refused_with_the_platforms_text(
    sandbox: SandboxProcess,
) -> None:
    token = sandbox.announcement.token
    base = sandbox.announcement.fly["FLY_FLAPS_BASE_URL"]
    basic = base64.b64encode(f"x:{token}".encode()).decode()
    answer = httpx.get(f"{base}/v2/")
    for header in (f"Bearer {token}", f"FlyV1 fm2_other,{token}", f"Basic {basic}"):
        answer = httpx.get(f"{base}/v1/tokens/current", headers={"Authorization": header})
        assert answer.status_code == 200, header
        assert answer.headers["fly-request-id"]
    assert answer.json()["tokens"][0]["org_slug"] == "harbour-works"
    refused = httpx.get(f"{base}/v1/apps/{APP}", headers={"Authorization": "Bearer no"})
    assert refused.status_code == 401
    assert refused.json() == {"error": "Authenticate: token validation error"}
    assert refused.headers["fly-request-id"]
    assert httpx.post(f"{base}/graphql", json={"query": "{viewer{email}}"}).status_code == 401
    introspection = {"query": "{__schema{queryType{name}}}"}
    assert httpx.post(f"{base}/graphql", json=introspection).status_code == 200
    challenged = httpx.get(f"{base}/v2/")
    assert challenged.status_code == 401
    assert challenged.headers["www-authenticate"].startswith("Basic")


def test_the_log_tells_what_the_machines_did(sandbox: SandboxProcess) -> None:
    page = sandbox.fly.get(f"/api/v1/apps/{APP}/logs").json()
    assert any("listening" in line["attributes"]["message"] for line in page["data"])
    token = page["meta"]["next_token"]
    assert sandbox.fly.get(f"/api/v1/apps/{APP}/logs?next_token={token}").json()["data"] == []


def test_an_app_can_be_made_and_removed(sandbox: SandboxProcess) -> None:
    assert sandbox.fly.post(
        "/v1/apps", json={"app_name": "copy", "org_slug": "personal"}
    ).is_success
    shown = sandbox.fly.get("/v1/apps/copy").json()
    assert (shown["status"], shown["machine_count"]) == ("pending", 0)
    assert sandbox.fly.delete("/v1/apps/copy").status_code == 202
    assert sandbox.fly.get("/v1/apps/copy").status_code == 404
    listed = sandbox.fly.get("/v1/apps", params={"org_slug": "harbour-works"}).json()
    assert [app["name"] for app in listed["apps"]] == ["harbor-api", "harbor-web"]
