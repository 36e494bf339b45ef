"""The endpoints of apps and of what belongs to an app but its dynos, features and releases.

A new app has two releases and no code, as the platform's have; a renamed one keeps its id, its
history and its address (app, collaborator and domain endpoints of the Platform API).
"""

from __future__ import annotations

import random
import re
from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import access, catalogue, errors, wire
from pilothouse.sandbox.heroku.account_api import own_person
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, flag, identity, only, text
from pilothouse.sandbox.heroku.ranges import Fields
from pilothouse.sandbox.heroku.state import HerokuApp, Person, new_id

_APP_FIELDS: Fields = {
    "id": lambda each: each.id,
    "name": lambda each: each.name,
    "updated_at": lambda each: wire.moment(each.updated_at),
}
_NAME = re.compile(r"[a-z][a-z0-9-]{1,28}[a-z0-9]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CALM = ("calm", "early", "evening", "northern", "quiet", "silver", "steady", "western")
_WATER = ("bay", "canal", "current", "delta", "fjord", "lagoon", "strait", "tide")


async def list_apps(api: Api, request: Request) -> Reply:
    """Every app that the account sees."""
    if "user" in request.path_params:
        own_person(api, request.path_params["user"])
    view = api.view(request)
    return api.paged(
        request, api.state.apps, _APP_FIELDS, lambda some: [view.app(each) for each in some]
    )


async def list_apps_of_team(api: Api, request: Request) -> Reply:
    """Every app of a team; the practice apps all belong to the one team."""
    if request.path_params["team"] not in {wire.TEAM["id"], wire.TEAM["name"]}:
        raise errors.not_found("team")
    view = api.view(request)
    return api.paged(
        request, api.state.apps, _APP_FIELDS, lambda some: [view.team_app(each) for each in some]
    )


async def filter_apps(api: Api, request: Request) -> Reply:
    """The apps with these ids or names."""
    wanted = (await api.body(request)).get("in")
    if not isinstance(wanted, dict):
        raise errors.invalid("`in` must name ids or names.")
    names = set[str]()
    for part in ("id", "name"):
        some = wanted.get(part) or []
        if not isinstance(some, list):
            raise errors.invalid(f"`in.{part}` must be a list.")
        names |= {str(each).lower() for each in some}
    found = [each for each in api.state.apps if names & {each.id, each.name}]
    view = api.view(request)
    return api.paged(
        request, found, _APP_FIELDS, lambda some: [view.team_app(each) for each in some]
    )


async def show_app(api: Api, request: Request) -> Reply:
    """One app."""
    return Reply(api.view(request).app(api.app(request)))


async def create_app(api: Api, request: Request) -> Reply:
    """Make an app without code: its address answers, but with the router's page for that."""
    body = await api.body(request)
    only(body, "name", "region", "stack", "feature_flags")
    if body.get("region") is not None and identity(body, "region") not in wire.REGION.values():
        raise api.lacking(request, "other regions than eu")
    stack = catalogue.DEFAULT_STACK if body.get("stack") is None else _stack(body, "stack")
    name = _invented(api) if body.get("name") is None else _free_name(api, text(body, "name"))
    now = api.world.pace.now()
    app = HerokuApp(
        id=new_id(),
        name=name,
        owner_id=api.state.account_id,
        created_at=now,
        updated_at=now,
        collaborators=[api.state.account_id],
        addon_plans=[],
        stack=stack,
        build_stack=stack,
    )
    api.state.apps_made += 1
    await api.fleet.open_app(app)
    return Reply(api.view(request).app(app), 201)


async def change_app(api: Api, request: Request) -> Reply:
    """Switch maintenance mode, rename the app, or choose the stack of its next build."""
    app, body = api.app(request), await api.body(request)
    only(body, "maintenance", "name", "build_stack")
    maintenance = flag(body, "maintenance", app.maintenance)
    build_stack = app.build_stack if "build_stack" not in body else _stack(body, "build_stack")
    name = app.name if "name" not in body else text(body, "name")
    if name != app.name:
        _free_name(api, name)
        api.fleet.rename_app(app, name)
        app.updated_at = api.world.pace.now()
    if (maintenance, build_stack) != (app.maintenance, app.build_stack):
        app.maintenance, app.build_stack = maintenance, build_stack
        app.updated_at = api.world.pace.now()
        api.fleet.crew(app).edge.kick()
    api.world.changed()
    return Reply(api.view(request).app(app))


async def destroy_app(api: Api, request: Request) -> Reply:
    """End an app with everything that runs; its slugs go on where other apps released them."""
    app = api.app(request)
    shown = api.view(request).app(app)
    await api.fleet.destroy_app(app)
    return Reply(shown)


def _free_name(api: Api, name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise errors.invalid(
            "Name must start with a letter, end with a letter or digit, and can only contain "
            "lower-case letters, digits and dashes, 3 to 30 in all."
        )
    if api.state.find_app(name) is not None:
        raise errors.invalid(f"Name {name} is already taken")
    return name


def _invented(api: Api) -> str:
    """A name as the platform invents them: two words and a number."""
    number = api.state.apps_made
    while True:
        chance = random.Random(f"harbour works {number}")
        words = f"{chance.choice(_CALM)}-{chance.choice(_WATER)}"
        name = f"{words}-{chance.randrange(10_000, 100_000)}"
        if api.state.find_app(name) is None:
            return name
        number += 1


def _stack(body: dict[str, Any], name: str) -> str:
    found = catalogue.stack(identity(body, name))
    if found is None:
        raise errors.invalid(f"There is no stack `{identity(body, name)}`.")
    return found


async def list_collaborators(api: Api, request: Request) -> Reply:
    """The people with a place on an app."""
    app, view = api.app(request), api.view(request)
    people = (api.state.person(each) for each in app.collaborators)
    return api.listed(request, [view.collaborator(app, each) for each in people])


async def show_collaborator(api: Api, request: Request) -> Reply:
    """One person's place on an app, by address or UUID."""
    app = api.app(request)
    return Reply(api.view(request).collaborator(app, _collaborator(api, app, request)))


async def add_collaborator(api: Api, request: Request) -> Reply:
    """Give a person, named by address or UUID, a place on an app."""
    app, body = api.app(request), await api.body(request)
    only(body, "user", "silent")
    wanted = identity(body, "user").lower()
    people = api.state.people
    person = next((each for each in people if wanted in {each.id, each.email}), None)
    if person is None:
        if _EMAIL.fullmatch(wanted) is None:
            raise errors.not_found("user")
        person = Person(wire.named_id("person", wanted), wanted, wanted.partition("@")[0])
        people.append(person)
    if person.id in app.collaborators:
        raise errors.invalid("User is already a collaborator on app.")
    app.collaborators.append(person.id)
    api.world.changed()
    return Reply(api.view(request).collaborator(app, person), 201)


async def remove_collaborator(api: Api, request: Request) -> Reply:
    """Take a person's place on an app away; its owner stays."""
    app = api.app(request)
    person = _collaborator(api, app, request)
    if person.id == app.owner_id:
        raise errors.forbidden("The owner of an app cannot be removed from it.")
    app.collaborators.remove(person.id)
    api.world.changed()
    return Reply(api.view(request).collaborator(app, person))


def _collaborator(api: Api, app: HerokuApp, request: Request) -> Person:
    wanted = request.path_params["collaborator"].lower()
    for person in (api.state.person(each) for each in app.collaborators):
        if wanted in {person.email, person.id, wire.named_id("collaborator", app.id, person.id)}:
            return person
    raise errors.not_found("collaborator")


async def list_domains(api: Api, request: Request) -> Reply:
    """The one domain of an app: where it is reached on loopback."""
    app = api.app(request)
    return api.listed(request, [api.view(request).domain(app)])


async def show_domain(api: Api, request: Request) -> Reply:
    """The domain of an app, by UUID or name."""
    shown = api.view(request).domain(api.app(request))
    if request.path_params["domain"] not in {shown["id"], shown["hostname"]}:
        raise errors.not_found("domain")
    return Reply(shown)


async def add_domain(api: Api, request: Request) -> Reply:
    """Refuse a custom domain: nothing here could resolve it."""
    api.app(request)
    raise api.lacking(request, "custom domains")


async def pre_authorize(api: Api, request: Request) -> Reply:
    """Let changes of an app pass without a second factor for a while; needs one itself."""
    app = api.app(request)
    access.demand_code(app, request)
    access.trust(app, api.world.pace.now())
    api.world.changed()
    return Reply({})


ENDPOINTS = (
    Endpoint("GET", "/apps", list_apps),
    Endpoint("POST", "/apps", create_app, "write"),
    Endpoint("GET", "/users/{user}/apps", list_apps),
    Endpoint("GET", "/teams/{team}/apps", list_apps_of_team),
    Endpoint("POST", "/filters/apps", filter_apps),
    Endpoint("GET", "/apps/{app}", show_app),
    Endpoint("PATCH", "/apps/{app}", change_app, "write"),
    Endpoint("DELETE", "/apps/{app}", destroy_app, "write-protected"),
    Endpoint("GET", "/apps/{app}/collaborators", list_collaborators),
    Endpoint("POST", "/apps/{app}/collaborators", add_collaborator, "write"),
    Endpoint("GET", "/apps/{app}/collaborators/{collaborator}", show_collaborator),
    Endpoint("DELETE", "/apps/{app}/collaborators/{collaborator}", remove_collaborator, "write"),
    Endpoint("GET", "/apps/{app}/domains", list_domains),
    Endpoint("POST", "/apps/{app}/domains", add_domain, "write"),
    Endpoint("GET", "/apps/{app}/domains/{domain}", show_domain),
    Endpoint("PUT", "/apps/{app}/pre-authorizations", pre_authorize, "write"),
)
