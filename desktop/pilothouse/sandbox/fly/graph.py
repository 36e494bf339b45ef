"""Fly's records as values that the GraphQL executor walks: dictionaries, and functions on demand.

A field that costs something, or takes arguments, is a function of the executor's `info` and the
field's arguments; it runs only when a query selects it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from pilothouse.sandbox.fly import images
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.ids import rfc3339, rfc3339_ms
from pilothouse.sandbox.fly.state import App, FlyState, Image, Release
from pilothouse.sandbox.fly.views import edge_url
from pilothouse.sandbox.state import Json, World

_SIZE_BYTES = 48_211_904
_NO_PAGE = {"endCursor": None, "hasNextPage": False, "hasPreviousPage": False, "startCursor": None}
_NOTHING: Json = {"nodes": [], "edges": [], "pageInfo": _NO_PAGE, "totalCount": 0}


def connection(
    items: Sequence[Any], write: Callable[[Any], Json], arguments: Json, *, size: int = 1000
) -> Json:
    """Return one page of a list as a Relay connection; cursors are positions in base64."""
    start = _position(arguments.get("after"))
    first = arguments.get("first")
    count = size if first is None else max(0, int(first))
    page = items[start : start + count]
    nodes = [write(item) for item in page]
    cursors = [_cursor(start + index + 1) for index in range(len(page))]
    return {
        "edges": [
            {"cursor": cursor, "node": node} for cursor, node in zip(cursors, nodes, strict=True)
        ],
        "nodes": nodes,
        "totalCount": len(items),
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": start + len(page) < len(items),
            "hasPreviousPage": start > 0,
        },
    }


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode().rstrip("=")


def _position(cursor: object) -> int:
    if not cursor:
        return 0
    text = str(cursor)
    try:
        return int(base64.b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise FlyError(400, "Invalid cursor") from None


def organisation_value(state: FlyState) -> Json:
    """Write the organisation."""
    organisation = state.organisation
    return {
        "id": organisation.id,
        "slug": organisation.slug,
        "rawSlug": organisation.slug,
        "name": organisation.name,
        "type": "SHARED",
        "paidPlan": True,
        "billable": True,
        "viewerRole": "admin",
        "internalNumericId": str(organisation.internal_numeric_id),
    }


def user_value(state: FlyState, identifier: str | None) -> Json | None:
    """Write a person; None for a release that a token made."""
    person = state.people.get(identifier or "")
    if person is None:
        return None
    return {
        "__typename": "User",
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "enablePaidHobby": True,
        "internalNumericId": 41_000 + list(state.people).index(person.id),
        "organizations": lambda _info: connection(
            [None], lambda _none: organisation_value(state), {}
        ),
    }


def image_value(state: FlyState, text: str) -> Json | None:
    """Write the image that a reference names; None when it is gone."""
    image = images.find(state, images.parse(text))
    return _image_value(image) if image else None


def _image_value(image: Image) -> Json:
    return {
        "id": f"img_{image.digest[7:19]}",
        "digest": image.digest,
        "ref": f"{images.REGISTRY}/{image.repository}:{image.tag}",
        "tag": image.tag,
        "registry": images.REGISTRY,
        "repository": image.repository,
        "label": image.tag,
        "compressedSize": _SIZE_BYTES,
        "compressedSizeFull": str(_SIZE_BYTES),
        "createdAt": rfc3339(image.created_at),
        "labels": images.labels_of(image),
        "manifest": json.loads(images.manifest(image)),
    }


def image_version_value(image: Image) -> Json:
    """Write an image as image details have it."""
    return {
        "registry": images.REGISTRY,
        "repository": image.repository,
        "tag": image.tag,
        "version": "",
        "digest": image.digest,
    }


def release_value(state: FlyState, release: Release) -> Json:
    """Write a release; the same value serves both of its GraphQL types."""
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "stable": release.status == "complete",
        "inProgress": release.status in ("pending", "running"),
        "description": release.description,
        "reason": release.reason,
        "user": lambda _info: user_value(state, release.user_id),
        "createdAt": rfc3339(release.created_at),
        "updatedAt": rfc3339(release.updated_at),
        "imageRef": release.image_ref,
        "image": lambda _info: image_value(state, release.image_ref),
        "deploymentStrategy": release.strategy,
        "revertedTo": None,
        "evaluationId": "",
        "config": {"definition": release.definition, "valid": True, "errors": []},
        "configDefinition": release.definition,
        "metadata": release.metadata,
    }


class AppValue:
    """An app as the executor walks it: attributes are plain fields, methods take arguments."""

    def __init__(self, world: World, app: App) -> None:
        self._world = world
        self._state = world.fly
        self._app = app
        url = edge_url(world, app)
        self.id = self.name = app.name
        self.internalNumericId = app.internal_numeric_id
        self.hostname = self.cnameTarget = url.removeprefix("http://")
        self.appUrl = url
        self.status = app.status
        self.state = app.status.upper()
        self.deployed = app.status == "deployed"
        self.platformVersion = "machines"
        self.runtime = "FIRECRACKER"
        self.network = app.network
        self.createdAt = rfc3339(app.created_at)
        self.organization = organisation_value(self._state)
        self.role = None
        self.sharedIpAddress = None
        self.hostIssues = self.ipAddresses = lambda _info, **_arguments: _NOTHING

    def _newest(self) -> Json | None:
        releases = self._app.releases
        return release_value(self._state, releases[-1]) if releases else None

    def currentRelease(self, _info: object) -> Json | None:
        """Write the newest release."""
        return self._newest()

    def currentReleaseUnprocessed(self, _info: object) -> Json | None:
        """Write the newest release."""
        return self._newest()

    def release(self, _info: object, *, id: str | None = None, version: int | None = None) -> Any:  # noqa: ANN401
        """Write one release by its id or its version."""
        for release in self._app.releases:
            if id in (None, release.id) and version in (None, release.version):
                return release_value(self._state, release)
        return None

    def releases(self, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        """Write a page of releases, newest first."""
        newest = list(reversed(self._app.releases))
        status = arguments.get("status")
        if status:
            newest = [release for release in newest if release.status == status]
        return connection(newest, lambda each: release_value(self._state, each), arguments)

    releasesUnprocessed = releases

    def healthChecks(self, _info: object, **arguments: Any) -> Json:  # noqa: ANN401
        """Write the check results of every machine."""
        pairs = [
            (machine, check)
            for machine in self._app.machines.values()
            for check in machine.checks
            if arguments.get("name") in (None, check.name)
        ]
        return connection(pairs, _check_value, arguments)

    def image(self, _info: object, *, ref: str) -> Json | None:
        """Resolve a reference."""
        text = ref if "/" in ref else f"{images.REGISTRY}/{self._app.name}:{ref}"
        return image_value(self._state, text)

    def imageDetails(self, _info: object) -> Json | None:
        """Write the image that the newest release names."""
        releases = self._app.releases
        image = images.pull(self._state, releases[-1].image_ref)[1] if releases else None
        return image_version_value(image) if image else None

    def latestImageDetails(self, info: object) -> Json | None:
        """Write the image that the newest release names; images here are never updated."""
        return self.imageDetails(info)

    def secrets(self, _info: object) -> list[Json]:
        """Write the names and digests of the secrets."""
        return [
            {
                "id": f"{self.name}-{secret.name}",
                "name": secret.name,
                "digest": secret.digest,
                "createdAt": rfc3339(secret.created_at),
                "user": None,
            }
            for secret in self._app.secrets.values()
        ]

    def currentLock(self, _info: object) -> Json | None:
        """Write the lock in force."""
        lock = self._app.lock
        if lock is None or lock.expiration <= self._world.pace.now().timestamp():
            return None
        return {"lockId": lock.lock_id, "expiration": rfc3339(lock.expiration)}

    def processGroups(self, _info: object) -> list[Json]:
        """Write the process groups and where they run."""
        regions: dict[str, set[str]] = {}
        for machine in self._app.machines.values():
            regions.setdefault(machine.group, set()).add(machine.region)
        return [
            {"name": name, "regions": sorted(where), "maxPerRegion": 0}
            for name, where in regions.items()
        ]

    def config(self, _info: object) -> Json:
        """Write the newest release's configuration."""
        releases = self._app.releases
        definition = releases[-1].definition if releases else {}
        return {"definition": definition, "valid": True, "errors": []}


def _check_value(pair: tuple[Any, Any]) -> Json:
    machine, check = pair
    return {
        "allocation": None,
        "allocationId": machine.id,
        "name": check.name,
        "output": lambda _info, **_arguments: check.output,
        "serviceName": check.name,
        "status": check.status,
        "type": "HTTP",
        "updatedAt": rfc3339_ms(check.updated_at),
    }
