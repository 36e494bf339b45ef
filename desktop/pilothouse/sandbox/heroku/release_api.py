"""The endpoints of releases and configuration.

A release is named by its UUID or its version; `POST` wants the UUID of the one to go back to
(releases and config vars endpoints of the Platform API).
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, fits_environment, only
from pilothouse.sandbox.heroku.ranges import Fields
from pilothouse.sandbox.heroku.state import HerokuApp, Release

_FIELDS: Fields = {"id": lambda each: each.id, "version": lambda each: each.version}
_BY_VERSION: Fields = {"version": _FIELDS["version"], "id": _FIELDS["id"]}
_UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")


async def list_releases(api: Api, request: Request) -> Reply:
    """An app's history. Without a `Range` it comes oldest first."""
    app = api.app(request)
    view = api.view(request)
    fields = _FIELDS if request.headers.get("range") else _BY_VERSION
    return api.paged(request, app.releases, fields, lambda some: list(view.releases(app, some)))


async def show_release(api: Api, request: Request) -> Reply:
    """One release."""
    app, release = api.release(request)
    return Reply(api.view(request).release(app, release))


async def show_release_config(api: Api, request: Request) -> Reply:
    """The whole configuration of one release."""
    _, release = api.release(request)
    return Reply(release.config)


async def create_release(api: Api, request: Request) -> Reply:
    """Release a slug, or go back to an earlier release."""
    app, body = api.app(request), await api.body(request)
    desk, user_id = api.fleet.desk, api.state.account_id
    if "release" in body:
        only(body, "release")
        target = _target(app, body["release"])
        made = desk.roll_back(app, target, user_id)
    elif "slug" in body:
        only(body, "slug", "description")
        slug_id = _text(body, "slug")
        description = _text(body, "description") if body.get("description") else ""
        slug = api.state.slugs.get(slug_id.lower())
        commit = "" if slug is None else slug.commit[:8]
        made = desk.release_slug(app, slug_id, (description or f"Deploy {commit}", user_id))
    elif "oci_image" in body:
        raise errors.invalid("OCI images cannot be released on an app of the cedar generation.")
    else:
        raise errors.invalid("Name a `slug` to release or a `release` to go back to.")
    return Reply(api.view(request).release(app, made), 201)


def _target(app: HerokuApp, identity: object) -> Release:
    found = None
    if isinstance(identity, str) and _UUID.match(identity):
        found = app.find_release(identity)
    if found is None:
        raise errors.not_found("release")
    return found


def _text(body: dict[str, Any], name: str) -> str:
    value = body[name]
    if not isinstance(value, str):
        raise errors.invalid(f"`{name}` must be a string.")
    return value


async def show_config(api: Api, request: Request) -> Reply:
    """The configuration that the dynos run with."""
    current = api.app(request).current_release()
    return Reply({} if current is None else current.config)


async def change_config(api: Api, request: Request) -> Reply:
    """Merge names into the configuration: one release, one rollout."""
    app, body = api.app(request), await api.body(request)
    if any(not (value is None or isinstance(value, str)) for value in body.values()):
        raise errors.invalid("Config vars must be strings, or null to remove one.")
    for name, value in body.items():
        if value is not None and not fits_environment(name, value):
            raise errors.invalid(f"No process can be given the config var {name!r}.")
    if body:
        api.fleet.desk.set_config(app, body, api.state.account_id)
    current = app.current_release()
    return Reply({} if current is None else current.config)


ENDPOINTS = (
    Endpoint("GET", "/apps/{app}/releases", list_releases, "read-protected"),
    Endpoint("POST", "/apps/{app}/releases", create_release, "write-protected"),
    Endpoint("GET", "/apps/{app}/releases/{release}", show_release, "read-protected"),
    Endpoint(
        "GET", "/apps/{app}/releases/{release}/config-vars", show_release_config, "read-protected"
    ),
    Endpoint("GET", "/apps/{app}/config-vars", show_config, "read-protected"),
    Endpoint("PATCH", "/apps/{app}/config-vars", change_config, "write-protected"),
)
