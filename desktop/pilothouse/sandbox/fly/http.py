"""What every HTTP handler of the practice Fly.io needs: tokens, JSON bodies, refusals."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.ids import rising_ulid
from pilothouse.sandbox.state import Json

Handler = Callable[[Request], Awaitable[Response]]
NONCE = "fly-machine-lease-nonce"
_REFUSED_TOKEN = {"error": "Authenticate: token validation error"}


def answering(handler: Handler) -> Handler:
    """Turn a handler's `FlyError` into the API's answer."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except FlyError as refusal:
            return JSONResponse(refusal.body(), refusal.status)

    return answer


async def read_json(request: Request) -> Json:
    """Return the JSON object in a request's body; none counts as an empty one.

    Raises:
        FlyError: 400 when the body is no JSON object.
    """
    body = await request.body()
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except ValueError:
        raise invalid("the body is no JSON") from None
    if not isinstance(value, dict):
        raise invalid("the body is no JSON object")
    return value


def flag(request: Request, name: str) -> bool:
    """Read a boolean of the query; a bare name means true."""
    return request.query_params.get(name, "false").lower() in ("", "1", "true")


def number(request: Request, name: str, default: int) -> int:
    """Read a whole number of the query.

    Raises:
        FlyError: 400 when it is none.
    """
    text = request.query_params.get(name) or str(default)
    if not text.isdecimal():
        raise invalid(f"{name} must be a whole number, not {text!r}")
    return int(text)


def knows(header: str, token: str) -> bool:
    """Whether an `Authorization` header holds the token, among others and under any scheme."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            _user, _, rest = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
    entries = (rest or scheme).split(",")
    return any(entry.strip().split(" ")[-1] == token for entry in entries)


class Doorman:
    """Admits known tokens, and gives every reply the platform's headers."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        headers = {key.decode().lower(): value.decode() for key, value in scope["headers"]}
        known = knows(headers.get("authorization", ""), self._token)
        scope.setdefault("state", {})["known"] = known
        path = scope["path"]
        if known or path == "/graphql" or not path.startswith(("/v1/", "/api/", "/v2/")):
            await self._app(scope, receive, _stamped(send))
            return
        refusal = JSONResponse(_REFUSED_TOKEN, 401)
        if path.startswith("/v2/"):
            errors = {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
            challenge = {"www-authenticate": 'Basic realm="registry.fly.io"'}
            refusal = JSONResponse(errors, 401, headers=challenge)
        await refusal(scope, receive, _stamped(send))


def _stamped(send: Send) -> Send:
    async def stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            identifier = f"{rising_ulid(time.time())}-ams".encode()
            message["headers"] = [
                *message.get("headers", []),
                (b"fly-request-id", identifier),
                (b"via", b"1.1 fly.io"),
            ]
        await send(message)

    return stamped
