"""Signing in from a command line: the sessions that `fly auth login` opens, and their page.

A session is opened without a token, approved by a person on the page at its `auth_url`, and then
gives a token: once for code and verifier where the client brought a PKCE challenge (RFC 7636,
S256), else to whoever asks for the session. It lives fifteen minutes, as long as flyctl waits.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly import keys
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.http import table
from pilothouse.sandbox.fly.records import CliSession
from pilothouse.sandbox.fly.shapes import Flag, Text, Whole
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.state import Json, World

_LIFE_S = 900.0
_MOST = 100
_PAGE_PATH = "/app/auth/cli/"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


class SessionWish(msgspec.Struct):
    """The body that opens a session."""

    name: Text = None
    signup: Flag = None
    target: Text = None
    code_challenge: Text = None
    code_challenge_method: Text = None
    state: Text = None
    redirect_port: Whole = None
    metadata: dict[str, Any] | None = None


class RedeemWish(msgspec.Struct):
    """The body that turns a code into a token."""

    code: Text = None
    code_verifier: Text = None


class SignInRoutes:
    """Handlers of sessions, and the page on which a person approves one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sessions = world.fly.cli_sessions

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API, and of its page."""
        calls = [
            ("POST", "", self.open),
            ("GET", "/{id}", self.show),
            ("POST", "/{id}/redeem", self.redeem),
        ]
        page = Route(_PAGE_PATH + "{id}", self.page, methods=["GET", "POST"])
        return [*table("/api/v1/cli_sessions", calls), page]

    def _find(self, identifier: str) -> CliSession:
        session = self._sessions.get(identifier)
        now = self._world.pace.now().timestamp()
        if session is None or now - session.created_at > _LIFE_S:
            raise FlyError(404, "session not found")
        return session

    async def open(self, request: Request) -> Response:
        """Open a session."""
        wish = await read_wish(request, SessionWish)
        challenge = wish.code_challenge or ""
        port = wish.redirect_port or 0
        if challenge and wish.code_challenge_method != "S256":
            raise FlyError(422, "code_challenge_method must be S256")
        if challenge and not _CHALLENGE.fullmatch(challenge):
            raise FlyError(422, "code_challenge must be 43 characters of base64url")
        if not 0 <= port <= 65535:
            raise FlyError(422, "redirect_port is no port")
        session = CliSession(
            id=secrets.token_hex(16),
            name=(wish.name or "")[:200],
            created_at=self._world.pace.now().timestamp(),
            metadata=wish.metadata or {},
            challenge=challenge,
            state=wish.state or "",
            redirect_port=port,
        )
        for old in list(self._sessions)[: -_MOST + 1]:
            del self._sessions[old]
        self._sessions[session.id] = session
        self._world.changed()
        return JSONResponse(self._written(session), 201)

    async def show(self, request: Request) -> Response:
        """Show a session, with its token once it is approved, unless a code is to be redeemed."""
        session = self._find(request.path_params["id"])
        shown = self._written(session)
        if session.token and not session.challenge:
            shown["access_token"] = session.token
        return JSONResponse(shown)

    def _written(self, session: CliSession) -> Json:
        return {
            "id": session.id,
            "auth_url": f"{self._world.addresses['fly']}{_PAGE_PATH}{session.id}",
            "pkce": bool(session.challenge),
            "metadata": session.metadata,
        }

    async def redeem(self, request: Request) -> Response:
        """Give the token for the code that the page gave and the verifier of the challenge."""
        session = self._find(request.path_params["id"])
        wish = await read_wish(request, RedeemWish)
        digest = hashlib.sha256((wish.code_verifier or "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        known = hmac.compare_digest((wish.code or "").encode(), session.code.encode())
        if not session.approved or not session.challenge or not known:
            raise FlyError(422, "the code is wrong, or nobody has approved the session yet")
        if not hmac.compare_digest(proof, session.challenge):
            raise FlyError(422, "the code verifier does not fit the session")
        token = session.token
        del self._sessions[session.id]
        self._world.changed()
        return JSONResponse({"id": session.id, "access_token": token})

    async def page(self, request: Request) -> Response:
        """Show the session to a person; a click approves it."""
        try:
            session = self._find(request.path_params["id"])
        except FlyError:
            return _page("This sign-in is over. Start again on the command line.", 404)
        if request.method != "POST":
            return _page(_question(session)) if not session.approved else _page(_code(session))
        if not session.approved:
            self._approve(session)
        if session.challenge and session.redirect_port:
            query = urlencode({"state": session.state, "code": session.code})
            where = f"http://127.0.0.1:{session.redirect_port}/callback?{query}"
            return RedirectResponse(where, 303)
        return _page(_code(session))

    def _approve(self, session: CliSession) -> None:
        session.approved = True
        session.code = secrets.token_urlsafe(24)
        name = f"command line {session.name}".strip()
        length = keys.LONGEST_S
        session.token = keys.mint(
            self._world, name=name, profile="personal", app=None, length_s=length
        )


def _question(session: CliSession) -> str:
    name = html.escape(session.name or "a command line")
    return (
        f"<p>Sign in <strong>{name}</strong> to the practice cloud? Nothing here is real.</p>"
        '<form method="post"><button type="submit" autofocus>Sign in</button></form>'
    )


def _code(session: CliSession) -> str:
    if not session.challenge:
        return "<p>Signed in. You can close this page and go back to the command line.</p>"
    code = html.escape(session.code)
    return f"<p>Approved. If the command line asks for a code, it is</p><p><code>{code}</code></p>"


def _page(content: str, status: int = 200) -> Response:
    body = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Practice sign-in</title>'
        "<style>body{font:16px system-ui;max-width:36em;margin:4em auto;padding:0 1em}"
        "button{font:inherit;padding:.5em 1.5em}</style></head>"
        f"<body><h1>Practice Fly.io</h1>{content}</body></html>"
    )
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(body, status, headers=headers)
