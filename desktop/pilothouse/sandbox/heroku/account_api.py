"""The endpoints of the account: who it is, what it may still ask, whether it has paid.

The command line also asks `/account` and `/teams/{t}` of a second service, whose address is this
same port here: that answer names two moments more while the account has not paid.
"""

from __future__ import annotations

from starlette.requests import Request

from pilothouse.sandbox.heroku import account_wire, errors, wire
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply
from pilothouse.sandbox.heroku.state import Person


async def show_account(api: Api, _request: Request) -> Reply:
    """Who the token speaks for."""
    return Reply(_shown(api))


async def show_user(api: Api, request: Request) -> Reply:
    """The same, asked for by name, address or `~`; of others nothing is told."""
    own_person(api, request.path_params["user"])
    return Reply(_shown(api))


async def show_rate_limits(api: Api, _request: Request) -> Reply:
    """What is left of the account's budget, free of charge."""
    return Reply({"remaining": api.limit.remaining})


async def show_delinquency(api: Api, _request: Request) -> Reply:
    """When an unpaid account will be suspended and deleted; nulls while it pays."""
    return Reply(account_wire.delinquency(api.state))


def own_person(api: Api, identity: str) -> Person:
    """The account's person, who may be named by UUID, address or `~`; else a 404."""
    person = api.state.person(api.state.account_id)
    if identity.lower() not in {"~", person.id, person.email}:
        raise errors.not_found("user")
    return person


def _shown(api: Api) -> wire.Json:
    person = api.state.person(api.state.account_id)
    began = min((each.created_at for each in api.state.apps), default=api.world.pace.now())
    return {**account_wire.account(api.state, person, began), **account_wire.ends(api.state)}


ENDPOINTS = (
    Endpoint("GET", "/account", show_account, "identity"),
    Endpoint("GET", "/account/rate-limits", show_rate_limits, "identity"),
    Endpoint("GET", "/account/delinquency", show_delinquency, "identity"),
    Endpoint("GET", "/users/{user}", show_user, "identity"),
)
