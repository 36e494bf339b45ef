"""Further tokens of the practice account, beside the sandbox's own."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from datetime import timedelta

from pilothouse.sandbox.heroku.state import Grant, new_id
from pilothouse.sandbox.state import World

_LETTERS = f"{string.ascii_letters}{string.digits}_-"
_TAIL = 58


def grant_access(
    world: World, scope: Sequence[str], expires_in: int | None, description: str
) -> Grant:
    """Make a token with these scopes that ends after so many real seconds, or never."""
    now = world.pace.now()
    expires_at = None if expires_in is None else now + timedelta(seconds=expires_in)
    grant = Grant(
        id=new_id(),
        description=description,
        scope=list(scope),
        token_id=new_id(),
        token=new_token(),
        expires_at=expires_at,
        created_at=now,
        updated_at=now,
    )
    world.heroku.grants.append(grant)
    world.changed()
    return grant


def new_token() -> str:
    """A token in the shape of the platform's own: a prefix and 58 letters."""
    tail = "".join(secrets.choice(_LETTERS) for _ in range(_TAIL))
    return f"HRKU-AA{tail}"
