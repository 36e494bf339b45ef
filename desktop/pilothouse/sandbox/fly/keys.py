"""The tokens of the practice Fly.io: what each may do, and how new ones are made.

The sandbox's own token may do everything. Others are minted by GraphQL, the Machines API or a
sign-in; they do not begin with `fm`, so that no client looks for a service that discharges
macaroons (flyctl's token library takes only `fm1r`, `fm1a` and `fm2` for macaroons).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.records import Token

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.state import App, FlyState
    from pilothouse.sandbox.state import World

OWN_TOKEN_ID = "9d1c7c02-1111-4a4a-9d0e-5f0d1b2c3d4e"  # noqa: S105 - a name, no secret
LONGEST_S = 175_200 * 3600.0
"""Twenty years, the length that a token has when nobody names one (`fly tokens create`)."""
_KEPT = 500
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_PROFILES = frozenset({"deploy", "deploy_organization", "readonly", "personal"})


@dataclass(frozen=True, slots=True)
class Access:
    """What the caller of a request may do; `apps` None means every app of the organisation."""

    token_id: str
    user_id: str
    apps: frozenset[str] | None = None
    read_only: bool = False
    personal: bool = True

    @property
    def author(self) -> str | None:
        """The person whose work a release is; nobody's where a token stands for no person."""
        return self.user_id if self.personal else None

    def sees(self, app: str) -> bool:
        """Whether an app is within the token's scope."""
        return self.apps is None or app in self.apps


def access(world: World, header: str) -> Access | None:
    """Return what an `Authorization` header allows; None when no token in it is known.

    A header may hold several tokens, separated by commas, under any scheme; each may carry a
    scheme word of its own (fly-go's token library). Basic has the token as its password.
    """
    for text in _tokens(header):
        if hmac.compare_digest(text.encode(), world.token.encode()):
            return Access(OWN_TOKEN_ID, world.fly.viewer_id)
        token = _known(world, text)
        if token is not None:
            apps = frozenset(token.apps) if token.apps else None
            personal = token.profile == "personal"
            return Access(token.id, token.user_id, apps, token.read_only, personal)
    return None


def _tokens(header: str) -> list[str]:
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "basic":
        try:
            _user, _, rest = base64.b64decode(rest).decode().partition(":")
        except (binascii.Error, ValueError):
            return []
    return [entry.strip().split(" ")[-1] for entry in (rest or scheme).split(",")]


def _known(world: World, text: str) -> Token | None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    now = world.pace.now().timestamp()
    for token in world.fly.tokens:
        if hmac.compare_digest(token.sha256, digest) and token.expires_at > now:
            return token
    return None


def mint(world: World, *, name: str, profile: str, app: App | None, length_s: float) -> str:
    """Make a token and return its text, which nobody can ask for again.

    Raises:
        FlyError: 422 for an unknown profile, or `deploy` without an app.
    """
    if profile not in _PROFILES:
        raise FlyError(422, f"Validation failed: Profile {profile} is not included in the list")
    if profile == "deploy" and app is None:
        raise FlyError(422, "Validation failed: profile_params must name an app_id")
    state, now = world.fly, world.pace.now().timestamp()
    text = f"fo1_sandbox_{secrets.token_urlsafe(24)}"
    token = Token(
        id=f"tok_{secrets.token_hex(6)}",
        name=name,
        profile=profile,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        user_id=state.viewer_id,
        created_at=now,
        expires_at=now + length_s,
        apps=[app.name] if app else [],
        read_only=profile == "readonly",
    )
    alive = [each for each in state.tokens if each.expires_at > now]
    state.tokens = [*alive[-_KEPT + 1 :], token]
    world.changed()
    return text


def revoke(state: FlyState, identifier: str) -> Token:
    """Make a token worthless.

    Raises:
        FlyError: 404.
    """
    for token in state.tokens:
        if token.id == identifier:
            state.tokens.remove(token)
            return token
    raise FlyError(404, "Could not find LimitedAccessToken")


def length_s(text: object) -> float:
    """Read how long a token lives, as Go writes durations (`24h`, `1h30m`); none is twenty years.

    Raises:
        FlyError: 422 when it is no positive duration.
    """
    if text is None or text == "":
        return LONGEST_S
    parts = _DURATION.findall(text) if isinstance(text, str) else []
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise FlyError(422, f"Validation failed: expiry {text!r} is no duration, such as 24h")
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if not 0 < total < 100 * LONGEST_S:
        raise FlyError(422, f"Validation failed: expiry {text!r} is out of range")
    return total
