"""Apps of the practice Fly.io and what surrounds them: lists, secrets, addresses, releases."""

from __future__ import annotations

import httpx

from tests.sandbox.fly.quay import APP, Quay, Row, at_quay

WEB = "/api/v1"


async def get(one: Quay, path: str, status: int = 200) -> Row:
    answer = await one.api.get(path)
    assert answer.status_code == status, f"{path} {answer.text}"
    shown: Row = answer.json()
    return shown


async def send(
    one: Quay, method: str, path: str, status: int, body: object = None
) -> httpx.Response:
    answer = await one.api.request(method, path, json=body)
    assert answer.status_code == status, f"{path} {answer.text}"
    if status >= 400:
        assert set(answer.json()) & {"error", "detail"}, answer.text
    return answer


def test_apps_come_and_go_under_free_names() -> None:
    async def scenario(one: Quay) -> None:
        wish = {"name": "chartroom", "org_slug": "harbour-works", "idempotency_key": "k1"}
        made = (await send(one, "POST", "/v1/apps?wait=true", 201, wish)).json()
        assert made["id"].startswith("app-")
        again = (await send(one, "POST", "/v1/apps", 201, wish)).json()
        assert again["id"] == made["id"], "the same key makes the same app"
        taken = await send(one, "POST", "/v1/apps", 422, wish | {"idempotency_key": "k2"})
        assert taken.json()["status"] == "name_taken"
        assert "Name has already been taken" in taken.json()["error"]
        for wrong, status in (
            ({"org_slug": "personal"}, 400),
            ({"name": "x-y"}, 400),
            ({"name": "x-y", "org_slug": "others"}, 404),
            ({"name": "Not A Name", "org_slug": "personal"}, 422),
            ({"name": ["x"], "org_slug": "personal"}, 400),
        ):
            await send(one, "POST", "/v1/apps", status, wrong)
        shown = await get(one, "/v1/apps/chartroom")
        assert (shown["status"], shown["machine_count"], shown["id"]) == ("pending", 0, made["id"])
        page = await get(one, "/v1/apps?org_slug=personal&limit=2")
        assert (page["total_apps"], len(page["apps"])) == (3, 2)
        rest = await get(one, f"/v1/apps?org_slug=personal&limit=2&cursor={page['next_cursor']}")
        names = [app["name"] for app in page["apps"] + rest["apps"]]
        assert (names, rest["next_cursor"]) == (["chartroom", "harbor-api", "harbor-web"], "")
        await get(one, "/v1/apps", 400)
        await get(one, "/v1/apps?org_slug=others", 404)
        await send(one, "DELETE", "/v1/apps/chartroom", 202)
        await send(one, "DELETE", "/v1/apps/chartroom", 404)
        refused = await send(one, "DELETE", f"/v1/apps/{APP}", 412)
        assert "running machines" in refused.json()["error"]
        await send(one, "DELETE", f"/v1/apps/{APP}?force=true", 202)
        assert f"fly:{APP}" not in one.world.edges

    at_quay(scenario)


def test_secrets_have_digests_and_versions_and_never_values() -> None:
    async def scenario(one: Quay) -> None:
        path = f"/v1/apps/{APP}/secrets"
        first = (await send(one, "POST", path, 200, {"values": {"A": "s3cret", "B": "x"}})).json()
        one_more = (await send(one, "POST", f"{path}/C", 201, {"value": "s3cret"})).json()
        assert one_more["version"] == first["version"] + 1
        gone = (await send(one, "POST", path, 200, {"values": {"A": None}})).json()
        assert gone["version"] == first["version"] + 2
        assert "A" not in {each["name"] for each in gone["secrets"]}
        shown = await get(one, f"{path}/C?show_secrets=true&min_version={gone['version']}")
        assert shown["digest"] == one_more["digest"]
        listed = (await one.api.get(f"{path}?show_secrets=true")).text
        assert "s3cret" not in listed
        await get(one, f"{path}?min_version={gone['version'] + 1}", 400)
        await send(one, "DELETE", f"{path}/C", 200)
        await send(one, "DELETE", f"{path}/C", 404)
        await get(one, f"{path}/C", 404)
        before = await get(one, path)
        for body, status in (
            (None, 400),
            ({"values": []}, 400),
            ({"values": {}}, 400),
            ({"values": {"A": 1}}, 400),
            ({"values": {"A=B": "x"}}, 422),
        ):
            await send(one, "POST", path, status, body)
        await send(one, "POST", f"{path}/D", 400, {"value": None})
        assert await get(one, path) == before
        newest = (await get(one, f"{WEB}/apps/{APP}/releases/current"))["version"]
        assert one.world.fly.apps[APP].releases[-1].description == "Unset secrets: C"
        assert one.world.fly.apps[APP].releases[-1].version == newest

    at_quay(scenario)


def test_addresses_and_certificates_are_given_and_taken() -> None:
    async def scenario(one: Quay) -> None:
        ips, certificates = f"/v1/apps/{APP}/ip_assignments", f"/v1/apps/{APP}/certificates"
        assert await get(one, ips) == {"ips": []}
        given = [
            (await send(one, "POST", ips, 200, {"type": kind})).json()
            for kind in ("v4", "v6", "shared_v4", "private_v6")
        ]
        assert [each["shared"] for each in given] == [False, False, True, False]
        assert given[3]["ip"].startswith("fdaa:")
        assert (await get(one, ips))["ips"] == given
        await send(one, "POST", ips, 422, {"type": "shared_v4"})
        await send(one, "POST", ips, 422, {"type": "v5"})
        await send(one, "POST", ips, 400, {"type": "v4", "region": "moon"})
        assert (await send(one, "DELETE", f"{ips}/{given[0]['ip']}", 204)).content == b""
        await send(one, "DELETE", f"{ips}/{given[0]['ip']}", 404)
        asked = {"hostname": "www.harbour.example"}
        made = (await send(one, "POST", f"{certificates}/acme", 201, asked)).json()
        assert made["dns_requirements"]["aaaa"] == [given[1]["ip"], given[3]["ip"]]
        await send(one, "POST", f"{certificates}/acme", 422, asked)
        await send(one, "POST", f"{certificates}/acme", 422, {"hostname": "no name"})
        listed = await get(one, certificates)
        assert (listed["total_count"], listed["certificates"][0]["configured"]) == (1, False)
        own = f"{certificates}/www.harbour.example"
        checked = (await send(one, "POST", f"{own}/check", 200)).json()
        assert checked["dns_records"]["resolved_addresses"] == []
        assert await get(one, own) == made
        await send(one, "DELETE", own, 204)
        await get(one, own, 404)

    at_quay(scenario)


def test_a_whole_organisation_is_listed_by_what_changed() -> None:
    async def scenario(one: Quay) -> None:
        every = "/v1/orgs/harbour-works/machines"
        whole = (await get(one, every))["machines"]
        assert len(whole) == 6
        moments = [row["updated_at"] for row in whole]
        assert moments == sorted(moments)
        found: list[Row] = []
        cursor = ""
        while len(found) < 6:
            page = await get(one, f"{every}?limit=4&cursor={cursor}")
            found += page["machines"]
            cursor = page["next_cursor"]
        assert (found, cursor) == (whole, "")
        newer = await get(one, f"{every}?updated_after={moments[-1]}")
        assert {row["updated_at"] for row in newer["machines"]} <= {moments[-1]}
        started = await get(one, f"{every}?state=started,stopped&region=fra")
        assert {row["region"] for row in started["machines"]} == {"fra"}
        assert (await get(one, f"{every}?state=destroyed"))["machines"] == []
        await get(one, f"{every}?updated_after=yesterday", 400)
        await get(one, f"{every}?updated_after=2026-01-01T00:00:00", 400)
        await get(one, f"{every}?cursor=nonsense", 400)
        await get(one, "/v1/orgs/others/machines", 404)
        volume = {"name": "data", "region": "ams", "size_gb": 1}
        made = (await send(one, "POST", f"/v1/apps/{APP}/volumes", 200, volume)).json()
        listed = await get(one, "/v1/orgs/personal/volumes")
        assert [row["id"] for row in listed["volumes"]] == [made["id"]]
        assert listed["volumes"][0]["app_name"] == APP

    at_quay(scenario)


def test_regions_and_room_are_told() -> None:
    async def scenario(one: Quay) -> None:
        regions = await get(one, "/v1/platform/regions")
        assert regions["nearest"] in {row["code"] for row in regions["regions"]}
        path = "/v1/platform/placements"
        wish = {"org_slug": "personal", "region": "fra,ams", "count": 3}
        room = (await send(one, "POST", path, 200, wish)).json()["regions"]
        assert [(row["region"], row["count"]) for row in room] == [("fra", 3), ("ams", 3)]
        await send(one, "POST", path, 400, {"region": "fra"})
        await send(one, "POST", path, 400, {"org_slug": "personal", "count": -1})
        await send(one, "POST", path, 400, {"org_slug": "personal", "region": "moon"})

    at_quay(scenario)


def test_releases_and_builds_are_written_over_the_web_api() -> None:
    async def scenario(one: Quay) -> None:
        image = f"registry.fly.io/{APP}:next"
        wish: Row = {"app_name": APP, "image": image, "strategy": "canary", "definition": {"a": 1}}
        newest = (await get(one, f"{WEB}/apps/{APP}/releases/current"))["version"]
        made = (await send(one, "POST", f"{WEB}/releases", 201, wish)).json()["release"]
        assert (made["version"], made["status"]) == (newest + 1, "pending")
        assert (made["strategy"], made["user"]) == ("CANARY", "ann.berg@harbour.example")
        own = f"{WEB}/releases/{made['id']}"
        shown = made
        for status in ("running", "complete", "failed", "interrupted"):
            body = {"status": status, "metadata": None}
            shown = (await send(one, "PATCH", own, 200, body)).json()
            assert (shown["status"], shown["stable"]) == (status, status == "complete")
        for wrong, code in (({"status": "done"}, 422), ({"status": 1}, 400), ({}, 422)):
            await send(one, "PATCH", own, code, wrong)
        await send(one, "PATCH", own, 400, {"status": "complete", "metadata": [1]})
        await send(one, "PATCH", f"{WEB}/releases/none", 404, {"status": "complete"})
        assert (await get(one, f"{WEB}/apps/{APP}/releases?limit=1"))["releases"][0] == shown
        await get(one, f"{WEB}/apps/{APP}/releases?limit=-1", 400)
        assert APP in await get(one, f"{WEB}/releases/all_current")
        for change, code in (
            ({"app_name": "nobody"}, 404),
            ({"image": ""}, 422),
            ({"image": 5}, 422),
            ({"strategy": "HOPE"}, 422),
            ({"definition": "toml"}, 422),
        ):
            await send(one, "POST", f"{WEB}/releases", code, wish | change)
        assert one.world.fly.apps[APP].releases[-1].version == newest + 1

    at_quay(scenario)


def test_builds_are_numbered_over_the_web_api_and_builders_refused() -> None:
    async def scenario(one: Quay) -> None:
        build = (await send(one, "POST", f"{WEB}/builds", 200, {"app_name": APP})).json()
        done = {"build_id": build["id"], "app_name": APP, "status": "completed"}
        ended = (await send(one, "POST", f"{WEB}/builds/finish", 200, done)).json()
        assert (ended["id"], ended["status"]) == (build["id"], "completed")
        await send(one, "POST", f"{WEB}/builds/finish", 422, {"build_id": "x"})
        await send(one, "POST", f"{WEB}/builds/finish", 404, {"build_id": build["id"] + 1})
        for path in ("builds/depot_builder", "organizations/personal/builders"):
            refused = await send(one, "POST", f"{WEB}/{path}", 422, {})
            assert "no builders" in refused.json()["detail"]

    at_quay(scenario)


def test_calls_that_lead_nowhere_are_told_in_form_and_logged() -> None:
    async def scenario(one: Quay) -> None:
        for method, path, status, key in (
            ("GET", "/v1/nothing", 404, "error"),
            ("POST", "/v1/tokens/oidc", 404, "error"),
            ("PUT", f"/v1/apps/{APP}", 405, "error"),
            ("GET", f"/v1/apps/{APP}/", 404, "error"),
            ("POST", f"{WEB}/apps/{APP}/deploy", 404, "detail"),
            ("PUT", f"{WEB}/releases", 405, "detail"),
            ("GET", "/v2/x/y/z", 404, "errors"),
            ("GET", "/prometheus/personal/api/v1/series", 404, "error"),
            ("GET", "/", 404, "error"),
            ("DELETE", "/graphql", 405, "errors"),
        ):
            answer = await one.api.request(method, path)
            assert answer.status_code == status, path
            assert key in answer.json(), path
            assert answer.headers["fly-request-id"]
            last = one.world.not_here[-1]
            assert (last.method, last.path) == (method, path)

    at_quay(scenario)
