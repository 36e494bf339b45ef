"""The web REST API that flyctl uses for releases, builds, organisations and logs.

It is Fly.io's, under `/api/v1` of the API host, and documented only by flyctl's source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import releases
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import access_of, number, read_json, table, text
from pilothouse.sandbox.fly.ids import rfc3339, rfc3339_ms
from pilothouse.sandbox.fly.state import FIRST_BUILD

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet, LogLine
    from pilothouse.sandbox.state import Json

_PREFIX = "/api/v1"


class WebRoutes:
    """Handlers of the web REST API."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._state = fleet.world.fly

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("GET", "/apps/{app}/releases", self.list_releases),
            ("GET", "/apps/{app}/releases/current", self.current_release),
            ("GET", "/releases/all_current", self.all_current),
            ("POST", "/releases", self.create_release),
            ("PATCH", "/releases/{id}", self.patch_release),
            ("GET", "/organizations", self.organisations),
            ("GET", "/organizations/{slug}", self.organisation),
            ("POST", "/organizations/{slug}/builders", self.no_builder),
            ("POST", "/builds", self.start_build),
            ("POST", "/builds/finish", self.finish_build),
            ("POST", "/builds/depot_builder", self.no_builder),
            ("GET", "/apps/{app}/logs", self.logs),
        ]
        return table(_PREFIX, calls)

    async def list_releases(self, request: Request) -> Response:
        """List an app's releases, newest first."""
        app = releases.app_named(self._state, request.path_params["app"])
        limit = number(request, "limit", 25)
        newest = list(reversed(app.releases))[:limit]
        shown = [releases.release_json(self._state, release) for release in newest]
        return JSONResponse({"releases": shown})

    async def current_release(self, request: Request) -> Response:
        """Show the newest release."""
        app = releases.app_named(self._state, request.path_params["app"])
        if not app.releases:
            raise FlyError(404, "not_found: no release")
        return JSONResponse(releases.release_json(self._state, app.releases[-1]))

    async def all_current(self, request: Request) -> Response:
        """Tell when each app that the token sees was released last."""
        access, apps = access_of(request), self._state.apps.values()
        shown = {
            app.name: rfc3339(app.releases[-1].created_at)
            for app in apps
            if app.releases and access.sees(app.name)
        }
        return JSONResponse(shown)

    async def create_release(self, request: Request) -> Response:
        """Record a release."""
        wish = await read_json(request)
        self._within(request, releases.app_named(self._state, text(wish, "app_name")).name)
        _, release = releases.create(self._state, wish, access_of(request).author)
        self._fleet.world.changed()
        shown = releases.release_json(self._state, release)
        return JSONResponse({"release": shown}, 201)

    async def patch_release(self, request: Request) -> Response:
        """Write a release's status."""
        wish = await read_json(request)
        app, release = releases.find(self._state, request.path_params["id"])
        self._within(request, app.name)
        metadata = wish.get("metadata")
        if not isinstance(metadata, dict | None):
            raise invalid("metadata must be an object or null")
        releases.settle(release, text(wish, "status"), metadata)
        self._fleet.world.changed()
        return JSONResponse(releases.release_json(self._state, release))

    def _within(self, request: Request, app: str) -> None:
        if not access_of(request).sees(app):
            raise FlyError(403, "unauthorized")

    async def organisations(self, request: Request) -> Response:
        """List the organisations that the token may see."""
        return JSONResponse({"organizations": [self._organisation_json()]})

    async def organisation(self, request: Request) -> Response:
        """Show one organisation; `personal` is the caller's own."""
        if request.path_params["slug"] not in (self._state.organisation.slug, "personal"):
            return JSONResponse({"detail": "Organization not found"}, 404)
        return JSONResponse({"organization": self._organisation_json()})

    def _organisation_json(self) -> Json:
        organisation = self._state.organisation
        return {
            "id": organisation.id,
            "internal_numeric_id": organisation.internal_numeric_id,
            "slug": organisation.slug,
            "raw_slug": organisation.slug,
            "name": organisation.name,
            "paid_plan": True,
            "personal": False,
            "billable": True,
            "billing_status": "CURRENT",
            "provisions_beta_extensions": False,
            "remote_builder_image": "",
        }

    async def start_build(self, request: Request) -> Response:
        """Number a build; what it does is the client's own affair."""
        wish = await read_json(request)
        app = text(wish, "app_name")
        if app:
            self._within(request, releases.app_named(self._state, app).name)
        self._state.builds += 1
        self._fleet.world.changed()
        shown = {"id": self._state.builds, "status": "started", "wallclock_time_ms": 0}
        return JSONResponse(shown)

    async def finish_build(self, request: Request) -> Response:
        """Note that a build has ended."""
        wish = await read_json(request)
        build = wish.get("build_id")
        if not isinstance(build, int) or isinstance(build, bool):
            raise FlyError(422, "build_id must be a number")
        if not FIRST_BUILD < build <= self._state.builds:
            raise FlyError(404, f"build {build} not found")
        status = text(wish, "status") or "completed"
        return JSONResponse({"id": build, "status": status, "wallclock_time_ms": 0})

    async def no_builder(self, request: Request) -> Response:
        """Refuse: the sandbox builds nothing."""
        self._fleet.world.absent(request.method, request.url.path)
        words = "the sandbox has no builders; build with a local Docker and push, or deploy --image"
        return JSONResponse({"detail": words}, 422)

    async def logs(self, request: Request) -> Response:
        """Return the log lines after a token, at most a hundred."""
        site = self._fleet.site(request.path_params["app"])
        query = request.query_params
        after = number(request, "next_token", 0)
        lines = [
            line
            for line in site.log
            if _nanoseconds(line) > after
            and query.get("instance") in (None, "", line.machine_id)
            and query.get("region") in (None, "", line.region)
        ]
        shown = lines[:100] if after else lines[-100:]
        token = str(_nanoseconds(shown[-1]) if shown else after)
        data = [_line_json(index, line) for index, line in enumerate(shown)]
        return JSONResponse({"data": data, "meta": {"next_token": token}})


def _nanoseconds(line: LogLine) -> int:
    return int(line.at * 1e6) * 1000


def _line_json(index: int, line: LogLine) -> Json:
    where = {"instance": line.machine_id, "region": line.region}
    return {
        "id": f"{int(line.at)}-{index}",
        "attributes": {
            "timestamp": rfc3339_ms(line.at),
            "message": line.message,
            "level": "info",
            **where,
            "meta": {**where, "event": {"provider": line.provider}},
        },
    }
