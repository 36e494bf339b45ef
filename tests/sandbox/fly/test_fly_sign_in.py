"""Signing a command line in to the practice Fly.io, with PKCE and without."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx

from pilothouse.sandbox import pace
from tests.sandbox.fly.quay import Quay, Row, at_quay

BASE = "http://127.0.0.1:5051"
SESSIONS = "/api/v1/cli_sessions"
VERIFIER = "a-verifier-of-at-least-forty-three-characters"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)


async def opened(one: Quay, **wish: object) -> Row:
    one.world.addresses["fly"] = BASE
    body = {"name": "chartroom <laptop>", "signup": False, "target": "auth"} | wish
    answer = await one.api.post(SESSIONS, json=body, headers={"authorization": ""})
    assert answer.status_code == 201, answer.text
    session: Row = answer.json()
    assert session["auth_url"].startswith(f"{BASE}/app/auth/cli/")
    return session


async def click(one: Quay, session: Row) -> httpx.Response:
    page = urlsplit(session["auth_url"]).path
    shown = await one.api.get(page, headers={"authorization": ""})
    assert shown.headers["content-type"].startswith("text/html")
    assert '<form method="post">' in shown.text
    assert "&lt;laptop&gt;" in shown.text
    assert "<laptop>" not in shown.text
    return await one.api.post(page, headers={"authorization": ""})


async def works(one: Quay, token: str) -> bool:
    query = {"query": "{ viewer { ... on User { email } } }"}
    headers = {"authorization": f"Bearer {token}"}
    answer = await one.api.post("/graphql", json=query, headers=headers)
    return answer.status_code == 200 and "@" in answer.json()["data"]["viewer"]["email"]


def test_a_polling_command_line_gets_its_token_after_the_click() -> None:
    async def scenario(one: Quay) -> None:
        session = await opened(one)
        path = f"{SESSIONS}/{session['id']}"
        waiting = await one.api.get(path, headers={"authorization": ""})
        assert waiting.status_code == 200
        assert "access_token" not in waiting.json()
        done = await click(one, session)
        assert "Signed in" in done.text
        found = (await one.api.get(path, headers={"authorization": ""})).json()
        assert await works(one, found["access_token"])
        unknown = await one.api.get(f"{SESSIONS}/c0ffee", headers={"authorization": ""})
        assert (unknown.status_code, unknown.json()) == (404, {"error": "session not found"})

    at_quay(scenario)


def test_with_a_challenge_the_token_needs_code_and_verifier_and_comes_once() -> None:
    async def scenario(one: Quay) -> None:
        wish = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        session = await opened(one, state="s t&te", redirect_port=53811, **wish)
        assert session["pkce"] is True
        redeem = f"{SESSIONS}/{session['id']}/redeem"
        early = await one.api.post(redeem, json={"code": "", "code_verifier": VERIFIER})
        assert early.status_code == 422
        sent = await click(one, session)
        assert sent.status_code == 303
        where = urlsplit(sent.headers["location"])
        assert (where.netloc, where.path) == ("127.0.0.1:53811", "/callback")
        query = {name: values[0] for name, values in parse_qs(where.query).items()}
        assert query["state"] == "s t&te"
        polled = await one.api.get(f"{SESSIONS}/{session['id']}")
        assert "access_token" not in polled.json()
        for wrong in ({"code": query["code"], "code_verifier": "no"}, {"code": "no"}):
            assert (await one.api.post(redeem, json=wrong)).status_code == 422
        wish = {"code": query["code"], "code_verifier": VERIFIER}
        given = await one.api.post(redeem, json=wish, headers={"authorization": ""})
        assert given.json()["id"] == session["id"]
        assert await works(one, given.json()["access_token"])
        assert (await one.api.post(redeem, json=wish)).status_code == 404

    at_quay(scenario)


def test_a_session_is_gone_after_a_quarter_of_an_hour() -> None:
    async def scenario(one: Quay) -> None:
        session = await opened(one)
        pace.set_ahead(901.0)
        try:
            assert (await one.api.get(f"{SESSIONS}/{session['id']}")).status_code == 404
            page = await one.api.get(urlsplit(session["auth_url"]).path)
            assert (page.status_code, "over" in page.text) == (404, True)
        finally:
            pace.set_ahead(0.0)

    at_quay(scenario)


WRONG: tuple[Row, ...] = (
    {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
    {"code_challenge": "short", "code_challenge_method": "S256"},
    {"redirect_port": 70_000},
    {"redirect_port": "80"},
    {"metadata": []},
)


def test_a_session_that_cannot_be_kept_is_not_opened() -> None:
    async def scenario(one: Quay) -> None:
        for wish in WRONG:
            answer = await one.api.post(SESSIONS, json=wish)
            assert answer.status_code in (400, 422), wish
            assert answer.json()["error"], wish
        assert one.world.fly.cli_sessions == {}

    at_quay(scenario)
