"""The query root of Fly.io's GraphQL schema.

Errors carry the texts that flyctl decides by: `Could not find App`, `Unknown repository`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from pilothouse.sandbox.fly import apps, images
from pilothouse.sandbox.fly.graph import (
    connection,
    macaroon_value,
    not_found,
    organisation_value,
    platform_value,
    region_value,
    user_value,
)
from pilothouse.sandbox.fly.graph_app import AppValue, Arguments
from pilothouse.sandbox.fly.graph_releases import config_value, image_version_value
from pilothouse.sandbox.fly.regions import NEAREST, REGIONS
from pilothouse.sandbox.fly.volumes import has_volumes

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.keys import Access
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import App
    from pilothouse.sandbox.state import Json


class Queries:
    """The fields of the query root, by the schema's names, as far as a caller's token reaches."""

    def __init__(self, fleet: FlyFleet, access: Access) -> None:
        self._fleet = fleet
        self._world = fleet.world
        self._state = fleet.world.fly
        self._access = access

    def _app(self, identifier: str | None) -> App:
        app = apps.find(self._state, identifier or "")
        if app is None or not self._access.sees(app.name):
            raise not_found("App")
        return app

    def _seen(self) -> list[App]:
        return [app for app in self._state.apps.values() if self._access.sees(app.name)]

    platform = staticmethod(platform_value)

    def viewer(self, _info: object) -> Json | None:
        """Write the person whose token this is, or the token itself where it is nobody's."""
        if self._access.personal:
            return user_value(self._state, self._access.user_id)
        return macaroon_value(self._state, self._access.token_id)

    def currentUser(self, _info: object) -> Json | None:
        """Write the person behind the token."""
        return user_value(self._state, self._access.user_id)

    def personalOrganization(self, _info: object) -> Json:
        """Write the caller's own organisation."""
        return organisation_value(self._state)

    def organizations(self, _info: object, **arguments: Arguments) -> Json:
        """Write the organisations that the token may see."""
        kind = arguments.get("type")
        found = [None] if kind in (None, "SHARED") else []
        return connection(found, lambda _none: organisation_value(self._state), arguments)

    def organization(self, _info: object, **arguments: Arguments) -> Json:
        """Write one organisation."""
        own = organisation_value(self._state)
        wanted = arguments.get("slug") or arguments.get("name") or arguments.get("id")
        if wanted not in (own["slug"], own["name"], own["id"], "personal"):
            raise not_found("Organization")
        return own

    def apps(self, _info: object, **arguments: Arguments) -> Json:
        """Write a page of apps."""
        found = self._seen()
        if arguments.get("organizationId") not in (None, self._state.organisation.id):
            found = []
        if arguments.get("role") is not None:
            found = []
        if arguments.get("ids") is not None:
            found = [app for app in found if app.name in arguments["ids"]]
        if arguments.get("active"):
            found = [app for app in found if app.status == "deployed"]
        return connection(found, lambda app: AppValue(self._world, app), arguments)

    def app(self, _info: object, **arguments: Arguments) -> AppValue:
        """Write one app, by its name or one of its ids."""
        named = (arguments.get(key) for key in ("name", "internalId", "id", "key"))
        return AppValue(self._world, self._app(next((each for each in named if each), None)))

    def appNameAvailable(self, _info: object, name: str) -> bool:
        """Whether an app may still take the name."""
        return name not in self._state.apps

    def canPerformBluegreenDeployment(self, _info: object, name: str) -> bool:
        """Whether a second set of machines can be had: not where machines have volumes."""
        return not has_volumes(self._app(name))

    def latestImageDetails(self, _info: object, image: str, flyVersion: str | None = None) -> Json:
        """Resolve an image of this registry."""
        found = images.find(self._state, images.parse(image))
        if found is None:
            raise GraphQLError("Unknown repository", extensions={"code": "NOT_FOUND"})
        return image_version_value(found)

    def latestImageTag(self, _info: object, repository: str, snapshotId: str | None = None) -> str:
        """Name the newest tag of a repository."""
        tags = [image.tag for image in self._state.images if image.repository == repository]
        if not tags:
            raise GraphQLError("Unknown repository", extensions={"code": "NOT_FOUND"})
        return f"{images.REGISTRY}/{repository}:{tags[-1]}"

    def machine(self, _info: object, machineId: str) -> Json:
        """Write one machine."""
        for app in self._seen():
            if machineId in app.machines:
                return AppValue(self._world, app).write_machine(app.machines[machineId])
        raise not_found("Machine")

    def machines(self, _info: object, **arguments: Arguments) -> Json:
        """Write a page of the machines of one app, or of all."""
        wanted = arguments.get("appId")
        found = [self._app(wanted)] if wanted else self._seen()
        pairs = [
            (app, machine)
            for app in found
            for machine in app.machines.values()
            if arguments.get("state") in (None, machine.state)
        ]

        def write(pair: tuple[Any, Any]) -> Json:
            return AppValue(self._world, pair[0]).write_machine(pair[1])

        return connection(pairs, write, arguments)

    def nearestRegion(self, _info: object, wireguardGateway: bool | None = None) -> Json:
        """Write the region that is nearest to the caller."""
        return region_value(next(region for region in REGIONS if region.code == NEAREST))

    def validateConfig(self, _info: object, definition: Any) -> Json:  # noqa: ANN401
        """Write what a configuration describes."""
        return config_value(definition if isinstance(definition, dict) else {})
