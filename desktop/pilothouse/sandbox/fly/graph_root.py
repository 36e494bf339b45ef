"""The roots of Fly.io's GraphQL schema, and the executor that walks them.

Errors carry the texts that flyctl decides by: `Could not find App`, `Unknown repository`,
`Name has already been taken`.
"""

from __future__ import annotations

import secrets
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from pilothouse.sandbox.fly import images, releases
from pilothouse.sandbox.fly.app_routes import describe, write_secrets
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.graph import (
    AppValue,
    connection,
    image_version_value,
    organisation_value,
    release_value,
    user_value,
)
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.schema import SDL
from pilothouse.sandbox.fly.state import App, AppLock

if TYPE_CHECKING:
    from pilothouse.sandbox.state import Json, World

_LOCK_S = 900.0


@cache
def schema() -> GraphQLSchema:
    """Return the schema; building it takes some twenty milliseconds, once."""
    return build_schema(SDL)


def execute(world: World, wish: Json, *, known: bool) -> Json:
    """Execute a request's query; without a known token there is nothing but the schema."""
    result = graphql_sync(
        schema(),
        str(wish.get("query", "")),
        Root(world) if known else None,
        variable_values=wish.get("variables") or {},
        operation_name=wish.get("operationName"),
    )
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


class Root:
    """The fields of the query and mutation roots, by the schema's names."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._state = world.fly

    def _app(self, name: str | None) -> App:
        app = self._state.apps.get(name or "")
        if app is None:
            raise GraphQLError("Could not find App", extensions={"code": "NOT_FOUND"})
        return app

    # ------------------------------------------------------------------ queries

    def viewer(self, _info: object) -> Json | None:
        """Write the person whose token this is."""
        return user_value(self._state, self._state.viewer_id)

    def organizations(self, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        """Write the organisations that the token may see."""
        return connection([None], lambda _none: organisation_value(self._state), arguments)

    def organization(self, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        """Write one organisation."""
        own = organisation_value(self._state)
        wanted = arguments.get("slug") or arguments.get("name") or arguments.get("id")
        if wanted not in (own["slug"], own["name"], own["id"], "personal"):
            raise GraphQLError("Could not find Organization", extensions={"code": "NOT_FOUND"})
        return own

    def apps(self, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        """Write a page of apps."""
        apps = list(self._state.apps.values())
        if arguments.get("organizationId") not in (None, self._state.organisation.id):
            apps = []
        page = connection(apps, lambda app: {"app": app}, arguments)
        page["nodes"] = [AppValue(self._world, node["app"]) for node in page["nodes"]]
        for edge, node in zip(page["edges"], page["nodes"], strict=True):
            edge["node"] = node
        return page

    def app(
        self,
        _info: object,
        name: str | None = None,
        internalId: str | None = None,
    ) -> AppValue:
        """Write one app."""
        if name is None and internalId is not None:
            known = {str(each.internal_numeric_id): each.name for each in self._state.apps.values()}
            name = known.get(internalId)
        return AppValue(self._world, self._app(name))

    def appNameAvailable(self, _info: object, name: str) -> bool:
        """Whether an app may still take the name."""
        return name not in self._state.apps

    def canPerformBluegreenDeployment(self, _info: object, name: str) -> bool:
        """Whether the organisation's limits leave room for a second set of machines."""
        return bool(self._app(name))

    def latestImageDetails(
        self,
        _info: object,
        image: str,
        flyVersion: str | None = None,
    ) -> Json:
        """Resolve an image of this registry."""
        found = images.find(self._state, images.parse(image))
        if found is None:
            raise GraphQLError("Unknown repository", extensions={"code": "NOT_FOUND"})
        return image_version_value(found)

    def latestImageTag(self, _info: object, repository: str, **_arguments: Any) -> str:  # noqa: ANN401
        """Name the newest tag of a repository."""
        tags = [image.tag for image in self._state.images if image.repository == repository]
        if not tags:
            raise GraphQLError("Unknown repository", extensions={"code": "NOT_FOUND"})
        return f"{images.REGISTRY}/{repository}:{tags[-1]}"

    # ------------------------------------------------------------------ mutations

    def createRelease(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Record a release."""
        wish = input | {"app_name": self._app(input["appId"]).name}
        try:
            app, release = releases.create(self._state, wish)
        except FlyError as refusal:
            raise GraphQLError(refusal.error) from refusal
        self._world.changed()
        written = release_value(self._state, release)
        return {"app": AppValue(self._world, app), "release": written}

    def updateRelease(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Write a release's status."""
        try:
            _, release = releases.find(self._state, input["releaseId"])
            releases.settle(release, str(input.get("status")), input.get("metadata"))
        except FlyError as refusal:
            raise GraphQLError(refusal.error) from refusal
        self._world.changed()
        return {"release": release_value(self._state, release)}

    def lockApp(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Take the advisory lock."""
        app, now = self._app(input["appId"]), time.time()
        if app.lock is not None and app.lock.expiration > now:
            raise GraphQLError("App is already locked", extensions={"code": "CONFLICT"})
        app.lock = AppLock(secrets.token_hex(8), now + _LOCK_S)
        self._world.changed()
        return {"lockId": app.lock.lock_id, "expiration": rfc3339(app.lock.expiration)}

    def unlockApp(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Give the advisory lock back."""
        app = self._app(input["appId"])
        if app.lock is None or app.lock.lock_id != input["lockId"]:
            raise GraphQLError("App is not locked", extensions={"code": "CONFLICT"})
        app.lock = None
        self._world.changed()
        return {"app": AppValue(self._world, app)}

    def setSecrets(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Set secrets."""
        values = {entry["key"]: entry["value"] for entry in input["secrets"]}
        return self._write_secrets(input["appId"], values)

    def unsetSecrets(self, _info: object, input: Json) -> Json:  # noqa: A002
        """Remove secrets."""
        return self._write_secrets(input["appId"], dict.fromkeys(input["keys"]))

    def _write_secrets(self, name: str, values: dict[str, str | None]) -> Json:
        app = self._app(name)
        write_secrets(app, values)
        image = app.releases[-1].image_ref if app.releases else ""
        release = releases.append(app, image, self._state.viewer_id, describe(values))
        releases.settle(release, "complete", None)
        self._world.changed()
        written = release_value(self._state, release)
        return {"app": AppValue(self._world, app), "release": written}
