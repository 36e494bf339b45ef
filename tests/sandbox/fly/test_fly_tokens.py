"""The practice Fly.io's tokens: how they are made, what they may do, and when they end."""

from __future__ import annotations

import base64

from pilothouse.sandbox import pace
from tests.sandbox.fly.quay import APP, TOKEN, Quay, Row, at_quay

OTHER = "harbor-api"
ORGANISATION = "org_hw3k9"
VIEWER = "{ viewer { __typename email ... on User { id } } apps { nodes { name } } }"


async def mint(one: Quay, profile: str, expiry: str | None = None, **params: str) -> str:
    """A new token's text, made as flyctl makes one."""
    query = """mutation($input: CreateLimitedAccessTokenInput!) {
        createLimitedAccessToken(input: $input) { limitedAccessToken { tokenHeader } } }"""
    wish: Row = {"name": "a token", "organizationId": ORGANISATION, "profile": profile}
    wish |= {"profileParams": params, "expiry": expiry}
    answer = await one.api.post("/graphql", json={"query": query, "variables": {"input": wish}})
    shown = answer.json()
    assert "errors" not in shown, shown
    header = shown["data"]["createLimitedAccessToken"]["limitedAccessToken"]["tokenHeader"]
    scheme, _, text = str(header).partition(" ")
    assert scheme == "FlyV1"
    assert not text.startswith("fm")
    return text


async def status(one: Quay, token: str, method: str, path: str, body: Row | None = None) -> int:
    headers = {"authorization": f"FlyV1 {token}"}
    answer = await one.api.request(method, path, json=body, headers=headers)
    assert answer.headers["content-type"].startswith("application/json") or not answer.content
    return answer.status_code


HEADERS = (
    f"Bearer {TOKEN}",
    f"bearer {TOKEN}",
    f"FlyV1 {TOKEN}",
    f"FlyV1 fm2_foreign,{TOKEN}",
    f"FlyV1 fm2_foreign,FlyV1 {TOKEN}",
    f"Bearer fm2_a, Bearer {TOKEN}",
    TOKEN,
    "Basic " + base64.b64encode(f"x:{TOKEN}".encode()).decode(),
    "Basic " + base64.b64encode(f"x:fm2_a,{TOKEN}".encode()).decode(),
)


def test_a_known_token_is_taken_under_every_scheme() -> None:
    async def scenario(one: Quay) -> None:
        for header in HEADERS:
            answer = await one.api.get("/v1/tokens/current", headers={"authorization": header})
            assert answer.status_code == 200, header

    at_quay(scenario)


def test_an_unknown_token_is_refused_with_the_platforms_words_on_every_surface() -> None:
    async def scenario(one: Quay) -> None:
        paths = (f"/v1/apps/{APP}", f"/api/v1/apps/{APP}/releases", "/prometheus/x/api/v1/query")
        for header in ("Bearer no", "", "Basic !!", "FlyV1", "Basic " + "\u00ff"):
            for path in paths:
                raw = {b"authorization": header.encode("latin-1")}
                answer = await one.api.get(path, headers=raw)
                assert answer.status_code == 401
                assert answer.json() == {"error": "Authenticate: token validation error"}
                assert answer.headers["fly-request-id"]
            registry = await one.api.get("/v2/", headers={"authorization": "Bearer no"})
            assert registry.status_code == 401
            assert registry.json()["errors"][0]["code"] == "UNAUTHORIZED"
            assert registry.headers["www-authenticate"].startswith("Basic realm=")

    at_quay(scenario)


def test_an_apps_deploy_token_reaches_that_app_alone() -> None:
    async def scenario(one: Quay) -> None:
        made = await one.ask("POST", "/deploy_token", json={"expiry": "24h"})
        token = made["token"].removeprefix("FlyV1 ")
        assert await status(one, token, "GET", f"/v1/apps/{APP}") == 200
        assert await status(one, token, "POST", f"/v1/apps/{APP}/secrets/A", {"value": "1"}) == 201
        assert await status(one, token, "GET", f"/v1/apps/{OTHER}") == 403
        assert await status(one, token, "GET", f"/v1/apps/{OTHER}/machines") == 403
        assert await status(one, token, "GET", f"/api/v1/apps/{OTHER}/releases") == 403
        wish: Row = {"app_name": OTHER, "image": "x", "strategy": "ROLLING"}
        assert await status(one, token, "POST", "/api/v1/releases", wish) == 403
        wish = {"name": "mine", "org_slug": "personal"}
        assert await status(one, token, "POST", "/v1/apps", wish) == 403
        assert await status(one, token, "POST", f"/v2/{OTHER}/blobs/uploads/") == 403
        headers = {"authorization": f"FlyV1 {token}"}
        listed = await one.api.get("/v1/apps?org_slug=personal", headers=headers)
        assert [app["name"] for app in listed.json()["apps"]] == [APP]
        shown = (await one.api.get("/v1/tokens/current", headers=headers)).json()["tokens"][0]
        assert (shown["apps"], shown["user"]) == ([APP], "")
        seen = (await one.api.post("/graphql", json={"query": VIEWER}, headers=headers)).json()
        assert seen["data"]["viewer"]["__typename"] == "Macaroon"
        assert seen["data"]["apps"]["nodes"] == [{"name": APP}]
        hidden = {"query": f'{{ app(name: "{OTHER}") {{ id }} }}'}
        answer = await one.api.post("/graphql", json=hidden, headers=headers)
        assert answer.json()["errors"][0]["message"] == "Could not find App"

    at_quay(scenario)


def test_a_token_ends_with_its_app() -> None:
    async def scenario(one: Quay) -> None:
        wish = {"name": "short-lived", "org_slug": "personal"}
        path = "/v1/apps/short-lived"
        await one.api.post("/v1/apps", json=wish)
        made = (await one.api.post(f"{path}/deploy_token", json={})).json()
        token = made["token"].removeprefix("FlyV1 ")
        assert await status(one, token, "GET", path) == 200
        await one.api.delete(path)
        await one.api.post("/v1/apps", json=wish)
        assert await status(one, token, "GET", path) == 401

    at_quay(scenario)


def test_a_read_only_token_changes_nothing() -> None:
    async def scenario(one: Quay) -> None:
        token = await mint(one, "readonly")
        machine = (await one.first())["id"]
        before = (await one.ask("GET", "/secrets"))["secrets"]
        assert await status(one, token, "GET", f"/v1/apps/{APP}/machines") == 200
        for method, path in (
            ("POST", f"/v1/apps/{APP}/secrets"),
            ("POST", f"/v1/apps/{APP}/machines/{machine}/stop"),
            ("DELETE", f"/v1/apps/{APP}"),
            ("POST", "/v1/apps"),
            ("POST", "/api/v1/releases"),
            ("POST", f"/v2/{APP}/blobs/uploads/"),
        ):
            assert await status(one, token, method, path, {"values": {"A": "b"}}) == 403, path
        locked = {"query": f'mutation {{ lockApp(input: {{appId: "{APP}"}}) {{ lockId }} }}'}
        headers = {"authorization": f"Bearer {token}"}
        refused = (await one.api.post("/graphql", json=locked, headers=headers)).json()
        assert refused["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
        assert (await one.ask("GET", "/secrets"))["secrets"] == before
        assert (await one.first())["state"] == "started"

    at_quay(scenario)


def test_a_token_ends_with_its_expiry_or_its_revocation() -> None:
    async def scenario(one: Quay) -> None:
        short, long = await mint(one, "deploy_organization", "1h30m"), await mint(one, "readonly")
        own = f"/v1/apps/{APP}"
        assert [await status(one, token, "GET", own) for token in (short, long)] == [200, 200]
        pace.set_ahead(5400.0 + 1.0)
        try:
            assert [await status(one, token, "GET", own) for token in (short, long)] == [401, 200]
        finally:
            pace.set_ahead(0.0)
        listed = '{ organization(slug: "personal") { limitedAccessTokens { nodes { id token } } } }'
        shown = (await one.api.post("/graphql", json={"query": listed})).json()
        nodes = shown["data"]["organization"]["limitedAccessTokens"]["nodes"]
        assert [node["token"] for node in nodes] == ["", ""], "a token is shown once"
        query = """mutation($input: DeleteLimitedAccessTokenInput!) {
            deleteLimitedAccessToken(input: $input) { token } }"""
        wish = {"query": query, "variables": {"input": {"id": nodes[1]["id"]}}}
        assert "errors" not in (await one.api.post("/graphql", json=wish)).json()
        assert await status(one, long, "GET", own) == 401
        assert "errors" in (await one.api.post("/graphql", json=wish)).json()

    at_quay(scenario)


def test_a_length_that_is_none_makes_no_token() -> None:
    async def scenario(one: Quay) -> None:
        for expiry in ("soon", "24", "-1h", "0s", "1h30", "9" * 30 + "h"):
            refused = await one.ask("POST", "/deploy_token", 422, json={"expiry": expiry})
            assert "expiry" in refused["error"], expiry
        assert one.world.fly.tokens == []

    at_quay(scenario)


def test_a_header_can_be_asked_about() -> None:
    async def scenario(one: Quay) -> None:
        readonly = await mint(one, "readonly")
        known = await one.api.post("/v1/tokens/authenticate", json={"header": f"FlyV1 {readonly}"})
        assert known.json()[0]["header"] == f"FlyV1 {readonly}"
        unknown = await one.api.post("/v1/tokens/authenticate", json={"header": "FlyV1 no"})
        assert unknown.status_code == 400
        for action, code in (("r", 200), ("w", 400)):
            wish = {"header": readonly, "access": {"app_name": APP, "action": action}}
            answer = await one.api.post("/v1/tokens/authorize", json=wish)
            assert answer.status_code == code, answer.text

    at_quay(scenario)
