"""The mutation root of Fly.io's GraphQL schema.

A refusal of the Machines API or the web REST API is one here too, with the same words: flyctl
looks for `Name has already been taken`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from pilothouse.sandbox.fly import addresses, app_secrets, apps, keys, releases
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.graph import not_found, organisation_value, token_value
from pilothouse.sandbox.fly.graph_app import AppValue, address_value
from pilothouse.sandbox.fly.graph_releases import release_value
from pilothouse.sandbox.fly.graph_root import Queries
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.state import AppLock

if TYPE_CHECKING:
    from pilothouse.sandbox.state import Json

_LOCK_S = 900.0
_CODES = {404: "NOT_FOUND", 403: "UNAUTHORIZED", 409: "CONFLICT", 422: "UNPROCESSABLE"}
Change = Callable[["Root", "Json"], Awaitable["Json"]]


def _mutation(change: Change) -> Callable[..., Awaitable[Json]]:
    @wraps(change)
    async def resolve(self: Root, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        wish: Json = arguments.get("input", arguments)
        self.may_change()
        try:
            payload = await change(self, wish)
        except FlyError as refusal:
            code = _CODES.get(refusal.status, "BAD_REQUEST")
            raise GraphQLError(refusal.error, extensions={"code": code}) from refusal
        return {"clientMutationId": wish.get("clientMutationId"), **payload}

    return resolve


class Root(Queries):
    """The fields of both roots: what may be asked, and what may be changed."""

    def may_change(self) -> None:
        """Refuse a token that may read only.

        Raises:
            GraphQLError: with the code UNAUTHORIZED.
        """
        if self._access.read_only:
            words = "Not authorized to perform this action: the token may read only"
            raise GraphQLError(words, extensions={"code": "UNAUTHORIZED"})

    def _of_organisation(self, identifier: str) -> None:
        """Refuse another organisation, and tokens that are limited to apps."""
        own = self._state.organisation
        if identifier not in (own.id, own.slug, "personal"):
            raise not_found("Organization")
        if self._access.apps is not None:
            words = "Not authorized to perform this action"
            raise GraphQLError(words, extensions={"code": "UNAUTHORIZED"})

    # ------------------------------------------------------------------ apps

    @_mutation
    async def createApp(self, wish: Json) -> Json:
        """Make an app; without a name it gets one."""
        self._of_organisation(wish["organizationId"])
        name = wish.get("name") or f"quiet-harbour-{secrets.token_hex(3)}"
        app = await apps.create(self._fleet, name, wish.get("network") or "")
        return {"app": AppValue(self._world, app)}

    @_mutation
    async def deleteApp(self, wish: Json) -> Json:
        """Remove an app, machines and all."""
        await apps.delete(self._fleet, self._app(wish["appId"]), force=True)
        return {"organization": organisation_value(self._state)}

    @_mutation
    async def moveApp(self, wish: Json) -> Json:
        """Move an app to the organisation where it is."""
        app = self._app(wish["appId"])
        self._of_organisation(wish["organizationId"])
        return {"app": AppValue(self._world, app)}

    @_mutation
    async def setPlatformVersion(self, wish: Json) -> Json:
        """Keep an app on machines; there is no other platform any more."""
        app = self._app(wish["appId"])
        if wish["platformVersion"] != "machines":
            raise FlyError(422, "Validation failed: Platform version is not included in the list")
        return {"app": AppValue(self._world, app)}

    @_mutation
    async def allocateIpAddress(self, wish: Json) -> Json:
        """Give an app an address."""
        app = self._app(wish["appId"])
        region, service = wish.get("region") or "", wish.get("serviceName") or ""
        address = addresses.assign(self._world, app, wish["type"], region, service)
        return {"app": AppValue(self._world, app), "ipAddress": address_value(address)}

    @_mutation
    async def releaseIpAddress(self, wish: Json) -> Json:
        """Take an address away from an app."""
        wanted = wish.get("ip") or wish.get("ipAddressId") or ""
        app = self._app(wish["appId"]) if wish.get("appId") else self._holder(wanted)
        addresses.withdraw(self._world, app, wanted)
        return {"app": AppValue(self._world, app)}

    def _holder(self, address_id: str) -> Any:  # noqa: ANN401 - an app
        for app in self._seen():
            if any(each.id == address_id for each in app.addresses):
                return app
        raise not_found("IPAddress")

    # ------------------------------------------------------------------ builds

    @_mutation
    async def createBuild(self, wish: Json) -> Json:
        """Number a build; what it does is the client's own affair."""
        self._app(wish["appName"])
        self._state.builds += 1
        self._world.changed()
        return {"id": str(self._state.builds), "status": "started"}

    @_mutation
    async def finishBuild(self, wish: Json) -> Json:
        """Note that a build has ended."""
        self._app(wish["appName"])
        return {"id": wish["buildId"], "status": wish["status"], "wallclockTimeMs": 0}

    @_mutation
    async def ensureMachineRemoteBuilder(self, wish: Json) -> Json:
        """Refuse: the sandbox builds nothing."""
        raise self._no_builder("ensureMachineRemoteBuilder")

    @_mutation
    async def ensureDepotRemoteBuilder(self, wish: Json) -> Json:
        """Refuse: the sandbox builds nothing."""
        raise self._no_builder("ensureDepotRemoteBuilder")

    def _no_builder(self, name: str) -> FlyError:
        self._world.absent("POST", f"/graphql {name}")
        words = "the sandbox has no builders; build with a local Docker and push, or deploy --image"
        return FlyError(422, f"failed to provision builder: {words}")

    # ------------------------------------------------------------------ releases

    @_mutation
    async def createRelease(self, wish: Json) -> Json:
        """Record a release."""
        named = wish | {"app_name": self._app(wish["appId"]).name}
        app, release = releases.create(self._state, named, self._access.author)
        self._world.changed()
        written = release_value(self._state, release)
        return {"app": AppValue(self._world, app), "release": written}

    @_mutation
    async def updateRelease(self, wish: Json) -> Json:
        """Write a release's status."""
        app, release = releases.find(self._state, wish["releaseId"])
        self._app(app.name)
        releases.settle(release, str(wish.get("status")), wish.get("metadata"))
        self._world.changed()
        return {"release": release_value(self._state, release)}

    @_mutation
    async def lockApp(self, wish: Json) -> Json:
        """Take the advisory lock."""
        app, now = self._app(wish["appId"]), self._world.pace.now().timestamp()
        if app.lock is not None and app.lock.expiration > now:
            raise FlyError(409, "App is already locked")
        app.lock = AppLock(secrets.token_hex(8), now + _LOCK_S)
        self._world.changed()
        return {"lockId": app.lock.lock_id, "expiration": rfc3339(app.lock.expiration)}

    @_mutation
    async def unlockApp(self, wish: Json) -> Json:
        """Give the advisory lock back."""
        app = self._app(wish["appId"])
        if app.lock is None or app.lock.lock_id != wish["lockId"]:
            raise FlyError(409, "App is not locked")
        app.lock = None
        self._world.changed()
        return {"app": AppValue(self._world, app)}

    # ------------------------------------------------------------------ secrets and tokens

    @_mutation
    async def setSecrets(self, wish: Json) -> Json:
        """Set secrets; with `replaceAll` the others go."""
        app = self._app(wish["appId"])
        values: dict[str, str | None] = {each["key"]: each["value"] for each in wish["secrets"]}
        if wish.get("replaceAll"):
            values = dict.fromkeys(app.secrets) | values
        return self._write_secrets(wish, values)

    @_mutation
    async def unsetSecrets(self, wish: Json) -> Json:
        """Remove secrets."""
        return self._write_secrets(wish, dict.fromkeys(wish["keys"]))

    def _write_secrets(self, wish: Json, values: dict[str, str | None]) -> Json:
        app = self._app(wish["appId"])
        release = app_secrets.change(self._world, app, app_secrets.checked(values))
        written = release_value(self._state, release)
        return {"app": AppValue(self._world, app), "release": written}

    @_mutation
    async def createLimitedAccessToken(self, wish: Json) -> Json:
        """Make a token for the organisation, or for the one app of `profileParams.app_id`."""
        self._of_organisation(wish["organizationId"])
        params = wish.get("profileParams")
        wanted = params.get("app_id") if isinstance(params, dict) else None
        text = keys.mint(
            self._world,
            name=wish["name"],
            profile=wish["profile"],
            app=self._app(str(wanted)) if wanted else None,
            length_s=keys.length_s(wish.get("expiry")),
        )
        written = token_value(self._state, self._state.tokens[-1], text)
        return {"limitedAccessToken": written}

    @_mutation
    async def deleteLimitedAccessToken(self, wish: Json) -> Json:
        """Make a token worthless."""
        self._of_organisation(self._state.organisation.id)
        keys.revoke(self._state, str(wish.get("id")))
        self._world.changed()
        return {"token": None}
