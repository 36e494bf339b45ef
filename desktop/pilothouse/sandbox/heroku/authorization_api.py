"""The endpoints of authorizations: further tokens, with scopes and an end, that really work.

Tokens are shown whole when they are made and masked afterwards (OAuth authorization endpoints of
the Platform API). An authorization's life is named by the client, in real seconds.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from pilothouse.sandbox.heroku import errors, wire
from pilothouse.sandbox.heroku.access import SCOPES
from pilothouse.sandbox.heroku.grants import grant_access, new_token
from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply, only, optional_text
from pilothouse.sandbox.heroku.state import Grant, HerokuState, new_id

_LONGEST_S = 10 * 366 * 86400
_OWN = frozenset({"~", wire.named_id("authorization")})


async def list_authorizations(api: Api, request: Request) -> Reply:
    """The account's authorizations, tokens masked; the sandbox's own is the first."""
    some = [_own_shown(api), *(_shown(api, each) for each in api.state.grants)]
    return api.listed(request, some)


async def show_authorization(api: Api, request: Request) -> Reply:
    """One authorization, its token masked; `~` is the sandbox's own."""
    if request.path_params["authorization"] in _OWN:
        return Reply(_own_shown(api))
    return Reply(_shown(api, _grant(api, request)))


async def create_authorization(api: Api, request: Request) -> Reply:
    """Make a token with scopes (without any: for everything), for ever or `expires_in` seconds."""
    body = await api.body(request)
    only(body, "client", "description", "expires_in", "scope")
    if body.get("client") is not None:
        raise api.lacking(request, "OAuth clients")
    scope, expires_in = _scope(body), _expires_in(body)
    description = optional_text(body, "description") or "Long-lived user authorization"
    grant = grant_access(api.world, scope, expires_in, description)
    return Reply(_shown(api, grant, whole=True), 201)


async def change_authorization(api: Api, request: Request) -> Reply:
    """Give an authorization another description."""
    grant, body = _grant(api, request), await api.body(request)
    only(body, "client", "description")
    if body.get("client") is not None:
        raise api.lacking(request, "OAuth clients")
    grant.description = optional_text(body, "description") or grant.description
    grant.updated_at = api.world.pace.now()
    api.world.changed()
    return Reply(_shown(api, grant))


async def renew_authorization(api: Api, request: Request) -> Reply:
    """Replace the token of an authorization; the old one ends at once."""
    grant = _grant(api, request)
    grant.token_id, grant.token = new_id(), new_token()
    grant.updated_at = api.world.pace.now()
    api.world.changed()
    return Reply(_shown(api, grant, whole=True))


async def revoke_authorization(api: Api, request: Request) -> Reply:
    """End an authorization and its token. The sandbox's own token stays, or nobody could ask."""
    grant = _grant(api, request)
    api.state.grants.remove(grant)
    api.world.changed()
    return Reply(_shown(api, grant))


def _scope(body: dict[str, Any]) -> list[str]:
    given = body.get("scope")
    if given is None:
        return ["global"]
    if not isinstance(given, list) or not given or not all(each in SCOPES for each in given):
        raise errors.invalid(f"`scope` must be a list of: {', '.join(SCOPES)}.")
    return given


def _expires_in(body: dict[str, Any]) -> int | None:
    given = body.get("expires_in")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= _LONGEST_S:
        raise errors.invalid("`expires_in` must be a number of seconds.")
    return given


def _grant(api: Api, request: Request) -> Grant:
    wanted = request.path_params["authorization"]
    if wanted in _OWN:
        raise errors.forbidden("The sandbox's own token cannot be changed or revoked.")
    for each in api.state.grants:
        if each.id == wanted.lower():
            return each
    raise errors.not_found("authorization")


def _own_shown(api: Api) -> wire.Json:
    at = min((each.created_at for each in api.state.apps), default=api.world.pace.now())
    grant = Grant(
        id=wire.named_id("authorization"),
        description="Practice account",
        scope=["global"],
        token_id=wire.named_id("access-token"),
        token=api.world.token,
        expires_at=None,
        created_at=at,
        updated_at=at,
    )
    return _shown(api, grant)


def _shown(api: Api, grant: Grant, *, whole: bool = False) -> wire.Json:
    state: HerokuState = api.state
    person = state.person(state.account_id)
    left = None
    if grant.expires_at is not None:
        left = max(0, int((grant.expires_at - api.world.pace.now()).total_seconds()))
    masked = f"{grant.token[:12]}{'*' * 10}{grant.token[-4:]}"
    return {
        "access_token": {
            "expires_in": left,
            "id": grant.token_id,
            "token": grant.token if whole else masked,
        },
        "client": None,
        "created_at": wire.moment(grant.created_at),
        "description": grant.description,
        "grant": None,
        "id": grant.id,
        "refresh_token": None,
        "scope": grant.scope,
        "session": None,
        "updated_at": wire.moment(grant.updated_at),
        "user": {"email": person.email, "full_name": person.name, "id": person.id},
    }


_ONE = "/oauth/authorizations/{authorization}"
ENDPOINTS = (
    Endpoint("GET", "/oauth/authorizations", list_authorizations, "global"),
    Endpoint("POST", "/oauth/authorizations", create_authorization, "global"),
    Endpoint("GET", _ONE, show_authorization, "global"),
    Endpoint("PATCH", _ONE, change_authorization, "global"),
    Endpoint("DELETE", _ONE, revoke_authorization, "global"),
    Endpoint("POST", f"{_ONE}/actions/regenerate-tokens", renew_authorization, "global"),
)
