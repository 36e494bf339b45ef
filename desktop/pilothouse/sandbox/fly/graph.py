"""Fly's records as values that the GraphQL executor walks: dictionaries, and functions on demand.

A field that costs something, or takes arguments, is a function of the executor's `info` and the
field's arguments; it runs only when a query selects it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from graphql import GraphQLError

from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.records import Token
from pilothouse.sandbox.fly.regions import NEAREST, REGIONS, Region
from pilothouse.sandbox.fly.sizes import SIZES, Size
from pilothouse.sandbox.fly.state import FlyState, Person
from pilothouse.sandbox.state import Json

PAGE_SIZE = 1000
"""How many entries a page has when nobody says."""
_NO_PAGE = {"endCursor": None, "hasNextPage": False, "hasPreviousPage": False, "startCursor": None}
NOTHING: Json = {"nodes": [], "edges": [], "pageInfo": _NO_PAGE, "totalCount": 0}
"""An empty connection."""


def connection(items: Sequence[Any], write: Callable[[Any], Any], arguments: Json) -> Json:
    """Return one page of a list as a Relay connection; cursors are positions in base64.

    Raises:
        GraphQLError: a cursor is none of ours, or a number is negative.
    """
    low = _position(arguments.get("after"), 0)
    high = min(len(items), _position(arguments.get("before"), len(items) + 1) - 1)
    low, high = min(low, len(items)), max(high, 0)
    first, last = _count(arguments, "first"), _count(arguments, "last")
    if last is None:
        high = min(high, low + (PAGE_SIZE if first is None else first))
    else:
        high = high if first is None else min(high, low + first)
        low = max(low, high - last)
    nodes = [write(item) for item in items[low:high]]
    cursors = [_cursor(low + index + 1) for index in range(len(nodes))]
    return {
        "edges": [
            {"cursor": cursor, "node": node} for cursor, node in zip(cursors, nodes, strict=True)
        ],
        "nodes": nodes,
        "totalCount": len(items),
        "pageInfo": {
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
            "hasNextPage": high < len(items),
            "hasPreviousPage": low > 0,
        },
    }


def _count(arguments: Json, name: str) -> int | None:
    value = arguments.get(name)
    if value is not None and value < 0:
        raise GraphQLError(f"{name} cannot be negative", extensions={"code": "INVALID"})
    return None if value is None else int(value)


def _cursor(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode().rstrip("=")


def _position(cursor: object, default: int) -> int:
    if not cursor:
        return default
    try:
        padded = str(cursor) + "=" * (-len(str(cursor)) % 4)
        position = int(base64.b64decode(padded, validate=True))
    except ValueError:
        position = -1
    if position < 0:
        raise GraphQLError(f"Invalid cursor: {cursor}", extensions={"code": "INVALID"})
    return position


def not_found(what: str) -> GraphQLError:
    """Refuse what is not there, with the words that flyctl looks for."""
    return GraphQLError(f"Could not find {what}", extensions={"code": "NOT_FOUND"})


def organisation_value(state: FlyState) -> Json:
    """Write the organisation."""
    organisation = state.organisation
    return {
        "addOnSsoLink": None,
        "agreedToProviderTos": lambda _info, **_named: False,
        # What the caller sees of the apps is the query root's to decide.
        "apps": lambda info, **page: info.root_value.apps(info, **page),
        "billable": True,
        "billingStatus": "CURRENT",
        "highRisk": False,
        "id": organisation.id,
        "isCreditCardSaved": True,
        "internalNumericId": str(organisation.internal_numeric_id),
        "limitedAccessTokens": lambda _info, **page: tokens(state, None, page),
        "members": lambda _info, **page: _members(state, page),
        "name": organisation.name,
        "paidPlan": True,
        "provisionsBetaExtensions": False,
        "rawSlug": organisation.slug,
        "remoteBuilderApp": None,
        "remoteBuilderImage": "",
        "settings": {},
        "slug": organisation.slug,
        "trust": "HIGH",
        "type": "SHARED",
        "viewerRole": "admin",
    }


def _members(state: FlyState, page: Json) -> Json:
    people = list(state.people.values())
    found = connection(people, lambda person: user_value(state, person.id), page)
    for edge in found["edges"]:
        role = "ADMIN" if edge["node"]["id"] == state.viewer_id else "MEMBER"
        edge.update(alertsEnabled="NOT_ENABLED", joinedAt=_since(state), role=role)
    return found


def _since(state: FlyState) -> str:
    """Return when the organisation began: before its first app."""
    return rfc3339(min((app.created_at for app in state.apps.values()), default=0.0) - 86_400.0)


def user_value(state: FlyState, identifier: str | None) -> Json | None:
    """Write a person; None for a release that a token made."""
    person = state.people.get(identifier or "")
    if person is None:
        return None
    number = 41_000 + list(state.people).index(person.id)
    return _principal(state, person) | {
        "__typename": "User",
        "agreedToProviderTos": lambda _info, **_named: False,
        "enablePaidHobby": True,
        "internalNumericId": number,
    }


def macaroon_value(state: FlyState, token_id: str) -> Json:
    """Write whoever uses a token that stands for no person."""
    person = Person(token_id, token_id, f"{token_id}@tokens.fly.io")
    return _principal(state, person) | {"__typename": "Macaroon"}


def _principal(state: FlyState, person: Person) -> Json:
    def organisations(_info: object, **page: Any) -> Json:  # noqa: ANN401
        return connection([None], lambda _none: organisation_value(state), page)

    return {
        "avatarUrl": "",
        "createdAt": _since(state),
        "email": person.email,
        "featureFlags": [],
        "id": person.id,
        "lastRegion": NEAREST,
        "name": person.name,
        "organizations": organisations,
        "personalOrganization": lambda _info: organisation_value(state),
        "trust": "HIGH",
        "twoFactorProtection": True,
        "username": None,
    }


def tokens(state: FlyState, app: str | None, page: Json) -> Json:
    """Write the tokens limited to an app, or all of the organisation; their texts are gone."""
    found = [
        token
        for token in state.tokens
        if token.profile != "personal" and (app is None or token.apps == [app])
    ]
    return connection(found, lambda token: token_value(state, token, ""), page)


def token_value(state: FlyState, token: Token, text: str) -> Json:
    """Write a token; `text` is its text where it is shown this once, empty later."""
    return {
        "createdAt": rfc3339(token.created_at),
        "expiresAt": rfc3339(token.expires_at),
        "id": token.id,
        "name": token.name,
        "organization": lambda _info: organisation_value(state),
        "profile": token.profile,
        "revokedAt": None,
        "token": text,
        "tokenHeader": f"FlyV1 {text}" if text else None,
        "user": lambda _info: user_value(state, token.user_id),
    }


def region_value(region: Region) -> Json:
    """Write a region."""
    return {
        "code": region.code,
        "gatewayAvailable": True,
        "latitude": region.latitude,
        "longitude": region.longitude,
        "name": region.name,
        "processGroup": None,
        "requiresPaidPlan": region.paid,
    }


def size_value(size: Size) -> Json:
    """Write a machine size."""
    return {
        "cpuClass": size.kind.upper(),
        "cpuCores": float(size.cpus),
        "maxMemoryMb": size.memory_mb * 8,
        "memoryGb": size.memory_mb / 1024,
        "memoryIncrementsMb": [size.memory_mb * step for step in range(1, 9)],
        "memoryMb": size.memory_mb,
        "name": size.name,
        "priceMonth": 0.0,
        "priceSecond": 0.0,
    }


def platform_value(_info: object) -> Json:
    """Write the regions and machine sizes of the practice cloud."""
    return {
        "flyctl": {"timestamp": "2026-08-21T00:00:00Z", "version": "0.4.999"},
        "regions": [region_value(region) for region in REGIONS],
        "requestRegion": NEAREST,
        "vmSizes": [size_value(size) for size in SIZES],
    }
