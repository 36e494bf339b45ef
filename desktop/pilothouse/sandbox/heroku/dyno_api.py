"""The endpoints of dynos and of the formation.

Quantities of a formation may be numbers, digits or relative (`"+1"`), and a size may be given as
`size` or `dyno_size`, as real clients send all of these (dyno and formation endpoints of the
Platform API). Eco, Basic and the larger sizes cannot be mixed in one app.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import catalogue, errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only
from pilothouse.sandbox.heroku.ranges import Fields
from pilothouse.sandbox.heroku.state import Dyno, Formation, HerokuApp

_DYNO_FIELDS: Fields = {"id": lambda each: each.id, "name": lambda each: each.name}
_FORMATION_FIELDS: Fields = {"id": lambda each: each.id, "type": lambda each: each.type}
_MOST_DYNOS = 100
_QUANTITY = re.compile(r"[+-]?[0-9]{1,4}")

Plan = tuple[Formation, int, str]
"""An entry of the formation with the quantity and the size it shall have."""


async def list_dynos(api: Api, request: Request) -> Reply:
    """The dynos of an app, one-off ones too; in a preboot window the new set only."""
    app = api.app(request)
    rows = [*app.dynos, *app.one_offs]
    return api.paged(
        request, rows, _DYNO_FIELDS, lambda some: [wire.dyno(app, each) for each in some]
    )


async def show_dyno(api: Api, request: Request) -> Reply:
    """One dyno, by UUID or name."""
    app = api.app(request)
    return Reply(wire.dyno(app, _dyno(app, request)))


async def restart_dynos(api: Api, request: Request) -> Reply:
    """Restart all dynos of an app, those of a type, or one; a one-off dyno just ends."""
    app = api.app(request)
    dynos = _named(api, app, request)
    api.fleet.crew(app).restart([each for each in dynos if not api.fleet.one_offs.end(each)])
    return Reply({}, 202)


async def stop_dynos(api: Api, request: Request) -> Reply:
    """Stop a dyno, or those of a type; the dyno manager starts others in their places."""
    return await restart_dynos(api, request)


def _named(api: Api, app: HerokuApp, request: Request) -> list[Dyno]:
    if "dyno" in request.path_params:
        return [_dyno(app, request)]
    wanted = request.path_params.get("type")
    if wanted is None:
        return list(app.dynos)
    entry = _entry(api, app, wanted)
    return [each for each in app.dynos if each.type == entry.type]


def _dyno(app: HerokuApp, request: Request) -> Dyno:
    wanted = request.path_params["dyno"]
    rows = (*app.dynos, *app.one_offs)
    found = next((each for each in rows if wanted in {each.id, each.name}), None)
    if found is None:
        raise errors.not_found("dyno")
    return found


async def list_formation(api: Api, request: Request) -> Reply:
    """How many dynos of each process type should run."""
    app = api.app(request)
    entries = [each for each in app.formation if _command(api, app, each.type) is not None]
    return api.paged(
        request, entries, _FORMATION_FIELDS, lambda some: [_shown(api, app, each) for each in some]
    )


async def show_formation(api: Api, request: Request) -> Reply:
    """One process type, by UUID or name."""
    app = api.app(request)
    return Reply(_shown(api, app, _entry(api, app, request.path_params["type"])))


async def change_formation(api: Api, request: Request) -> Reply:
    """Scale or resize several process types at once, or none of them."""
    app, body = api.app(request), await api.body(request)
    only(body, "updates")
    updates = body.get("updates")
    if not isinstance(updates, list) or not all(isinstance(each, dict) for each in updates):
        raise errors.invalid("`updates` must be a list of objects.")
    plans = [_plan(api, request, _entry(api, app, str(each.get("type"))), each) for each in updates]
    _carry_out(api, app, plans)
    return Reply([_shown(api, app, entry) for entry, _, _ in plans])


async def change_formation_entry(api: Api, request: Request) -> Reply:
    """Scale or resize one process type."""
    app, body = api.app(request), await api.body(request)
    entry = _entry(api, app, request.path_params["type"])
    _carry_out(api, app, [_plan(api, request, entry, body)])
    return Reply(_shown(api, app, entry))


def _command(api: Api, app: HerokuApp, process_type: str) -> str | None:
    current = app.current_release()
    slug = None if current is None else api.state.slugs.get(current.slug_id or "")
    return None if slug is None else slug.process_types.get(process_type)


def _shown(api: Api, app: HerokuApp, entry: Formation) -> wire.Json:
    return wire.formation(app, entry, _command(api, app, entry.type) or "")


def _entry(api: Api, app: HerokuApp, identity: str) -> Formation:
    for each in app.formation:
        if identity in {each.id, each.type} and _command(api, app, each.type) is not None:
            return each
    raise errors.not_found(f"process type ({identity})")


def _plan(api: Api, request: Request, entry: Formation, update: dict[str, Any]) -> Plan:
    if "docker_image" in update:
        raise api.lacking(request, "releases of container images")
    only(update, "type", "quantity", "size", "dyno_size")
    return entry, _quantity(entry, update), _size(entry, update)


def _quantity(entry: Formation, update: dict[str, Any]) -> int:
    given = update.get("quantity", entry.quantity)
    if isinstance(given, bool) or _QUANTITY.fullmatch(str(given)) is None:
        raise errors.invalid(f"`{given}` is not a quantity of dynos.")
    relative = isinstance(given, str) and given[0] in "+-"
    quantity = int(given) + (entry.quantity if relative else 0)
    if not 0 <= quantity <= _MOST_DYNOS:
        raise errors.invalid(f"Cannot run {quantity} dynos of one type.")
    return quantity


def _size(entry: Formation, update: dict[str, Any]) -> str:
    given = update.get("size") or update.get("dyno_size") or entry.size
    if isinstance(given, dict):
        given = given.get("name") or given.get("id")
    size = catalogue.size(str(given))
    if size is None:
        raise errors.invalid(f"There is no dyno size `{given}`.")
    return size.name


def _carry_out(api: Api, app: HerokuApp, plans: Iterable[Plan]) -> None:
    """Check what the whole formation would become; then change it."""
    plans = list(plans)
    wanted = {entry.id: (quantity, size) for entry, quantity, size in plans}
    sizes = {
        wanted.get(each.id, (each.quantity, each.size))[1]
        for each in app.formation
        if wanted.get(each.id, (each.quantity, each.size))[0] or each.id in wanted
    }
    if len({catalogue.tier(each) for each in sizes}) > 1:
        raise errors.invalid("Eco, Basic and the larger dynos cannot be mixed in one app.")
    if app.preboot and any(catalogue.tier(each) != catalogue.PROFESSIONAL for each in sizes):
        raise errors.invalid("Preboot needs Standard or Performance dynos. Switch it off first.")
    moved = [_apply(api, app, entry, (quantity, size)) for entry, quantity, size in plans]
    if any(moved):
        shown = " ".join(f"{each.type}@{each.quantity}:{each.size}" for each in app.formation)
        email = api.state.person(api.state.account_id).email
        api.fleet.crew(app).log.api(f"Scaled to {shown} by user {email}")
        api.world.changed()


def _apply(api: Api, app: HerokuApp, entry: Formation, wanted: tuple[int, str]) -> bool:
    if (entry.quantity, entry.size) == wanted:
        return False
    entry.quantity, entry.size = wanted
    entry.updated_at = api.world.pace.now()
    if entry.type != "release":
        api.fleet.crew(app).scale(entry)
    return True


ENDPOINTS = (
    Endpoint("GET", "/apps/{app}/dynos", list_dynos),
    Endpoint("DELETE", "/apps/{app}/dynos", restart_dynos, "write"),
    Endpoint("GET", "/apps/{app}/dynos/{dyno}", show_dyno),
    Endpoint("DELETE", "/apps/{app}/dynos/{dyno}", restart_dynos, "write"),
    Endpoint("POST", "/apps/{app}/dynos/{dyno}/actions/stop", stop_dynos, "write"),
    Endpoint("DELETE", "/apps/{app}/formations/{type}", restart_dynos, "write"),
    Endpoint("POST", "/apps/{app}/formations/{type}/actions/stop", stop_dynos, "write"),
    Endpoint("GET", "/apps/{app}/formation", list_formation),
    Endpoint("PATCH", "/apps/{app}/formation", change_formation, "write"),
    Endpoint("GET", "/apps/{app}/formation/{type}", show_formation),
    Endpoint("PATCH", "/apps/{app}/formation/{type}", change_formation_entry, "write"),
)
