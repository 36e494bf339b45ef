"""The secrets of an app: names and digests; a value is forgotten as soon as it is digested."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly import releases
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.state import App, Secret

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.state import Release
    from pilothouse.sandbox.state import World

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")


def write_secrets(app: App, values: Mapping[str, str | None], now: float) -> None:
    """Set secrets, remove those that are None, and raise the app's secrets version."""
    for name, value in values.items():
        if value is None:
            app.secrets.pop(name, None)
            continue
        digest = hashlib.sha256(f"{app.id} {name} {value}".encode()).hexdigest()[:16]
        since = app.secrets[name].created_at if name in app.secrets else now
        app.secrets[name] = Secret(name, digest, since, now)
    app.secrets_version += 1


def describe(values: Mapping[str, str | None]) -> str:
    """Return the description of the release that a change of secrets makes."""
    removed = all(value is None for value in values.values())
    return f"{'Unset' if removed else 'Set'} secrets: {', '.join(sorted(values))}"


def checked(values: object) -> dict[str, str | None]:
    """Return a wish for secrets if it is one: names to strings, or to null.

    Raises:
        FlyError: 400 for another shape, 422 for a name that no environment can have.
    """
    if not isinstance(values, dict) or not values:
        raise invalid("values is required, an object of secrets by name")
    for name, value in values.items():
        if not _NAME.fullmatch(str(name)):
            raise FlyError(422, f"Validation failed: {name!r} is not a name for a secret")
        if value is not None and not isinstance(value, str):
            raise invalid(f"the value of {name} must be a string or null")
    return values


def change(world: World, app: App, values: Mapping[str, str | None]) -> Release:
    """Write secrets as a client asked, with the release row that it makes."""
    write_secrets(app, values, world.pace.now().timestamp())
    image = app.releases[-1].image_ref if app.releases else ""
    release = releases.append(app, image, world.fly.viewer_id, describe(values))
    releases.settle(release, "complete", None)
    world.changed()
    return release
