"""The practice Heroku's Platform API as one ASGI application, at the root of its port.

Every path and verb that is not there is a 404 with the platform's error body. The streams of
logs, builds and release commands and the archives live on the same port; their addresses are
their secrets, so that they ask for no token. The platform's own schema is not served: it is not
ours to hand on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pilothouse.sandbox.heroku import (
    account_api,
    addon_api,
    app_api,
    authorization_api,
    build_api,
    catalogue_api,
    dyno_api,
    feature_api,
    log_api,
    one_off_api,
    output,
    pipeline_api,
    promotion_api,
    release_api,
    slug_api,
    sources,
    unused_api,
    wire,
)
from pilothouse.sandbox.heroku.builds import SOURCE_PATH
from pilothouse.sandbox.heroku.door import answer, fault
from pilothouse.sandbox.heroku.http import Api, Endpoint
from pilothouse.sandbox.state import World

ENDPOINTS: tuple[Endpoint, ...] = (
    *account_api.ENDPOINTS,
    *authorization_api.ENDPOINTS,
    *catalogue_api.ENDPOINTS,
    *app_api.ENDPOINTS,
    *addon_api.ENDPOINTS,
    *feature_api.ENDPOINTS,
    *dyno_api.ENDPOINTS,
    *one_off_api.ENDPOINTS,
    *sources.ENDPOINTS,
    *build_api.ENDPOINTS,
    *slug_api.ENDPOINTS,
    *release_api.ENDPOINTS,
    *pipeline_api.ENDPOINTS,
    *promotion_api.ENDPOINTS,
    *log_api.ENDPOINTS,
    *unused_api.ENDPOINTS,
)
_WRONG_VERB = 405
Handle = Callable[[Request], Awaitable[Response]]
Stream = Callable[[Api, Request], Awaitable[Response]]


def make_app(world: World) -> ASGIApp:
    """The Platform API of a world; its fleet must be made before the first request."""
    api = Api(world)
    by_path: dict[str, dict[str, Endpoint]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = endpoint
    # Literal paths come first, so that `/users/~/apps` is not taken for a person's name.
    ordered = sorted(by_path.items(), key=lambda each: each[0].count("{"))
    routes = [Route(path, _Path(api, verbs)) for path, verbs in ordered]
    routes.append(Route("/streams/{stream}", _stream(api, output.stream_output)))
    routes.append(Route("/log-streams/{session}", _stream(api, log_api.stream_log)))
    for path, handler in (
        (SOURCE_PATH, sources.source_blob),
        (wire.SLUG_PATH, sources.slug_blob),
    ):
        place = f"{path}{{identity}}/{{key}}"
        routes.append(Route(place, _stream(api, handler), methods=["GET", "PUT", "POST", "DELETE"]))
    nothing = _Path(api, {})

    async def lost(request: Request, _error: Exception) -> Response:
        return await nothing.answer(request)

    app = Starlette(routes=routes, exception_handlers={Exception: _failed, _WRONG_VERB: lost})
    # Not a route: the pattern of a path does not match one that holds a line break.
    app.router.default, app.router.redirect_slashes = nothing, False
    return _MethodOverride(app)


async def _failed(request: Request, _error: Exception) -> Response:
    return fault(request)


def _stream(api: Api, handler: Stream) -> Handle:
    async def handle(request: Request) -> Response:
        return await handler(api, request)

    return handle


class _Path:
    """The verbs of one path; a class, so that the router lets every verb through."""

    def __init__(self, api: Api, verbs: dict[str, Endpoint]) -> None:
        self._api = api
        self._verbs = verbs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.answer(Request(scope, receive))
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """Run the endpoint that the request is for, or refuse in the platform's form."""
        return await answer(self._api, self._verbs, request)


class _MethodOverride:
    """Takes `POST` with `X-Http-Method-Override` for the verb that the header names."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            named = dict(scope["headers"]).get(b"x-http-method-override")
            if named is not None:
                scope = {**scope, "method": named.decode("latin-1").strip().upper()}
        await self._app(scope, receive, send)
