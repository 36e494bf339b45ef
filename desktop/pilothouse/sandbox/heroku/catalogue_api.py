"""The endpoints of what everybody is offered alike: sizes, stacks, regions, generations, teams."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request

from pilothouse.sandbox.heroku import account_wire, catalogue, errors, wire
from pilothouse.sandbox.heroku.catalogue import GENERATIONS, REGIONS, SIZES, STACKS, Region, Size
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply
from pilothouse.sandbox.heroku.state import Person

_SINCE = wire.moment(datetime(2024, 4, 1, tzinfo=UTC))
_Json = wire.Json
_PERMISSIONS = {
    "deploy": "Release code, change settings that belong to it",
    "manage": "Give people a place on the app, delete it",
    "operate": "Scale it, change its add-ons",
    "view": "See what it is",
}


async def list_sizes(api: Api, request: Request) -> Reply:
    """Every size of dyno."""
    return api.listed(request, [_size_shown(each) for each in SIZES])


async def list_sizes_of_app(api: Api, request: Request) -> Reply:
    """The sizes that an app may use."""
    api.app(request)
    return await list_sizes(api, request)


async def show_size(_api: Api, request: Request) -> Reply:
    """One size, by UUID or name."""
    found = catalogue.size(request.path_params["size"])
    if found is None:
        raise errors.not_found("dyno size")
    return Reply(_size_shown(found))


async def list_stacks(api: Api, request: Request) -> Reply:
    """Every stack."""
    return api.listed(request, [_stack_shown(each) for each in STACKS])


async def list_stacks_of_app(api: Api, request: Request) -> Reply:
    """The stacks that an app may be built for."""
    api.app(request)
    return await list_stacks(api, request)


async def show_stack(_api: Api, request: Request) -> Reply:
    """One stack, by UUID or name."""
    found = catalogue.stack(request.path_params["stack"])
    if found is None:
        raise errors.not_found("stack")
    return Reply(_stack_shown(found))


async def list_regions(api: Api, request: Request) -> Reply:
    """Every region."""
    return api.listed(request, [_region_shown(each) for each in REGIONS])


async def show_region(_api: Api, request: Request) -> Reply:
    """One region, by UUID or name."""
    wanted = request.path_params["region"]
    for each in REGIONS:
        if wanted in {each.name, wire.region(each.name)["id"]}:
            return Reply(_region_shown(each))
    raise errors.not_found("region")


async def list_generations(api: Api, request: Request) -> Reply:
    """Both generations of the platform."""
    return api.listed(request, [_generation_shown(each) for each in GENERATIONS])


async def show_generation(_api: Api, request: Request) -> Reply:
    """One generation, by UUID or name."""
    wanted = request.path_params["generation"]
    for each in GENERATIONS:
        if wanted in {each, wire.generation(each)["id"]}:
            return Reply(_generation_shown(each))
    raise errors.not_found("generation")


async def list_generations_of_team(api: Api, request: Request) -> Reply:
    """The generations that a team may use."""
    _check_team(request)
    return await list_generations(api, request)


async def list_teams(api: Api, request: Request) -> Reply:
    """The teams of the account: the one that owns the practice apps."""
    return api.listed(request, [_team_shown(api)])


async def show_team(api: Api, request: Request) -> Reply:
    """One team. With an unpaid account it also says when things will end (particleboard)."""
    _check_team(request)
    return Reply({**_team_shown(api), **account_wire.ends(api.state)})


async def list_team_features(api: Api, request: Request) -> Reply:
    """What a team has switched on beyond the usual: nothing here."""
    _check_team(request)
    return api.listed(request, [])


async def show_team_delinquency(api: Api, request: Request) -> Reply:
    """When an unpaid team will be suspended and deleted; nulls while it pays."""
    _check_team(request)
    return Reply(account_wire.delinquency(api.state))


async def list_members(api: Api, request: Request) -> Reply:
    """The people of a team: those with a place on one of its apps; who owns one is an admin."""
    _check_team(request)
    owners = {each.owner_id for each in api.state.apps}
    members = dict.fromkeys(who for each in api.state.apps for who in each.collaborators)
    people = [api.state.person(each) for each in members]
    return api.listed(
        request, [_member_shown(_began(api), each, is_admin=each.id in owners) for each in people]
    )


async def list_permissions(api: Api, request: Request) -> Reply:
    """What a member may be allowed to do with an app of a team."""
    return api.listed(
        request, [{"description": told, "name": name} for name, told in _PERMISSIONS.items()]
    )


def _check_team(request: Request) -> None:
    if request.path_params["team"] not in {wire.TEAM["id"], wire.TEAM["name"]}:
        raise errors.not_found("team")


def _size_shown(each: Size) -> _Json:
    return {
        "architecture": "amd64",
        "can_autoscale": each.dedicated,
        "compute": each.compute,
        "cost": {"cents": each.cost_cents, "unit": "month"},
        "dedicated": each.dedicated,
        "generation": wire.generation("cedar"),
        "id": each.id,
        "infrastructure_tier": "production" if each.dedicated else "development",
        "memory": each.memory_gb,
        "name": each.name,
        "precise_dyno_units": each.units,
        "private_space_only": False,
        "product_dyno_tier": each.name.partition("-")[0].lower(),
    }


def _stack_shown(name: str) -> _Json:
    return {
        "created_at": _SINCE,
        "default": name == catalogue.DEFAULT_STACK,
        **wire.stack(name),
        "state": STACKS[name],
        "updated_at": _SINCE,
    }


def _region_shown(each: Region) -> _Json:
    return {
        "country": each.country,
        "created_at": _SINCE,
        "description": each.description,
        **wire.region(each.name),
        "locale": each.locale,
        "private_capable": each.is_private,
        "provider": {"name": "amazon-web-services", "region": each.provider_region},
        "updated_at": _SINCE,
    }


def _generation_shown(name: str) -> _Json:
    return {
        "created_at": _SINCE,
        "expanded_supported_features": [],
        **wire.generation(name),
        "unsupported_features": list(GENERATIONS[name]),
        "updated_at": _SINCE,
    }


def _began(api: Api) -> str:
    return wire.moment(
        min((each.created_at for each in api.state.apps), default=api.world.pace.now())
    )


def _team_shown(api: Api) -> _Json:
    at = _began(api)
    return {
        "created_at": at,
        "credit_card_collections": True,
        "default": False,
        "enterprise_account": None,
        **wire.TEAM,
        "identity_provider": None,
        "membership_limit": 25,
        "pipeline_cost_consent_at": None,
        "pipeline_cost_consent_user_email": None,
        "provisioned_licenses": False,
        "role": "admin",
        "type": "team",
        "updated_at": at,
    }


def _member_shown(at: str, person: Person, *, is_admin: bool) -> _Json:
    return {
        "created_at": at,
        "email": person.email,
        "federated": False,
        "id": wire.named_id("member", person.id),
        "identity_provider": None,
        "role": "admin" if is_admin else "member",
        "two_factor_authentication": True,
        "updated_at": at,
        "user": {"email": person.email, "id": person.id, "name": person.name},
    }


ENDPOINTS = (
    Endpoint("GET", "/dyno-sizes", list_sizes),
    Endpoint("GET", "/dyno-sizes/{size}", show_size),
    Endpoint("GET", "/apps/{app}/available-dyno-sizes", list_sizes_of_app),
    Endpoint("GET", "/stacks", list_stacks),
    Endpoint("GET", "/stacks/{stack}", show_stack),
    Endpoint("GET", "/apps/{app}/available-stacks", list_stacks_of_app),
    Endpoint("GET", "/regions", list_regions),
    Endpoint("GET", "/regions/{region}", show_region),
    Endpoint("GET", "/generations", list_generations),
    Endpoint("GET", "/generations/{generation}", show_generation),
    Endpoint("GET", "/teams", list_teams),
    Endpoint("GET", "/teams/permissions", list_permissions),
    Endpoint("GET", "/teams/{team}", show_team),
    Endpoint("GET", "/teams/{team}/members", list_members),
    Endpoint("GET", "/teams/{team}/available-generations", list_generations_of_team),
    Endpoint("GET", "/teams/{team}/features", list_team_features),
    Endpoint("GET", "/teams/{team}/delinquency", show_team_delinquency),
)
