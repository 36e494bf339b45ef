"""What every endpoint of the practice Heroku shares: who may ask, how answers look.

An answer always carries `Request-Id`, `ETag` and `RateLimit-Remaining`, and for a known account
`Oauth-Scope`; every error is an object with `id` and `message`. `GET /account/rate-limits` is
free of charge, everything else costs a token (Platform API reference).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pilothouse.sandbox.heroku import errors
from pilothouse.sandbox.heroku.dynos import HerokuFleet
from pilothouse.sandbox.heroku.limits import RateLimit
from pilothouse.sandbox.heroku.logs import LogSession
from pilothouse.sandbox.heroku.ranges import DEFAULT_MAX, Fields, RangeError, paginate
from pilothouse.sandbox.heroku.state import HerokuApp, Release, new_id
from pilothouse.sandbox.heroku.wire import View
from pilothouse.sandbox.state import World

_ACCEPT = re.compile(r"application/vnd\.heroku\+json\s*;\s*version=3(\.[a-z-]+)?\b")
_FREE = "/account/rate-limits"
_REQUEST_IDS_KEPT = 7 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answers, before it is put on the wire. `body` None sends no body."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """The platform as its endpoints see it: the world, the fleet, the account's budget."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.heroku
        self.sessions: dict[str, LogSession] = {}

    @property
    def fleet(self) -> HerokuFleet:
        """What runs; there once the server has made it."""
        fleet = self.world.fleets["heroku"]
        if not isinstance(fleet, HerokuFleet):
            raise TypeError("the fleet named heroku is not Heroku's")
        return fleet

    @property
    def limit(self) -> RateLimit:
        """The account's budget of requests."""
        return self.fleet.limit

    def view(self, request: Request) -> View:
        """How resources look to this client."""
        base = f"http://{request.headers.get('host', request.url.netloc)}"
        return View(self.state, base, self.world.pace.now(), self.fleet.edge_url)

    def app(self, request: Request) -> HerokuApp:
        """The app that the path names."""
        found = self.state.find_app(request.path_params["app"])
        if found is None:
            raise errors.not_found("app")
        return found

    def release(self, request: Request) -> tuple[HerokuApp, Release]:
        """The app and the release that the path names."""
        app = self.app(request)
        found = app.find_release(request.path_params["release"])
        if found is None:
            raise errors.not_found("release")
        return app, found

    async def body(self, request: Request) -> dict[str, Any]:
        """The JSON object that the client sent; none at all is an empty one."""
        raw = await request.body()
        try:
            value = json.loads(raw) if raw.strip() else {}
        except ValueError as wrong:
            raise errors.bad_request("The request body is not valid JSON.") from wrong
        if not isinstance(value, dict):
            raise errors.bad_request("The request body must be a JSON object.")
        return value

    def paged(
        self,
        request: Request,
        items: Sequence[Any],
        fields: Fields,
        show: Callable[[tuple[Any, ...]], list[Any]],
    ) -> Reply:
        """The part of a list that the `Range` header asks for; without one, its own order."""
        header = request.headers.get("range")
        if header is None and len(items) <= DEFAULT_MAX:
            return Reply(show(tuple(items)), 200, {"Accept-Ranges": ", ".join(fields)})
        try:
            page = paginate(items, header, fields)
        except RangeError as wrong:
            raise errors.bad_range(header or "") from wrong
        return Reply(show(page.items), page.status, page.headers)


Handler = Callable[[Api, Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One verb on one path; `needs` is the least scope that the endpoint accepts."""

    method: str
    path: str
    handler: Handler
    needs: str = "read"


def only(body: dict[str, Any], *names: str) -> None:
    """Refuse attributes that an endpoint does not know, as the platform does."""
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise errors.invalid(f"Unknown or immutable attribute: {', '.join(unknown)}.")


async def answer(api: Api, endpoint: Endpoint | None, request: Request) -> Response:
    """Run an endpoint for a request, from the checks at the door to the answer's headers."""
    began = time.perf_counter()
    known = False
    try:
        if _ACCEPT.search(request.headers.get("accept", "")) is None:
            raise errors.not_acceptable()
        known = _is_known(request.headers.get("authorization", ""), api.world.token)
        if not known:
            raise errors.unauthorized()
        if request.url.path != _FREE and not api.limit.take():
            raise errors.rate_limited()
        if endpoint is None:
            raise errors.no_endpoint()
        reply = await endpoint.handler(api, request)
    except errors.Refusal as refusal:
        reply = Reply(refusal.body, refusal.status)
    response = _put(reply, request)
    needs = "read" if endpoint is None else endpoint.needs
    if known:
        response.headers["Oauth-Scope"] = "global"
        response.headers["Oauth-Scope-Accepted"] = _accepted(needs)
    response.headers["RateLimit-Remaining"] = str(api.limit.remaining)
    response.headers["RateLimit-Multiplier"] = "1"
    response.headers["X-Runtime"] = f"{time.perf_counter() - began:.9f}"
    return response


def _is_known(header: str, token: str) -> bool:
    """Whether the token came as a bearer token or as the password of basic authentication."""
    scheme, _, value = header.partition(" ")
    given = value.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return secrets.compare_digest(given.encode(), token.encode())


def _accepted(needs: str) -> str:
    names = {
        "identity": "global identity read read-protected write write-protected",
        "read": "global read read-protected write write-protected",
        "read-protected": "global read-protected write-protected",
        "write": "global write write-protected",
        "write-protected": "global write-protected",
    }
    return names.get(needs, "global")


def _put(reply: Reply, request: Request) -> Response:
    body = b"" if reply.body is None else json.dumps(reply.body).encode()
    tag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Type": "application/json",
        "ETag": tag,
        "Request-Id": _request_ids(request),
        "Vary": "Authorization,Accept-Encoding",
        "Via": "1.1 heroku-router",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        **reply.headers,
    }
    changed_at = _last_modified(reply.body)
    if changed_at is not None:
        headers["Last-Modified"] = changed_at
    seen = request.headers.get("if-none-match", "")
    is_read = request.method in {"GET", "HEAD"} and reply.status in {200, 206}
    if is_read and tag in {each.strip().removeprefix("W/") for each in seen.split(",")}:
        del headers["Content-Type"]
        return Response(status_code=304, headers=headers)
    return Response(body, status_code=reply.status, headers=headers)


def _request_ids(request: Request) -> str:
    given = request.headers.get("request-id", "")
    ids = [each.strip() for each in given[:_REQUEST_IDS_KEPT].split(",") if each.strip()]
    return ",".join([new_id(), *ids])


def _last_modified(body: object) -> str | None:
    """The newest `updated_at` of what is sent, as HTTP writes a moment."""
    rows = body if isinstance(body, list) else [body]
    moments = [row.get("updated_at") for row in rows if isinstance(row, dict)]
    newest = max((each for each in moments if isinstance(each, str)), default=None)
    if newest is None:
        return None
    return format_datetime(datetime.fromisoformat(newest), usegmt=True)
