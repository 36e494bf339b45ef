"""Error answers as each platform words them, for faults that strike before its API is asked.

Forms: Machines API and web `{"error", "status"?}`, GraphQL and registry lists of errors, Heroku
`{"id", "message"}`. On Fly.io 502, 503 and 504 come from a proxy and are text (platform
references, errors).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from starlette.types import Send

_FLY_WORDS = {
    400: "invalid_argument: the request is malformed",
    401: "unauthenticated: token validation error",
    402: "failed_precondition: a payment method is required",
    403: "permission_denied: the token has no right to do this",
    404: "not_found: not found",
    408: "deadline_exceeded: the request took too long",
    409: "aborted: concurrent update in progress",
    410: "not_found: gone",
    412: "failed_precondition: the precondition is not met",
    416: "invalid_argument: the range cannot be satisfied",
    422: "invalid_argument: the request cannot be processed",
    429: "resource_exhausted: rate limit exceeded",
    500: "unknown: internal server error",
}
_HEROKU_IDS = {
    400: "bad_request",
    401: "unauthorized",
    402: "delinquent",
    403: "forbidden",
    404: "not_found",
    408: "request_timeout",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    416: "requested_range_not_satisfiable",
    422: "invalid_params",
    429: "rate_limit",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "service_unavailable",
    504: "gateway_timeout",
}
_HEROKU_OVER = "Your account reached the API rate limit. Please wait a few minutes."
_HEROKU_LIMITS = "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
_PROXY_TEXT = b"upstream connect error or disconnect/reset before headers\n"
_PAGE = """<!DOCTYPE html>
<html><head><title>502 Bad Gateway</title></head>
<body><h1>502 Bad Gateway</h1><p>The proxy had no valid answer from the server.</p></body></html>
"""
_APP = re.compile(r"^/apps/([^/]+)")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A whole answer: status, media type, body, and headers beside the usual ones."""

    status: int
    media_type: str
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        headers = [
            (b"content-type", self.media_type.encode()),
            (b"content-length", str(len(self.body)).encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def refusal(platform: str, path: str, status: int, message: str | None = None) -> Refusal:
    """Return the platform's own form of an error status, with `message` where it has one."""
    if platform == "heroku":
        return _of_heroku(status, message)
    if status in (502, 503, 504) and message is None:
        return Refusal(status, "text/plain", _PROXY_TEXT)
    said = message or _FLY_WORDS.get(status, f"unknown: {_phrase(status)}")
    if path.startswith("/graphql"):
        return _json(status, {"errors": [{"message": said}]})
    if path.startswith("/v2/"):
        code = _phrase(status).upper().replace(" ", "")
        return _json(status, {"errors": [{"code": code, "message": said}]})
    return _json(status, {"error": said})


def empty(status: int) -> Refusal:
    """Return an answer with nothing in it."""
    return Refusal(status, "text/plain", b"")


def page() -> Refusal:
    """Return a proxy's own page instead of the API's answer."""
    return Refusal(502, "text/html; charset=utf-8", _PAGE.encode())


def two_factor(path: str) -> Refusal:
    """Return Heroku's demand for a second factor; it names the app that the path is about."""
    body: dict[str, object] = {
        "id": "two_factor",
        "message": "A second authentication factor or pre-authorization is required.",
    }
    app = _APP.match(path)
    if app is not None:
        body["app"] = {"name": app.group(1)}
    return _json(403, body)


def _of_heroku(status: int, message: str | None) -> Refusal:
    body = {"id": _HEROKU_IDS.get(status, "error"), "message": message or f"{_phrase(status)}."}
    if status != HTTPStatus.TOO_MANY_REQUESTS:
        return _json(status, body)
    answer = _json(status, {**body, "message": message or _HEROKU_OVER, "url": _HEROKU_LIMITS})
    return Refusal(status, answer.media_type, answer.body, ((b"ratelimit-remaining", b"0"),))


def _json(status: int, body: object) -> Refusal:
    return Refusal(status, "application/json", json.dumps(body).encode())


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
