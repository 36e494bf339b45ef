"""The way of every request through the practice Heroku: checks, the endpoint, the answer's form.

An answer always carries `Request-Id`, `ETag` and `RateLimit-Remaining`, and for a known account
`Oauth-Scope`; every error is an object with `id` and `message`. `GET /account/rate-limits` is
free of charge, everything else costs a token (Platform API reference). Whether a 304 costs one is
not published; here it does.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from starlette.requests import Request
from starlette.responses import Response

from pilothouse.sandbox.heroku import access, errors
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply
from pilothouse.sandbox.heroku.state import new_id

_FREE = "/account/rate-limits"
_REQUEST_IDS_KEPT = 7 * 1024
_READS = frozenset({"GET", "HEAD"})
_CONDITIONAL = frozenset({"PATCH", "PUT", "DELETE"})
_CORS = {
    "Access-Control-Allow-Methods": "DELETE, GET, HEAD, PATCH, POST, PUT",
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-Match, If-None-Match, "
    "Range, Request-Id, X-Http-Method-Override, Heroku-Two-Factor-Code",
    "Access-Control-Max-Age": "7200",
    "Access-Control-Allow-Origin": "*",
}

Verbs = Mapping[str, Endpoint]


async def answer(api: Api, verbs: Verbs, request: Request) -> Response:
    """Run the endpoint that a request is for, among those of its path."""
    began = time.perf_counter()
    if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
        return Response(status_code=200, headers=_CORS)
    endpoint = verbs.get("GET" if request.method == "HEAD" else request.method)
    caller: access.Caller | None = None
    try:
        access.check_version(request)
        caller = access.caller(api.state, api.world.token, request, api.world.pace.now())
        reply = await _admitted(api, verbs, endpoint, caller, request)
    except errors.Refusal as refusal:
        reply = Reply(refusal.body, refusal.status)
    response = _put(reply, request)
    if caller is not None:
        response.headers["Oauth-Scope"] = " ".join(caller.scopes)
        response.headers["Oauth-Scope-Accepted"] = access.accepted(
            "read" if endpoint is None else endpoint.needs
        )
    response.headers["RateLimit-Remaining"] = str(api.limit.remaining)
    response.headers["RateLimit-Multiplier"] = "1"
    response.headers["X-Runtime"] = f"{time.perf_counter() - began:.9f}"
    return response


def fault(request: Request) -> Response:
    """The answer where the sandbox itself failed."""
    refusal = errors.internal()
    return _put(Reply(refusal.body, refusal.status), request)


async def _admitted(
    api: Api,
    verbs: Verbs,
    endpoint: Endpoint | None,
    caller: access.Caller,
    request: Request,
) -> Reply:
    if request.scope["path"] != _FREE and not api.limit.take():
        raise errors.rate_limited()
    if endpoint is None:
        api.world.absent(request.method, request.scope["path"])
        raise errors.no_endpoint()
    caller.needs(endpoint.needs)
    access.check_standing(api.state, endpoint.needs)
    app = api.state.find_app(request.path_params.get("app", ""))
    access.check_second_factor(app, endpoint.needs, request, api.world.pace.now())
    if request.method in _CONDITIONAL and "if-match" in request.headers:
        await _check_unchanged(api, verbs, request)
    return await endpoint.handler(api, request)


async def _check_unchanged(api: Api, verbs: Verbs, request: Request) -> None:
    """Refuse a change that was meant for an earlier state of the resource."""
    wanted = _tags(request.headers["if-match"])
    if "*" in wanted or "GET" not in verbs:
        return
    now = await verbs["GET"].handler(api, request)
    if _tag(_encoded(now)) not in wanted:
        raise errors.precondition_failed()


def _encoded(reply: Reply) -> bytes:
    return b"" if reply.body is None else json.dumps(reply.body).encode()


def _tag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def _tags(header: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in header.split(",")}


def _put(reply: Reply, request: Request) -> Response:
    body = _encoded(reply)
    tag = _tag(body)
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Type": "application/json",
        "ETag": tag,
        "Request-Id": _request_ids(request),
        "Traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01",
        "Vary": "Authorization,Accept-Encoding",
        "Via": "1.1 heroku-router",
        "X-Content-Type-Options": "nosniff",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "*",
        **reply.headers,
    }
    changed_at = _last_modified(reply.body)
    if changed_at is not None:
        headers["Last-Modified"] = changed_at
    is_read = request.method in _READS and reply.status in {200, 206}
    if is_read and tag in _tags(request.headers.get("if-none-match", "")):
        del headers["Content-Type"]
        return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        headers["Content-Length"] = str(len(body))
        body = b""
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
