"""A walk through every endpoint of the practice Heroku and every state of what it shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.sandbox.heroku.town import Row, Town
from tests.waiting import until_async


async def catalogue(one: Town) -> None:
    for path, key in (
        ("/dyno-sizes", "name"),
        ("/stacks", "name"),
        ("/regions", "name"),
        ("/generations", "id"),
    ):
        for row in await one.rows(path):
            assert await one.get(f"{path}/{row[key]}") == row
    for path in ("/apps/billing/available-dyno-sizes", "/apps/billing/available-stacks"):
        assert await one.rows(path)
    for path in ("/account/keys", "/spaces", "/apps/billing/log-drains"):
        assert await one.rows(path) == []
    assert await one.rows("/apps/billing/sni-endpoints") == []
    (team,) = await one.rows("/teams")
    assert await one.rows("/teams/harbour-works/features") == []
    expanded = await one.api.get("/addons", headers={"accept-expansion": "addon_service, plan"})
    assert all(each["plan"]["price"]["cents"] for each in expanded.json())
    assert await one.get(f"/teams/{team['id']}") == team
    assert await one.rows(f"/teams/{team['name']}/available-generations")
    assert {each["role"] for each in await one.rows(f"/teams/{team['name']}/members")} == {
        *("admin", "member"),
    }
    assert await one.rows("/teams/permissions")


async def account(one: Town) -> None:
    person = await one.get("/account")
    assert await one.get("/users/~") == await one.get(f"/users/{person['email']}") == person
    await one.get("/account/rate-limits")
    for feature in await one.rows("/account/features"):
        path = f"/account/features/{feature['name']}"
        assert await one.get(path) == feature
        switched = await one.patch(path, {"enabled": True})
        assert switched["enabled"] is True
    for paths in (("/account/delinquency", "/teams/harbour-works/delinquency"),):
        for path in paths:
            assert set((await one.get(path)).values()) == {None}
            await one.fleet.act({"do": "delinquent", "on": True})
            assert None not in (await one.get(path)).values()
            await one.get("/account")
            await one.get("/teams/harbour-works")
            await one.fleet.act({"do": "delinquent", "on": False})


async def authorizations(one: Town) -> None:
    wish = {"scope": ["read", "identity"], "description": "A reader", "expires_in": 90}
    made = await one.post("/oauth/authorizations", wish)
    path = f"/oauth/authorizations/{made['id']}"
    assert (await one.post("/oauth/authorizations", {}))["scope"] == ["global"]
    await one.rows("/oauth/authorizations")
    await one.get(path)
    await one.get("/oauth/authorizations/~")
    await one.patch(path, {"description": "Another"})
    await one.post(f"{path}/actions/regenerate-tokens", {}, status=200)
    await one.delete(path)


async def apps(one: Town) -> None:
    made = await one.post("/apps", {"name": "quay", "stack": "heroku-22", "region": "eu"})
    await one.post("/apps", {})
    for path in ("/apps", "/users/~/apps", "/teams/harbour-works/apps"):
        assert "quay" in {each["name"] for each in await one.rows(path)}
    await one.post("/filters/apps", {"in": {"id": [made["id"]]}}, status=200)
    await one.patch("/apps/quay", {"name": "pier", "maintenance": True, "build_stack": "heroku-24"})
    await one.get("/apps/pier")
    parts = ("addons", "addon-attachments", "collaborators", "domains", "releases", "dynos")
    for path in (*parts, "formation"):
        await one.rows(f"/apps/pier/{path}")
        await one.rows(f"/apps/billing/{path}")
    attached = await one.rows("/addon-attachments")
    assert {each["addon"]["id"] for each in attached} == {
        each["id"] for each in await one.rows("/addons")
    }
    (domain,) = await one.rows("/apps/pier/domains")
    assert await one.get(f"/apps/pier/domains/{domain['hostname']}") == domain
    person = await one.post("/apps/pier/collaborators", {"user": "new@harbour.example"})
    path = f"/apps/pier/collaborators/{person['user']['email']}"
    await one.get(path)
    await one.delete(path)
    refused = await one.api.post("/apps/pier/domains", json={"hostname": "www.harbour.example"})
    assert refused.status_code == 422
    one.driven.add(("POST", "/apps/{}/domains"))
    code = {"heroku-two-factor-code": "123456"}
    trusted = await one.api.put("/apps/pier/pre-authorizations", headers=code)
    assert trusted.status_code == 200
    await one.delete("/apps/pier")


async def features(one: Town) -> None:
    for feature in await one.rows("/apps/billing-staging/features"):
        path = f"/apps/billing-staging/features/{feature['name']}"
        for enabled in (True, False):
            switched = await one.patch(path, {"enabled": enabled})
            assert switched == await one.get(path)
            assert switched["enabled"] is enabled


async def dynos(one: Town) -> None:
    app = "/apps/billing"
    await one.rows(f"{app}/dynos")
    await one.get(f"{app}/dynos/web.1")
    await one.patch(f"{app}/formation", {"updates": [{"type": "web", "quantity": "+1"}]})
    await one.patch(f"{app}/formation/web", {"quantity": 2})
    await one.get(f"{app}/formation/web")
    for verb, path in (
        ("DELETE", "/dynos/web.1"),
        ("POST", "/dynos/web.1/actions/stop"),
        ("DELETE", "/formations/web"),
        ("POST", "/formations/web/actions/stop"),
        ("DELETE", "/dynos"),
    ):
        answer = await one.api.request(verb, app + path)
        assert (answer.status_code, answer.json()) == (202, {})
        await one.rows(f"{app}/dynos")
    await one.post(f"{app}/log-sessions", {"tail": True, "lines": 5, "dyno": "web.1"})


async def releases(one: Town) -> None:
    pending = await one.deploy("billing", "release-slow")
    assert pending["status"] == "pending"
    await one.rows("/apps/billing/releases")
    await one.get(f"/apps/billing/slugs/{pending['slug']['id']}")
    await one.until_settled("billing", pending["version"])
    failed = await one.deploy("billing", "release-fails")
    assert (await one.until_settled("billing", failed["version"]))["status"] == "failed"
    crashed = await one.deploy("billing", "crash")
    await one.until_states("billing", "crashed", "crashed")
    await one.rows("/apps/billing/dynos")
    good = await one.deploy("billing", "next")
    await one.until_up("billing", good["version"])
    one.app("billing").release_by_version(crashed["version"]).lost = True  # type: ignore[union-attr]
    assert (await one.get(f"/apps/billing/releases/{crashed['version']}"))["status"] == "expired"
    gone = await one.post("/apps/billing/releases", {"release": (await _older(one))["id"]})
    await one.get(f"/apps/billing/releases/{gone['version']}/config-vars")
    await one.get("/apps/billing/config-vars")
    await one.patch("/apps/billing/config-vars", {"COLOUR": "blue", "LOG_LEVEL": None})
    rows = await one.rows("/apps/billing/releases", "version ..; max=1000, order=desc")
    assert {each["status"] for each in rows} >= {"succeeded", "failed", "expired"}


async def _older(one: Town) -> Row:
    rows = await one.rows("/apps/billing/releases", "version ..; max=30, order=desc")
    return next(each for each in rows if each["eligible_for_rollback"] and not each["current"])


async def pipelines(one: Town) -> None:
    made = await one.post("/pipelines", {"name": "harbour"})
    path = f"/pipelines/{made['id']}"
    await one.rows("/pipelines")
    await one.patch(path, {"name": "harbours"})
    await one.get("/pipelines/harbours")
    app = await one.post("/apps", {"name": "jetty"})
    wish = {"app": app["id"], "pipeline": made["id"], "stage": "development"}
    coupling = await one.post("/pipeline-couplings", wish)
    place = f"/pipeline-couplings/{coupling['id']}"
    await one.patch(place, {"stage": "production"})
    assert (await one.get(place))["stage"] == "production"
    await one.get("/apps/jetty/pipeline-couplings")
    for listed in (
        f"{path}/pipeline-couplings",
        "/pipeline-couplings",
        "/users/~/pipeline-couplings",
        f"{path}/latest-releases",
        "/pipelines/billing/latest-releases",
        "/pipelines/billing/latest-deployments",
    ):
        assert await one.rows(listed), listed
    assert await one.rows(f"{path}/latest-deployments") == []
    await one.delete(place)
    await one.delete(path)
    await one.delete("/apps/jetty")


async def promotions(one: Town) -> None:
    slow = one.slug("release-slow")
    source = one.app("billing-staging")
    release = next(each for each in source.releases if each.slug_id == slow.id)
    for phase, ended in (("passes", "succeeded"), ("fails", "failed")):
        slow.phase = phase
        promotion = await one.post("/pipeline-promotions", await _wish(one, release.id))
        path = f"/pipeline-promotions/{promotion['id']}"
        assert promotion["status"] == "pending"
        await one.rows(f"{path}/promotion-targets")

        async def settled(path: str = path) -> bool:
            return bool((await one.get(path))["status"] == "completed")

        await until_async(settled, "promotion completed")
        (row,) = await one.rows(f"{path}/promotion-targets")
        assert row["status"] == ended


async def _wish(one: Town, release_id: str) -> Row:
    coupling = await one.get("/apps/billing/pipeline-couplings")
    return {
        "pipeline": {"id": coupling["pipeline"]["id"]},
        "source": {
            "app": {"id": one.app("billing-staging").id},
            "release": {"id": release_id},
        },
        "targets": [{"app": {"id": one.app("billing").id}}],
    }


Part = Callable[[Town], Awaitable[None]]
PARTS: tuple[Part, ...] = (
    catalogue,
    account,
    authorizations,
    apps,
    features,
    dynos,
    releases,
    pipelines,
    promotions,
)
