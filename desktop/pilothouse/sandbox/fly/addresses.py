"""The IP addresses of an app: made up from the documentation ranges, never reachable."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.records import Address

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.state import App
    from pilothouse.sandbox.state import World

KINDS = frozenset({"v4", "v6", "shared_v4", "private_v6"})
_MOST = 50


def assign(world: World, app: App, kind: str, region: str, service: str) -> Address:
    """Give an app an address; it has one shared address at most.

    Raises:
        FlyError: 422 for an unknown kind, a second shared address, or too many.
    """
    if kind not in KINDS:
        raise FlyError(422, f"Validation failed: type {kind!r} is not included in the list")
    if len(app.addresses) >= _MOST:
        raise FlyError(422, f"Validation failed: an app has {_MOST} addresses at most")
    if kind == "shared_v4" and any(each.type == kind for each in app.addresses):
        raise FlyError(422, "Validation failed: the app has a shared address already")
    identifier = f"ip_{secrets.token_hex(8)}"
    now = world.pace.now().timestamp()
    address = Address(identifier, _made(identifier, kind), kind, region or "global", service, now)
    app.addresses.append(address)
    world.changed()
    return address


def withdraw(world: World, app: App, ip_or_id: str) -> None:
    """Take an address away.

    Raises:
        FlyError: 404.
    """
    for address in app.addresses:
        if ip_or_id in (address.ip, address.id):
            app.addresses.remove(address)
            world.changed()
            return
    raise FlyError(404, "not_found: ip address not found")


def _made(identifier: str, kind: str) -> str:
    """Return an address that belongs to nobody (RFC 5737, RFC 3849), or one of the private net."""
    seed = hashlib.sha256(identifier.encode()).hexdigest()
    if kind == "shared_v4":
        return f"198.51.100.{int(seed[:2], 16)}"
    if kind == "v4":
        return f"203.0.113.{int(seed[:2], 16)}"
    tail = ":".join(f"{int(seed[at : at + 4], 16):x}" for at in (0, 4, 8))
    return f"fdaa:2:9a1::{tail}" if kind == "private_v6" else f"2001:db8::{tail}"
