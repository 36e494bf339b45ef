"""The Machines API's calls on apps (Fly.io, Machines API, "Apps resource")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import apps, releases
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import access_of, flag, table
from pilothouse.sandbox.fly.paging import page
from pilothouse.sandbox.fly.shapes import Flag, Text
from pilothouse.sandbox.fly.views import app_json
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import App


class AppWish(msgspec.Struct):
    """The body that creates an app; the documentation's pages call the name `app_name`."""

    name: Text = None
    app_name: Text = None
    org_slug: Text = None
    network: Text = None
    enable_subdomains: Flag = None
    app_role_id: Text = None
    idempotency_key: Text = None


class AppDesk:
    """What every handler about one app needs: the app, as far as a request may see it."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._world = fleet.world
        self._state = fleet.world.fly

    def _now(self) -> float:
        return self._world.pace.now().timestamp()

    def _app(self, request: Request, action: str) -> App:
        app = releases.app_named(self._state, request.path_params["app"])
        self._spend(action, app.name)
        return app

    def _spend(self, action: str, identifier: str) -> None:
        if self._state.rate_limited:
            self._fleet.limits.spend(action, identifier)

    def _own(self, slug: str | None) -> None:
        """Refuse another organisation than the one there is.

        Raises:
            FlyError: 400 without a slug, 404 for an unknown one.
        """
        if not slug:
            raise invalid("org_slug is required")
        if not apps.is_own(self._state, slug):
            raise FlyError(404, "not_found: organization not found")


class AppRoutes(AppDesk):
    """Handlers for apps."""

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("GET", "/apps", self.list_apps),
            ("POST", "/apps", self.create_app),
            ("GET", "/apps/{app}", self.show_app),
            ("DELETE", "/apps/{app}", self.delete_app),
        ]
        return table("/v1", calls)

    async def list_apps(self, request: Request) -> Response:
        """List an organisation's apps by name, as far as the token reaches."""
        query = request.query_params
        self._own(query.get("org_slug"))
        access = access_of(request)
        seen = [app for app in self._state.apps.values() if access.sees(app.name)]
        # No app of the practice cloud has a role, such as being a database's.
        found = [] if query.get("app_role") else sorted(seen, key=lambda app: app.name)
        shown, cursor = page(found, lambda app: app.name, query, self._now())
        rows = [app_json(self._world, app) for app in shown]
        body = {"total_apps": len(found), "apps": rows, "next_cursor": cursor or ""}
        return JSONResponse(body)

    async def create_app(self, request: Request) -> Response:
        """Create an app without machines."""
        self._spend("create_app", self._state.organisation.slug)
        wish = await read_wish(request, AppWish)
        name = wish.name or wish.app_name
        if not name:
            raise invalid("name is required")
        self._own(wish.org_slug)
        if access_of(request).apps is not None:
            raise FlyError(403, "unauthorized")
        key = wish.idempotency_key or ""
        app = await apps.create(self._fleet, name, wish.network or "", key)
        return JSONResponse({"id": app.id, "created_at": int(app.created_at)}, 201)

    async def show_app(self, request: Request) -> Response:
        """Show an app."""
        return JSONResponse(app_json(self._world, self._app(request, "get_app")))

    async def delete_app(self, request: Request) -> Response:
        """Delete an app with everything in it."""
        app = self._app(request, "delete_app")
        await apps.delete(self._fleet, app, force=flag(request, "force"))
        return Response(status_code=202)
