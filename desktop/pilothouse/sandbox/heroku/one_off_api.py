"""The endpoint that runs a command once (dyno create, in the Platform API)."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import catalogue, errors, wire
from pilothouse.sandbox.heroku.crew import DEFAULT_SIZE
from pilothouse.sandbox.heroku.http import (
    Api,
    Endpoint,
    Reply,
    fits_environment,
    flag,
    only,
    optional_text,
    text,
)
from pilothouse.sandbox.heroku.one_offs import LONGEST_LIFE_S, Wish

_TYPE = re.compile(r"[-\w]{1,128}")


async def run_command(api: Api, request: Request) -> Reply:
    """Run a command in a dyno of its own, detached: what it writes goes to the app's log."""
    app, body = api.app(request), await api.body(request)
    only(body, "command", "attach", "env", "force_no_tty", "size", "type", "time_to_live")
    wish = Wish(
        command=text(body, "command"),
        type=_type(body),
        size=_size(body),
        environment=_environment(body.get("env")),
        life_s=_life(body.get("time_to_live")),
    )
    if flag(body, "attach", default=False):
        raise api.lacking(request, "attached dynos: leave `attach` out and read the app's log")
    release = app.current_release()
    slug = None if release is None else api.state.slugs.get(release.slug_id or "")
    if release is None or slug is None or not slug.real:
        raise api.lacking(request, f"a real source of {app.name}: build one, then run its commands")
    email = api.state.person(api.state.account_id).email
    api.fleet.crew(app).log.api(f"Starting process with command `{wish.command}` by user {email}")
    return Reply(wire.dyno(app, api.fleet.one_offs.begin(app, release, wish)), 201)


def _type(body: dict[str, Any]) -> str:
    given = optional_text(body, "type") or "run"
    if _TYPE.fullmatch(given) is None:
        raise errors.invalid(f"`{given}` is not the name of a process type.")
    return given


def _size(body: dict[str, Any]) -> str:
    given = optional_text(body, "size") or DEFAULT_SIZE
    size = catalogue.size(given)
    if size is None:
        raise errors.invalid(f"There is no dyno size `{given}`.")
    return size.name


def _environment(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise errors.invalid("`env` must be an object of strings.")
    if not all(fits_environment(*each) for each in given.items()):
        raise errors.invalid("`env` has a name or a value that no process can be given.")
    return dict(given)


def _life(given: object) -> float:
    if given is None:
        return LONGEST_LIFE_S
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= LONGEST_LIFE_S:
        raise errors.invalid(f"`time_to_live` must be seconds, from 1 to {LONGEST_LIFE_S}.")
    return given


ENDPOINTS = (Endpoint("POST", "/apps/{app}/dynos", run_command, "write"),)
