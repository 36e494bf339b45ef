"""The endpoints of the account, of apps and of what belongs to an app but its releases.

Quantities of a formation may be numbers, digits or relative (`"+1"`), as real clients send all
three (account, app, dyno, formation and app feature endpoints of the Platform API).
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only
from pilothouse.sandbox.heroku.ranges import Fields
from pilothouse.sandbox.heroku.state import Dyno, Formation, HerokuApp

_APP_FIELDS: Fields = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "updated_at": lambda each: wire.moment(each.updated_at),
}
_DYNO_FIELDS: Fields = {"id": lambda each: each.id, "name": lambda each: each.name}
_FORMATION_FIELDS: Fields = {"id": lambda each: each.id, "type": lambda each: each.type}
_SIZES = ("Standard-1X", "Standard-2X", "Performance-M", "Performance-L")
_MOST_DYNOS = 100


async def show_account(api: Api, _request: Request) -> Reply:
    """Who the token speaks for."""
    person = api.state.person(api.state.account_id)
    return Reply(wire.account(person, min(each.created_at for each in api.state.apps)))


async def show_rate_limits(api: Api, _request: Request) -> Reply:
    """What is left of the account's budget, free of charge."""
    return Reply({"remaining": api.limit.remaining})


async def list_authorizations(api: Api, _request: Request) -> Reply:
    """The one authorization of the practice account, its token masked."""
    person = api.state.person(api.state.account_id)
    token = api.world.token
    at = wire.moment(min(each.created_at for each in api.state.apps))
    row = {
        "access_token": {
            "expires_in": None,
            "id": wire.named_id("access-token"),
            "token": f"{token[:12]}{'*' * 10}{token[-4:]}",
        },
        "client": None,
        "created_at": at,
        "description": "Practice account",
        "grant": None,
        "id": wire.named_id("authorization"),
        "refresh_token": None,
        "scope": ["global"],
        "session": None,
        "updated_at": at,
        "user": {"email": person.email, "full_name": person.name, "id": person.id},
    }
    return Reply([row])


async def list_apps(api: Api, request: Request) -> Reply:
    """Every app that the account sees."""
    view = api.view(request)
    return api.paged(
        request, api.state.apps, _APP_FIELDS, lambda some: [view.app(each) for each in some]
    )


async def filter_apps(api: Api, request: Request) -> Reply:
    """The apps with these ids or names."""
    wanted = (await api.body(request)).get("in")
    if not isinstance(wanted, dict):
        raise errors.invalid("`in` must name ids or names.")
    names = {str(each).lower() for part in ("id", "name") for each in wanted.get(part) or []}
    found = [each for each in api.state.apps if names & {each.id, each.name}]
    view = api.view(request)
    return api.paged(request, found, _APP_FIELDS, lambda some: [view.app(each) for each in some])


async def show_app(api: Api, request: Request) -> Reply:
    """One app."""
    return Reply(api.view(request).app(api.app(request)))


async def change_app(api: Api, request: Request) -> Reply:
    """Switch maintenance mode; names and stacks stay as they are here."""
    app, body = api.app(request), await api.body(request)
    only(body, "maintenance", "name", "build_stack")
    maintenance = body.get("maintenance", app.maintenance)
    if not isinstance(maintenance, bool):
        raise errors.invalid("`maintenance` must be true or false.")
    if body.get("name", app.name) != app.name:
        raise errors.invalid("The practice apps keep their names.")
    app.maintenance = maintenance
    app.updated_at = api.world.pace.now()
    api.world.changed()
    api.fleet.crew(app).edge.kick()
    return Reply(api.view(request).app(app))


async def list_addons(api: Api, request: Request) -> Reply:
    """The add-ons of an app."""
    app, view = api.app(request), api.view(request)
    return Reply([view.addon(app, plan) for plan in app.addon_plans])


async def list_collaborators(api: Api, request: Request) -> Reply:
    """The people with a place on an app."""
    app, view = api.app(request), api.view(request)
    people = (api.state.person(each) for each in app.collaborators)
    return Reply([view.collaborator(app, each) for each in people])


async def list_dynos(api: Api, request: Request) -> Reply:
    """The dynos of an app; in a preboot window the new set only."""
    app = api.app(request)
    return api.paged(
        request, app.dynos, _DYNO_FIELDS, lambda some: [wire.dyno(app, each) for each in some]
    )


async def show_dyno(api: Api, request: Request) -> Reply:
    """One dyno, by UUID or name."""
    app = api.app(request)
    return Reply(wire.dyno(app, _dyno(app, request)))


async def restart_dynos(api: Api, request: Request) -> Reply:
    """Restart all dynos of an app, those of a type, or one."""
    app = api.app(request)
    if "dyno" in request.path_params:
        dynos = [_dyno(app, request)]
    else:
        wanted = request.path_params.get("type")
        dynos = [each for each in app.dynos if wanted in (None, each.type)]
    api.fleet.crew(app).restart(dynos)
    return Reply({}, 202)


async def stop_dyno(api: Api, request: Request) -> Reply:
    """Stop one dyno; the dyno manager starts another for its place."""
    app = api.app(request)
    api.fleet.crew(app).restart([_dyno(app, request)])
    return Reply({}, 202)


def _dyno(app: HerokuApp, request: Request) -> Dyno:
    wanted = request.path_params["dyno"]
    found = next((each for each in app.dynos if wanted in {each.id, each.name}), None)
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
    """Scale or resize several process types at once."""
    app, body = api.app(request), await api.body(request)
    only(body, "updates")
    updates = body.get("updates")
    if not isinstance(updates, list) or not all(isinstance(each, dict) for each in updates):
        raise errors.invalid("`updates` must be a list of objects.")
    wanted = [(_entry(api, app, str(each.get("type"))), each) for each in updates]
    planned = [(entry, _quantity(entry, each), _size(entry, each)) for entry, each in wanted]
    for entry, quantity, size in planned:
        _apply(api, app, entry, (quantity, size))
    return Reply([_shown(api, app, entry) for entry, _, _ in planned])


async def change_formation_entry(api: Api, request: Request) -> Reply:
    """Scale or resize one process type."""
    app, body = api.app(request), await api.body(request)
    entry = _entry(api, app, request.path_params["type"])
    _apply(api, app, entry, (_quantity(entry, body), _size(entry, body)))
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


def _quantity(entry: Formation, update: dict[str, Any]) -> int:
    given = update.get("quantity", entry.quantity)
    if isinstance(given, bool) or not re.fullmatch(r"[+-]?\d{1,4}", str(given)):
        raise errors.invalid(f"`{given}` is not a quantity of dynos.")
    relative = isinstance(given, str) and given[0] in "+-"
    quantity = int(given) + (entry.quantity if relative else 0)
    if not 0 <= quantity <= _MOST_DYNOS:
        raise errors.invalid(f"Cannot run {quantity} dynos of one type.")
    return quantity


def _size(entry: Formation, update: dict[str, Any]) -> str:
    given = update.get("size") or update.get("dyno_size") or entry.size
    name = str(given.get("name")) if isinstance(given, dict) else str(given)
    for size in _SIZES:
        if name.lower() == size.lower() or name == wire.named_id("dyno-size", size):
            return size
    raise errors.invalid(f"There is no dyno size `{name}`.")


def _apply(api: Api, app: HerokuApp, entry: Formation, wanted: tuple[int, str]) -> None:
    if (entry.quantity, entry.size) == wanted:
        return
    entry.quantity, entry.size = wanted
    entry.updated_at = api.world.pace.now()
    if entry.type != "release":
        api.fleet.crew(app).scale(entry)
    api.world.changed()


async def list_features(api: Api, request: Request) -> Reply:
    """The features of an app."""
    return Reply([wire.preboot(api.app(request))])


async def show_feature(api: Api, request: Request) -> Reply:
    """One feature, by name or UUID."""
    return Reply(wire.preboot(_with_feature(api, request)))


async def change_feature(api: Api, request: Request) -> Reply:
    """Switch a feature; that alone restarts nothing."""
    app, body = _with_feature(api, request), await api.body(request)
    only(body, "enabled")
    if not isinstance(body.get("enabled"), bool):
        raise errors.invalid("`enabled` must be true or false.")
    app.preboot = body["enabled"]
    app.features_at = api.world.pace.now()
    api.world.changed()
    return Reply(wire.preboot(app))


def _with_feature(api: Api, request: Request) -> HerokuApp:
    app = api.app(request)
    if request.path_params["feature"] not in {"preboot", wire.named_id("feature", "preboot")}:
        raise errors.not_found("feature")
    return app


ENDPOINTS = (
    Endpoint("GET", "/account", show_account, "identity"),
    Endpoint("GET", "/account/rate-limits", show_rate_limits, "identity"),
    Endpoint("GET", "/oauth/authorizations", list_authorizations, "global"),
    Endpoint("GET", "/apps", list_apps),
    Endpoint("GET", "/users/{user}/apps", list_apps),
    Endpoint("GET", "/teams/{team}/apps", list_apps),
    Endpoint("POST", "/filters/apps", filter_apps),
    Endpoint("GET", "/apps/{app}", show_app),
    Endpoint("PATCH", "/apps/{app}", change_app, "write"),
    Endpoint("GET", "/apps/{app}/addons", list_addons),
    Endpoint("GET", "/apps/{app}/collaborators", list_collaborators),
    Endpoint("GET", "/apps/{app}/dynos", list_dynos),
    Endpoint("DELETE", "/apps/{app}/dynos", restart_dynos, "write"),
    Endpoint("GET", "/apps/{app}/dynos/{dyno}", show_dyno),
    Endpoint("DELETE", "/apps/{app}/dynos/{dyno}", restart_dynos, "write"),
    Endpoint("POST", "/apps/{app}/dynos/{dyno}/actions/stop", stop_dyno, "write"),
    Endpoint("DELETE", "/apps/{app}/formations/{type}", restart_dynos, "write"),
    Endpoint("GET", "/apps/{app}/formation", list_formation),
    Endpoint("PATCH", "/apps/{app}/formation", change_formation, "write"),
    Endpoint("GET", "/apps/{app}/formation/{type}", show_formation),
    Endpoint("PATCH", "/apps/{app}/formation/{type}", change_formation_entry, "write"),
    Endpoint("GET", "/apps/{app}/features", list_features),
    Endpoint("GET", "/apps/{app}/features/{feature}", show_feature),
    Endpoint("PATCH", "/apps/{app}/features/{feature}", change_feature, "write"),
)
