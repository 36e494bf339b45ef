"""The endpoints of slugs: made from an uploaded archive, and read (slugs of the Platform API)."""

from __future__ import annotations

import re

from starlette.requests import Request

from pilothouse.sandbox.heroku import catalogue, errors
from pilothouse.sandbox.heroku.build_api import checksum
from pilothouse.sandbox.heroku.builds import new_key
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only, optional_text
from pilothouse.sandbox.heroku.state import Slug, new_id
from pilothouse.sandbox.heroku.wire import SLUG_PATH, STACK

_TYPE = re.compile(r"[-\w]{1,128}")


async def create_slug(api: Api, request: Request) -> Reply:
    """Make a slug whose archive is put to the address in the answer before it is released."""
    app, body = api.app(request), await api.body(request)
    only(
        body,
        "process_types",
        "commit",
        "commit_description",
        "checksum",
        "stack",
        "buildpack_provided_description",
    )
    stack = optional_text(body, "stack")
    if stack is not None and catalogue.stack(stack) != STACK["name"]:
        raise errors.invalid(f"Slugs run on the stack {STACK['name']} here.")
    slug = Slug(
        id=new_id(),
        app_id=app.id,
        commit=optional_text(body, "commit") or "",
        commit_description=optional_text(body, "commit_description") or "",
        process_types=_process_types(body.get("process_types")),
        behaviour="next",
        created_at=api.world.pace.now(),
        size=None,
        checksum=checksum(body),
        real=True,
        put_key=new_key(),
        get_key=new_key(),
        described=optional_text(body, "buildpack_provided_description"),
    )
    api.state.slugs[slug.id] = slug
    api.world.changed()
    view = api.view(request)
    blob = {"method": "put", "url": f"{view.base}{SLUG_PATH}{slug.id}/{slug.put_key}"}
    return Reply({**view.slug(slug), "blob": blob}, 201)


def _process_types(given: object) -> dict[str, str]:
    if not isinstance(given, dict) or not given:
        raise errors.invalid("`process_types` must name at least one process type's command.")
    for name, command in given.items():
        if _TYPE.fullmatch(name) is None or not isinstance(command, str) or not command.strip():
            raise errors.invalid(f"`process_types` has no usable command for `{name}`.")
    return dict(given)


async def show_slug(api: Api, request: Request) -> Reply:
    """One slug; found whichever app it was built for, as a release of it would find it."""
    api.app(request)
    slug = api.state.slugs.get(request.path_params["slug"].lower())
    if slug is None:
        raise errors.not_found("slug")
    return Reply(api.view(request).slug(slug))


ENDPOINTS = (
    Endpoint("POST", "/apps/{app}/slugs", create_slug, "write-protected"),
    Endpoint("GET", "/apps/{app}/slugs/{slug}", show_slug),
)
