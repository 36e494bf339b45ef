"""Which `Authorization` each of Fly.io's surfaces takes for a token.

A token may be a list with commas; a part that begins with `fm1r`, `fm1a` or `fm2` is a macaroon,
everything else is an OAuth token (Fly.io, "Access tokens"; the rules are those of its own CLI).
"""

from __future__ import annotations

import base64
import re

_SCHEME = re.compile(r"^(bearer|flyv1)\s+", re.IGNORECASE)
_MACAROONS = frozenset({"fm1r", "fm1a", "fm2"})


def parts(token: str) -> tuple[list[str], list[str]]:
    """The macaroons and the other tokens in a pasted text, without their scheme words."""
    stripped = [_SCHEME.sub("", one.strip()) for one in token.split(",")]
    given = [one for one in stripped if one]
    macaroons = [one for one in given if one.partition("_")[0] in _MACAROONS]
    return macaroons, [one for one in given if one not in macaroons]


def for_machines(token: str) -> str:
    """Machines REST: the macaroons alone, or else the OAuth token."""
    macaroons, others = parts(token)
    return f"FlyV1 {','.join(macaroons)}" if macaroons else f"Bearer {','.join(others)}"


def for_graphql(token: str) -> str:
    """GraphQL: everything, macaroons first."""
    macaroons, others = parts(token)
    scheme = "FlyV1" if macaroons else "Bearer"
    return f"{scheme} {','.join(macaroons + others)}"


def for_web(token: str) -> str:
    """The release REST API: everything, always as bearer."""
    macaroons, others = parts(token)
    return f"Bearer {','.join(macaroons + others)}"


def for_registry(token: str) -> str:
    """The image registry: Basic, user `x`."""
    macaroons, others = parts(token)
    pair = f"x:{','.join(macaroons or others)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def is_personal(token: str) -> bool:
    """Whether it is a person's own token, which may do whatever the person may."""
    return not parts(token)[0]
