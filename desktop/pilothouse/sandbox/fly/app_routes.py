"""The Machines API's calls on apps, secrets, volumes, addresses, regions and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly import app_secrets, releases
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import answering, flag, read_json
from pilothouse.sandbox.fly.ids import opaque_id
from pilothouse.sandbox.fly.state import App, Machine
from pilothouse.sandbox.fly.views import app_json, machine_json, secret_json
from pilothouse.sandbox.pace import wall_s

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.state import Json

_REGIONS = (("ams", "Amsterdam, Netherlands"), ("fra", "Frankfurt, Germany"))
_TOKEN_ID = "9d1c7c02-1111-4a4a-9d0e-5f0d1b2c3d4e"  # noqa: S105 - a name, no secret


class AppRoutes:
    """Handlers for apps and what surrounds them."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._state = fleet.world.fly

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        secrets = "/apps/{app}/secrets"
        table = [
            ("GET", "/apps", self.list_apps),
            ("POST", "/apps", self.create_app),
            ("GET", "/apps/{app}", self.show_app),
            ("DELETE", "/apps/{app}", self.delete_app),
            ("GET", secrets, self.list_secrets),
            ("POST", secrets, self.set_secrets),
            ("POST", secrets + "/{name}", self.set_secret),
            ("DELETE", secrets + "/{name}", self.delete_secret),
            ("GET", "/apps/{app}/volumes", self.none_of_app),
            ("GET", "/apps/{app}/ip_assignments", self.ip_assignments),
            ("GET", "/orgs/{slug}/machines", self.organisation_machines),
            ("GET", "/platform/regions", self.regions),
            ("GET", "/tokens/current", self.current_token),
        ]
        return [
            Route("/v1" + path, answering(call), methods=[method]) for method, path, call in table
        ]

    def _app(self, request: Request, action: str) -> App:
        app = releases.app_named(self._state, request.path_params["app"])
        self._spend(action, app.name)
        return app

    def _spend(self, action: str, identifier: str) -> None:
        if self._state.rate_limited:
            self._fleet.limits.spend(action, identifier)

    # ------------------------------------------------------------------ apps

    async def list_apps(self, request: Request) -> Response:
        """List an organisation's apps."""
        slug = request.query_params.get("org_slug")
        if not slug:
            raise invalid("org_slug is required")
        if slug not in (self._state.organisation.slug, "personal"):
            raise FlyError(404, "not_found: organization not found")
        apps = [app_json(self._fleet.world, app) for app in self._state.apps.values()]
        return JSONResponse({"total_apps": len(apps), "apps": apps, "next_cursor": ""})

    async def create_app(self, request: Request) -> Response:
        """Create an app without machines."""
        self._spend("create_app", self._state.organisation.slug)
        wish = await read_json(request)
        name = str(wish.get("name") or wish.get("app_name") or "")
        if not name:
            raise invalid("name is required")
        if name in self._state.apps:
            raise FlyError(422, "Validation failed: Name has already been taken", "name_taken")
        now = wall_s()
        number = 3_141_593 + len(self._state.apps)
        app = App(f"app-{opaque_id().lower()}", number, name, "default", now)
        self._state.apps[name] = app
        await self._fleet.open(app)
        return JSONResponse({"id": app.id, "created_at": int(now)}, 201)

    async def show_app(self, request: Request) -> Response:
        """Show an app."""
        return JSONResponse(app_json(self._fleet.world, self._app(request, "get_app")))

    async def delete_app(self, request: Request) -> Response:
        """Delete an app with everything in it."""
        app = self._app(request, "delete_app")
        running = any(each.state == "started" for each in app.machines.values())
        if running and not flag(request, "force"):
            raise FlyError(412, "failed_precondition: app has running machines")
        await self._fleet.close(app.name)
        return Response(status_code=202)

    # ------------------------------------------------------------------ secrets

    async def list_secrets(self, request: Request) -> Response:
        """List names and digests; the sandbox keeps no values to show."""
        return JSONResponse({"secrets": _secrets(self._app(request, "list_secrets"))})

    async def set_secrets(self, request: Request) -> Response:
        """Set several secrets; null removes one."""
        app = self._app(request, "set_secrets")
        values = (await read_json(request)).get("values")
        if not isinstance(values, dict):
            raise invalid("values is required")
        self._write(app, {str(name): value for name, value in values.items()})
        return JSONResponse({"secrets": _secrets(app), "version": app.secrets_version})

    async def set_secret(self, request: Request) -> Response:
        """Set one secret."""
        app = self._app(request, "set_secrets")
        value = (await read_json(request)).get("value")
        if not isinstance(value, str):
            raise invalid("value is required")
        name = request.path_params["name"]
        self._write(app, {name: value})
        secret = app.secrets[name]
        shown = secret_json(name, secret.digest, secret.created_at, secret.updated_at)
        return JSONResponse(shown | {"version": app.secrets_version}, 201)

    async def delete_secret(self, request: Request) -> Response:
        """Remove one secret."""
        app = self._app(request, "set_secrets")
        name = request.path_params["name"]
        if name not in app.secrets:
            raise FlyError(404, f"not_found: secret {name} not found")
        self._write(app, {name: None})
        return JSONResponse({"version": app.secrets_version})

    def _write(self, app: App, values: dict[str, str | None]) -> None:
        app_secrets.change(self._fleet.world, app, values)

    # ------------------------------------------------------------------ surroundings

    async def none_of_app(self, request: Request) -> Response:
        """List what no app here has."""
        self._app(request, "list_volumes")
        return JSONResponse([])

    async def ip_assignments(self, request: Request) -> Response:
        """List public addresses; none, so that clients do not ask public name servers."""
        self._app(request, "list_ips")
        return JSONResponse({"ips": []})

    async def organisation_machines(self, request: Request) -> Response:
        """List every machine of the organisation with its app."""
        machines = [
            _overview(machine) | {"app_name": app.name}
            for app in self._state.apps.values()
            for machine in app.machines.values()
            if machine.state != "destroyed"
        ]
        return JSONResponse({"machines": machines, "last_machine_id": "", "last_updated_at": ""})

    async def regions(self, request: Request) -> Response:
        """List the regions of the practice cloud."""
        shown = [{"code": code, "name": name, "gateway_available": True} for code, name in _REGIONS]
        return JSONResponse({"regions": shown, "nearest": _REGIONS[0][0]})

    async def current_token(self, request: Request) -> Response:
        """Describe the token in use: all apps of the organisation."""
        organisation = self._state.organisation
        shown = {
            "token_id": _TOKEN_ID,
            "organization": str(organisation.internal_numeric_id),
            "org_slug": organisation.slug,
            "apps": [],
            "restricted_to_machine": "",
            "source_machine_id": "",
            "user": self._state.viewer.email,
        }
        return JSONResponse({"tokens": [shown]})


def _overview(machine: Machine) -> Json:
    """Write a machine as the organisation's list does: little, and of its configuration less."""
    shown = machine_json(machine, summary=True)
    config = {name: machine.config.get(name) for name in ("guest", "image", "metadata")}
    left_out = ("cordoned", "host_status", "image_ref")
    return {name: value for name, value in shown.items() if name not in left_out} | {
        "config": config
    }


def _secrets(app: App) -> list[Json]:
    return [
        secret_json(each.name, each.digest, each.created_at, each.updated_at)
        for each in app.secrets.values()
    ]
