"""What every HTTP handler of the practice Fly.io needs: JSON bodies, queries, refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly.errors import FlyError, invalid

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.keys import Access
    from pilothouse.sandbox.state import Json

Handler = Callable[["Request"], Awaitable[Response]]
NONCE = "fly-machine-lease-nonce"
_DIGITS = 19


def answering(handler: Handler) -> Handler:
    """Turn a handler's `FlyError` into the API's answer."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except FlyError as refusal:
            return JSONResponse(refusal.body(), refusal.status)

    return answer


def table(prefix: str, calls: Sequence[tuple[str, str, Handler]]) -> list[Route]:
    """Return the routes of a table of method, path below `prefix`, and handler."""
    return [
        Route(prefix + path, answering(handler), methods=[method])
        for method, path, handler in calls
    ]


async def read_json(request: Request) -> Json:
    """Return the JSON object in a request's body; none counts as an empty one.

    Raises:
        FlyError: 400 when the body is no JSON object.
    """
    body = await request.body()
    if not body.strip():
        return {}
    try:
        value = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise invalid("the body is no JSON") from None
    if not isinstance(value, dict):
        raise invalid("the body is no JSON object")
    return value


def text(wish: Json, name: str, default: str = "") -> str:
    """Read a string of a body; null and none are the default.

    Raises:
        FlyError: 400 when it is of another type.
    """
    value = wish.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid(f"{name} must be a string")
    return value


def flag(request: Request, name: str) -> bool:
    """Read a boolean of the query; a bare name means true."""
    return request.query_params.get(name, "false").lower() in ("", "1", "true")


def number(request: Request, name: str, default: int) -> int:
    """Read a whole number of the query.

    Raises:
        FlyError: 400 when it is none.
    """
    written = request.query_params.get(name) or str(default)
    if not (written.isascii() and written.isdecimal() and len(written) <= _DIGITS):
        raise invalid(f"{name} must be a whole number, not {written!r}")
    return int(written)


def access_of(request: Request) -> Access:
    """Return what the request's token allows; the doorman has let it in."""
    found: Access = request.state.access
    return found
