"""Who may do what on the practice Heroku: tokens, scopes, second factors, accounts in trouble."""

from __future__ import annotations

import re

import httpx
import pytest

from pilothouse.sandbox.heroku.api import ENDPOINTS
from pilothouse.sandbox.pace import set_ahead
from tests.sandbox.heroku.town import Row, Town, in_town, town_again


def bearer(made: Row) -> dict[str, str]:
    """The header that uses a token that was just made."""
    return {"authorization": f"Bearer {made['access_token']['token']}"}


async def token(one: Town, *scope: str, **more: object) -> dict[str, str]:
    """Make a token with these scopes and return the header that uses it."""
    return bearer(await one.post("/oauth/authorizations", {"scope": list(scope), **more}))


GET_APP, GET_RELEASES, GET_ACCOUNT = "/apps/billing", "/apps/billing/releases", "/account"
Call = tuple[str, str, Row | None]
MAINTAIN: Call = ("PATCH", "/apps/billing", {"maintenance": False})
CONFIGURE: Call = ("PATCH", "/apps/billing/config-vars", {})


@pytest.mark.parametrize(
    ("scope", "opens"),
    [
        ("identity", "i"),
        ("read", "i a"),
        ("write", "i a m"),
        ("read-protected", "i a r"),
        ("write-protected", "i a m r c"),
        ("global", "i a m r c o"),
    ],
)
def test_a_scope_opens_what_the_platform_says(scope: str, opens: str) -> None:
    calls: dict[str, Call] = {
        "i": ("GET", GET_ACCOUNT, None),
        "a": ("GET", GET_APP, None),
        "m": MAINTAIN,
        "r": ("GET", GET_RELEASES, None),
        "c": CONFIGURE,
        "o": ("GET", "/oauth/authorizations", None),
    }

    async def scenario(one: Town) -> None:
        headers = await token(one, scope)
        for name, (method, path, body) in calls.items():
            answer = await one.api.request(method, path, json=body, headers=headers)
            assert answer.headers["oauth-scope"] == scope
            accepted = answer.headers["oauth-scope-accepted"].split()
            assert (scope in accepted) is (name in opens.split())
            if name in opens.split():
                assert answer.status_code == 200, answer.text
            else:
                assert (answer.status_code, answer.json()["id"]) == (403, "forbidden")

    in_town(scenario)


def test_a_refused_scope_changes_nothing() -> None:
    async def scenario(one: Town) -> None:
        headers = await token(one, "read", "identity")
        before = one.app("billing").newest
        slug = {"slug": one.slug("next").id}
        answer = await one.api.post(GET_RELEASES, json=slug, headers=headers)
        assert answer.status_code == 403
        assert answer.headers["oauth-scope"] == "read identity"
        assert one.app("billing").newest is before

    in_town(scenario)


def test_every_change_needs_a_scope_that_may_change() -> None:
    asks = {("POST", "/filters/apps")}
    odd = [
        (each.method, each.path, each.needs)
        for each in ENDPOINTS
        if (each.method != "GET" and each.needs in {"identity", "read", "read-protected"})
        or (each.method == "GET" and each.needs in {"write", "write-protected"})
    ]
    logs = {("POST", "/apps/{app}/log-sessions")}
    assert {(method, path) for method, path, _ in odd} <= asks | logs


def test_a_token_has_the_platforms_shape_is_shown_once_and_ends_when_it_shall() -> None:
    async def scenario(one: Town) -> None:
        wish = {"scope": ["identity"], "expires_in": 60, "description": "For a minute"}
        made = await one.post("/oauth/authorizations", wish)
        assert re.fullmatch(r"HRKU-AA[\w-]{58}", made["access_token"]["token"])
        assert 58 <= made["access_token"]["expires_in"] <= 60
        shown = await one.get(f"/oauth/authorizations/{made['id']}")
        masked = shown["access_token"]["token"]
        assert "*" * 10 in masked
        assert made["access_token"]["token"].startswith(masked.partition("*")[0])
        assert (await one.api.get(GET_ACCOUNT, headers=bearer(made))).status_code == 200
        set_ahead(61)
        try:
            answer = await one.api.get(GET_ACCOUNT, headers=bearer(made))
        finally:
            set_ahead(0)
        assert (answer.status_code, answer.json()["id"]) == (401, "unauthorized")

    in_town(scenario)


def test_a_revoked_or_renewed_token_ends_at_once() -> None:
    async def scenario(one: Town) -> None:
        first = await one.post("/oauth/authorizations", {"scope": ["global"]})
        path = f"/oauth/authorizations/{first['id']}"
        second = await one.post(f"{path}/actions/regenerate-tokens", {}, status=200)
        assert (await one.api.get(GET_ACCOUNT, headers=bearer(first))).status_code == 401
        assert (await one.api.get(GET_ACCOUNT, headers=bearer(second))).status_code == 200
        await one.delete(path)
        assert (await one.api.get(GET_ACCOUNT, headers=bearer(second))).status_code == 401
        assert (await one.api.get(path)).status_code == 404

    in_town(scenario)


def test_the_sandboxes_own_token_cannot_be_taken_away() -> None:
    async def scenario(one: Town) -> None:
        own = await one.get("/oauth/authorizations/~")
        for identity in ("~", own["id"]):
            answer = await one.api.delete(f"/oauth/authorizations/{identity}")
            assert (answer.status_code, answer.json()["id"]) == (403, "forbidden")
        assert len(await one.rows("/oauth/authorizations")) == 1

    in_town(scenario)


def test_tokens_outlive_a_restart() -> None:
    async def first(one: Town) -> dict[str, str]:
        return await token(one, "read")

    async def second(one: Town, headers: dict[str, str]) -> None:
        answer = await one.api.get(GET_APP, headers=headers)
        assert (answer.status_code, answer.headers["oauth-scope"]) == (200, "read")

    town_again(first, second)


@pytest.mark.parametrize(
    "body",
    [
        {"scope": []},
        {"scope": "read"},
        {"scope": ["everything"]},
        {"scope": [1]},
        {"scope": ["read"], "expires_in": 0},
        {"scope": ["read"], "expires_in": "soon"},
        {"scope": ["read"], "expires_in": True},
        {"scope": ["read"], "description": 5},
        {"scope": ["read"], "colour": "red"},
        {"scope": ["read"], "client": "x"},
    ],
)
def test_a_wish_for_a_token_that_makes_no_sense_is_refused(body: Row) -> None:
    async def scenario(one: Town) -> None:
        answer = await one.api.post("/oauth/authorizations", json=body)
        assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")
        assert one.world.heroku.grants == []

    in_town(scenario)


def code(text: str) -> dict[str, str]:
    return {"heroku-two-factor-code": text}


def test_an_app_may_ask_changes_for_a_second_factor() -> None:
    async def scenario(one: Town) -> None:
        async def change(**headers: str) -> httpx.Response:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            return await one.api.patch(GET_APP, json={"maintenance": True}, headers=named)

        await one.fleet.act({"app": "heroku:billing", "do": "two-factor", "on": True})
        refused = await change()
        assert (refused.status_code, refused.json()["id"]) == (403, "two_factor")
        assert refused.json()["app"] == {"id": one.app("billing").id, "name": "billing"}
        assert one.app("billing").maintenance is False
        assert (await one.api.get(GET_APP)).status_code == 200
        for wrong in ("", "000000", "12345", "abcdef"):
            assert (await change(heroku_two_factor_code=wrong)).status_code == 403
        assert (await change(heroku_two_factor_code="123456")).status_code == 200
        assert (await change()).status_code == 403
        path = f"{GET_APP}/pre-authorizations"
        assert (await one.api.put(path)).json()["id"] == "two_factor"
        assert (await one.api.put(path, headers=code("123456"))).status_code == 200
        assert (await change()).status_code == 200
        other = await one.api.patch("/apps/billing-staging", json={"maintenance": True})
        assert other.status_code == 200
        await one.fleet.act({"app": "heroku:billing", "do": "two-factor", "on": True})
        assert (await change()).status_code == 403

    in_town(scenario)


def test_an_unpaid_account_reads_but_changes_nothing() -> None:
    async def scenario(one: Town) -> None:
        await one.fleet.act({"app": "heroku:", "do": "delinquent", "on": True})
        assert (await one.get(GET_ACCOUNT))["delinquent_at"] is not None
        assert (await one.api.get(GET_RELEASES)).status_code == 200
        refused = await one.api.patch(GET_APP, json={"maintenance": True})
        assert (refused.status_code, refused.json()["id"]) == (402, "delinquent")
        assert one.app("billing").maintenance is False
        await one.fleet.act({"app": "heroku:", "do": "delinquent", "on": False})
        await one.patch(GET_APP, {"maintenance": True})

    in_town(scenario)


def test_a_suspended_account_is_told_only_who_it_is() -> None:
    async def scenario(one: Town) -> None:
        await one.fleet.act({"do": "suspend", "on": True})
        assert (await one.get(GET_ACCOUNT))["suspended_at"] is not None
        refused = await one.api.get(GET_APP)
        assert (refused.status_code, refused.json()["id"]) == (403, "suspended")

    in_town(scenario)


def test_the_control_api_makes_tokens_too_and_refuses_nonsense() -> None:
    async def scenario(one: Town) -> None:
        made = await one.fleet.act({"do": "token", "scope": ["read"], "expires_in": 60})
        headers = {"authorization": f"Bearer {made['token']}"}
        assert (await one.api.get(GET_APP, headers=headers)).status_code == 200
        for wish in (
            {"do": "token", "scope": "all"},
            {"do": "token", "expires_in": "x"},
            {"do": "limits", "remaining": "few"},
            {"do": "suspend", "on": 1},
            {"do": "scale", "app": "heroku:billing", "count": 1000},
            {"do": "nothing", "app": "heroku:billing"},
            {"do": "kill", "app": "heroku:nowhere"},
        ):
            with pytest.raises(ValueError, match=r"."):
                await one.fleet.act(wish)

    in_town(scenario)
