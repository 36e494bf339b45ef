"""The Machines API's calls on tokens (Fly.io, Machines API, "Tokens")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import keys
from pilothouse.sandbox.fly.app_routes import AppDesk
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.http import access_of, table
from pilothouse.sandbox.fly.shapes import Text
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.state import Json


class DeployTokenWish(msgspec.Struct):
    """The body that makes a token for one app; the expiry is a duration of Go's, such as 24h."""

    expiry: Text = None


class HeaderWish(msgspec.Struct):
    """The body that asks what a token is worth, as a header names it."""

    header: Text = None
    access: dict[str, Any] | None = None


class TokenRoutes(AppDesk):
    """Handlers for tokens."""

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("POST", "/apps/{app}/deploy_token", self.deploy_token),
            ("GET", "/tokens/current", self.current),
            ("POST", "/tokens/authenticate", self.authenticate),
            ("POST", "/tokens/authorize", self.authorise),
        ]
        return table("/v1", calls)

    async def deploy_token(self, request: Request) -> Response:
        """Make a token that is limited to one app."""
        app = self._app(request, "create_token")
        length_s = keys.length_s((await read_wish(request, DeployTokenWish)).expiry)
        name = "flyctl deploy token"
        text = keys.mint(self._world, name=name, profile="deploy", app=app, length_s=length_s)
        return JSONResponse({"token": f"FlyV1 {text}"})

    async def current(self, request: Request) -> Response:
        """Describe the token in use; no apps named means all of the organisation's."""
        access, organisation = access_of(request), self._state.organisation
        person = self._state.people.get(access.user_id) if access.personal else None
        shown = {
            "token_id": access.token_id,
            "organization": str(organisation.internal_numeric_id),
            "org_slug": organisation.slug,
            "apps": sorted(access.apps or ()),
            "restricted_to_machine": "",
            "source_machine_id": "",
            "user": person.email if person else "",
        }
        return JSONResponse({"tokens": [shown]})

    async def authenticate(self, request: Request) -> Response:
        """Tell whether the tokens of a header are known."""
        wish = await read_wish(request, HeaderWish)
        self._known(wish.header)
        return JSONResponse([_verified(wish.header or "")])

    async def authorise(self, request: Request) -> Response:
        """Tell whether the tokens of a header allow what `access` describes."""
        wish = await read_wish(request, HeaderWish)
        access, wanted = self._known(wish.header), wish.access or {}
        app = str(wanted.get("app_name") or "")
        slug = wanted.get("org_slug") or self._state.organisation.slug
        changes = str(wanted.get("action") or "r") not in ("r", "1")
        self._own(str(slug))
        if (app and not access.sees(app)) or (access.read_only and changes):
            raise FlyError(400, "permission_denied: the token does not allow it")
        own = self._state.apps.get(app)
        granted = {
            "action": 31 if changes else 1,
            "orgid": self._state.organisation.internal_numeric_id,
            **({"appid": own.internal_numeric_id} if own else {}),
        }
        verified = _verified(wish.header or "")
        return JSONResponse({"access": granted, "verified_token": verified})

    def _known(self, header: str | None) -> keys.Access:
        found = keys.access(self._world, header or "")
        if found is None:
            raise invalid("token validation error")
        return found


def _verified(header: str) -> Json:
    """Write a token that is known; it has no caveats, since it is no macaroon."""
    nonce: Json = {"kid": [], "proof": False, "rnd": []}
    return {"caveats": {"caveats": []}, "header": header, "nonce": nonce, "permission_token": []}
