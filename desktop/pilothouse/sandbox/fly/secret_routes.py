"""The Machines API's calls on an app's secrets (Fly.io, Machines API, "App secrets")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import app_secrets
from pilothouse.sandbox.fly.app_routes import AppDesk
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import number, table
from pilothouse.sandbox.fly.shapes import Text
from pilothouse.sandbox.fly.views import secret_json
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.state import App, Secret
    from pilothouse.sandbox.state import Json


class SecretWish(msgspec.Struct):
    """The body that sets one secret."""

    value: Text = None


class SecretsWish(msgspec.Struct):
    """The body that sets several; null removes one."""

    values: dict[str, Any] | None = None


class SecretRoutes(AppDesk):
    """Handlers for secrets; values are taken and never shown, since the sandbox keeps none."""

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        every = "/apps/{app}/secrets"
        calls = [
            ("GET", every, self.list_secrets),
            ("POST", every, self.set_secrets),
            ("GET", every + "/{name}", self.show_secret),
            ("POST", every + "/{name}", self.set_secret),
            ("DELETE", every + "/{name}", self.delete_secret),
        ]
        return table("/v1", calls)

    async def list_secrets(self, request: Request) -> Response:
        """List names and digests."""
        app = self._read(request)
        return JSONResponse({"secrets": _written(app)})

    async def show_secret(self, request: Request) -> Response:
        """Show the name and digest of one."""
        app = self._read(request)
        return JSONResponse(_one(_found(app, request.path_params["name"])))

    def _read(self, request: Request) -> App:
        app = self._app(request, "list_secrets")
        least = number(request, "min_version", 0)
        if least > app.secrets_version:
            words = f"secrets are at version {app.secrets_version}, not yet at {least}"
            raise FlyError(400, f"failed_precondition: {words}")
        return app

    async def set_secrets(self, request: Request) -> Response:
        """Set several secrets; null removes one."""
        app = self._app(request, "set_secrets")
        wish = await read_wish(request, SecretsWish)
        app_secrets.change(self._world, app, app_secrets.checked(wish.values))
        return JSONResponse({"secrets": _written(app), "version": app.secrets_version})

    async def set_secret(self, request: Request) -> Response:
        """Set one secret."""
        app = self._app(request, "set_secrets")
        wish = await read_wish(request, SecretWish)
        if wish.value is None:
            raise invalid("value is required")
        name = request.path_params["name"]
        app_secrets.change(self._world, app, app_secrets.checked({name: wish.value}))
        return JSONResponse(_one(app.secrets[name]) | {"version": app.secrets_version}, 201)

    async def delete_secret(self, request: Request) -> Response:
        """Remove one secret."""
        app = self._app(request, "set_secrets")
        secret = _found(app, request.path_params["name"])
        app_secrets.change(self._world, app, {secret.name: None})
        return JSONResponse({"version": app.secrets_version})


def _found(app: App, name: str) -> Secret:
    if name not in app.secrets:
        raise FlyError(404, f"not_found: secret {name} not found")
    return app.secrets[name]


def _one(secret: Secret) -> Json:
    return secret_json(secret.name, secret.digest, secret.created_at, secret.updated_at)


def _written(app: App) -> list[Json]:
    return [_one(secret) for secret in app.secrets.values()]
