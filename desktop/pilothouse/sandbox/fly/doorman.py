"""Who may come in: tokens and their scopes, the platform's headers, and calls that lead nowhere.

Whatever a client asks, it gets an answer in the form of the surface that it asked: the Machines
API, the web REST API, GraphQL, the registry or the metrics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import keys
from pilothouse.sandbox.fly.ids import rising_ulid
from pilothouse.sandbox.pace import wall_s

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pilothouse.sandbox.state import World

_GUARDED = ("/v1/", "/api/", "/v2/", "/prometheus/")
_OPEN = re.compile(r"^/api/v1/cli_sessions(/|$)")
_APP = re.compile(r"^/(?:api/v1|v1)/apps/([^/]+)")
_REPOSITORY = re.compile(r"^/v2/(.+)/(?:manifests|blobs|tags)/")
_READS_BY_POST = re.compile(
    r"^/(prometheus/|graphql$|v1/tokens/authenticate$|v1/tokens/authorize$|v1/platform/placements$)"
)
_REFUSED_TOKEN = {"error": "Authenticate: token validation error"}
_FORBIDDEN = {"error": "unauthorized"}
_READ_ONLY = {"error": "unauthorized: the token may read only"}


class Doorman:
    """Admits known tokens within their scope, and gives every reply the platform's headers."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        header = next(
            (value.decode("latin-1") for key, value in scope["headers"] if key == b"authorization"),
            "",
        )
        caller = keys.access(self._world, header)
        scope.setdefault("state", {})["access"] = caller
        refusal = _refusal(scope["method"], scope["path"], caller)
        await (refusal or self._app)(scope, receive, _stamped(send))


def _refusal(method: str, path: str, caller: keys.Access | None) -> Response | None:
    if not path.startswith(_GUARDED) or _OPEN.match(path):
        return None
    in_registry = path.startswith("/v2/")
    if caller is None:
        return _unauthorised_registry() if in_registry else JSONResponse(_REFUSED_TOKEN, 401)
    changes = method not in ("GET", "HEAD") and not _READS_BY_POST.match(path)
    named = (_REPOSITORY if in_registry else _APP).match(path)
    # Whoever may see one app of an organisation may pull the images of all of them.
    beyond = named is not None and not caller.sees(named[1]) and (changes or not in_registry)
    if not beyond and not (changes and caller.read_only):
        return None
    if in_registry:
        return registry_error(403, "DENIED", "requested access to the resource is denied")
    return JSONResponse(_FORBIDDEN if beyond else _READ_ONLY, 403)


def registry_error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> Response:
    """Refuse in the registry's form (OCI distribution specification, "Error codes")."""
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return JSONResponse(body, status, headers=headers)


def _unauthorised_registry() -> Response:
    challenge = {"www-authenticate": 'Basic realm="registry.fly.io"'}
    return registry_error(401, "UNAUTHORIZED", "authentication required", challenge)


def nowhere(world: World, request: Request, status: int, allow: str = "") -> Response:
    """Answer a call that the sandbox does not have, 404 or 405, and tell its log."""
    world.absent(request.method, request.url.path)
    words = "method not allowed" if status == 405 else "not found"
    headers = {"allow": allow} if allow else None
    path = request.url.path
    if path.startswith("/v2"):
        return registry_error(status, "UNSUPPORTED", f"the operation is unsupported: {words}")
    if path == "/graphql":
        return JSONResponse({"errors": [{"message": words}]}, status, headers=headers)
    if path.startswith("/api/"):
        return JSONResponse({"detail": words.capitalize()}, status, headers=headers)
    if path.startswith("/prometheus/"):
        body = {"status": "error", "errorType": "not_found", "error": words}
        return JSONResponse(body, status, headers=headers)
    return JSONResponse({"error": f"not_found: {words}"}, status, headers=headers)


def _stamped(send: Send) -> Send:
    async def stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            identifier = rising_ulid(wall_s())
            message["headers"] = [
                *message.get("headers", []),
                (b"fly-request-id", f"{identifier}-ams".encode()),
                (b"fly-trace-id", _hex(identifier, 32)),
                (b"fly-span-id", _hex(identifier, 16)),
                (b"server", b"Fly/5a1f9c2e (practice)"),
                (b"via", b"1.1 fly.io"),
            ]
        await send(message)

    return stamped


def _hex(identifier: str, digits: int) -> bytes:
    return f"{int.from_bytes(identifier.encode()) % 16**digits:0{digits}x}".encode()
