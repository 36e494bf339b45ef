"""The endpoints of builds and buildpacks (builds and buildpack installations of the Platform API).

Lists of builds are sorted by `id`, `started_at` (the schema's) or `created_at` (what the command
line asks for).
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors
from pilothouse.sandbox.heroku.build_state import Build
from pilothouse.sandbox.heroku.builds import Wish, is_checksum
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only, optional_text, text
from pilothouse.sandbox.heroku.ranges import Fields
from pilothouse.sandbox.heroku.state import HerokuApp
from pilothouse.sandbox.heroku.wire import Json, View, moment

_OFFICIAL = "urn:buildpack:"
_FIELDS: Fields = {
    "id": lambda each: each.id,
    "started_at": lambda each: each.created_at.isoformat(),
    "created_at": lambda each: each.created_at.isoformat(),
}


def show(view: View, app: HerokuApp, build: Build) -> Json:
    """A build as the platform writes it."""
    user = view.state.person(build.user_id)
    return {
        "app": {"id": app.id},
        "buildpacks": [_buildpack(each) for each in build.buildpacks] or None,
        "created_at": moment(build.created_at),
        "id": build.id,
        "output_stream_url": f"{view.base}/streams/{build.id}",
        "release": None if build.release_id is None else {"id": build.release_id},
        "slug": None if build.slug_id is None else {"id": build.slug_id},
        "source_blob": {
            "checksum": build.checksum,
            "url": build.source_url,
            "version": build.version,
            "version_description": build.version_description,
        },
        "stack": build.stack,
        "status": build.status,
        "updated_at": moment(build.updated_at),
        "user": {"email": user.email, "id": user.id},
    }


def _buildpack(name: str) -> Json:
    """A buildpack by name or address; those of the registry have a name and a URN."""
    if "://" in name:
        return {"url": name}
    return {"name": name, "url": f"{_OFFICIAL}{name}"}


async def create_build(api: Api, request: Request) -> Reply:
    """Build a source that was put to an address of `POST /sources`."""
    app, body = api.app(request), await api.body(request)
    only(body, "source_blob", "buildpacks")
    blob = body.get("source_blob")
    if not isinstance(blob, dict):
        raise errors.invalid("`source_blob` must be an object with the `url` of the source.")
    only(blob, "url", "version", "version_description", "checksum")
    wish = Wish(
        source_url=text(blob, "url"),
        version=optional_text(blob, "version"),
        version_description=optional_text(blob, "version_description"),
        checksum=checksum(blob),
        buildpacks=[_name(each, "url", "name") for each in _list(body, "buildpacks")],
    )
    build = api.fleet.builds.begin(app, wish, api.state.account_id)
    return Reply(show(api.view(request), app, build), 201)


def checksum(body: dict[str, Any]) -> str | None:
    """A checksum that may be missing: `SHA256:` and hex."""
    value = optional_text(body, "checksum")
    if value is not None and not is_checksum(value):
        raise errors.invalid("`checksum` must be `SHA256:` and 64 hexadecimal digits.")
    return value


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if value is not None and not isinstance(value, list):
        raise errors.invalid(f"`{name}` must be a list.")
    return value or []


def _name(row: object, *names: str) -> str:
    """The first of these that an object says, as the name of a buildpack."""
    found = [row.get(each) for each in names if row.get(each)] if isinstance(row, dict) else []
    if not found or not isinstance(found[0], str):
        raise errors.invalid(f"A buildpack must be an object with its {' or '.join(names)}.")
    return found[0].removeprefix(_OFFICIAL)


async def list_builds(api: Api, request: Request) -> Reply:
    """The builds of an app, oldest first where no `Range` says otherwise."""
    app, view = api.app(request), api.view(request)
    return api.paged(
        request, app.builds, _FIELDS, lambda some: [show(view, app, each) for each in some]
    )


async def show_build(api: Api, request: Request) -> Reply:
    """One build."""
    app = api.app(request)
    return Reply(show(api.view(request), app, _build(app, request)))


async def cancel_build(api: Api, request: Request) -> Reply:
    """Cancel a build that still runs."""
    app = api.app(request)
    build = _build(app, request)
    api.fleet.builds.cancel(app, build)
    return Reply(show(api.view(request), app, build))


def _build(app: HerokuApp, request: Request) -> Build:
    wanted = request.path_params["build"].lower()
    found = next((each for each in app.builds if each.id == wanted), None)
    if found is None:
        raise errors.not_found("build")
    return found


async def drop_cache(api: Api, request: Request) -> Reply:
    """Empty the build cache; there is none here, so that it is always empty."""
    api.app(request)
    return Reply({}, 202)


async def list_buildpacks(api: Api, request: Request) -> Reply:
    """The buildpacks that are set on an app, in their order."""
    return Reply(_installed(api.app(request)))


async def change_buildpacks(api: Api, request: Request) -> Reply:
    """Set the buildpacks of an app; they count from its next build on."""
    app, body = api.app(request), await api.body(request)
    only(body, "updates")
    if "updates" not in body:
        raise errors.invalid("`updates` must be a list of buildpacks.")
    names = [_name(each, "buildpack") for each in _list(body, "updates")]
    app.buildpacks = names
    api.world.changed()
    return Reply(_installed(app))


def _installed(app: HerokuApp) -> list[Json]:
    rows = enumerate(app.buildpacks)
    return [{"buildpack": _buildpack(name), "ordinal": ordinal} for ordinal, name in rows]


ENDPOINTS = (
    Endpoint("GET", "/apps/{app}/builds", list_builds),
    Endpoint("POST", "/apps/{app}/builds", create_build, "write-protected"),
    Endpoint("GET", "/apps/{app}/builds/{build}", show_build),
    Endpoint("DELETE", "/apps/{app}/builds/{build}", cancel_build, "write"),
    Endpoint("DELETE", "/apps/{app}/build-cache", drop_cache, "write"),
    Endpoint("GET", "/apps/{app}/buildpack-installations", list_buildpacks),
    Endpoint("PUT", "/apps/{app}/buildpack-installations", change_buildpacks, "write"),
)
