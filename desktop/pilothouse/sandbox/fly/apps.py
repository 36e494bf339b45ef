"""Making, finding and removing apps, for every surface that offers it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.ids import opaque_id
from pilothouse.sandbox.fly.state import App, FlyState

if TYPE_CHECKING:
    from pilothouse.sandbox.fly.machines import FlyFleet

_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_FIRST_NUMBER = 3_141_593


def find(state: FlyState, identifier: str) -> App | None:
    """Return an app by its name (its id in GraphQL too), or by its id in the Machines API."""
    if identifier in state.apps:
        return state.apps[identifier]
    known = (
        app for app in state.apps.values() if identifier in (app.id, str(app.internal_numeric_id))
    )
    return next(known, None)


def is_own(state: FlyState, organisation: str) -> bool:
    """Whether a slug means the one organisation; `personal` is the caller's own."""
    return organisation in (state.organisation.slug, "personal")


async def create(fleet: FlyFleet, name: str, network: str = "", key: str = "") -> App:
    """Make an app without machines; its edge is open at once.

    The same idempotency key and name give the app that they made before.

    Raises:
        FlyError: 422 for a name that is taken (status `name_taken`) or that no app can have.
    """
    state = fleet.world.fly
    known = state.apps.get(name)
    if known is not None:
        if key and known.idempotency_key == key:
            return known
        raise FlyError(422, "Validation failed: Name has already been taken", "name_taken")
    if not _NAME.fullmatch(name):
        words = "may only contain lowercase letters, numbers and dashes"
        raise FlyError(422, f"Validation failed: Name {words}")
    numbers = [app.internal_numeric_id for app in state.apps.values()]
    number = max([_FIRST_NUMBER - 1, *numbers]) + 1
    now = fleet.world.pace.now().timestamp()
    app = App(f"app-{opaque_id().lower()}", number, name, network or "default", now)
    app.idempotency_key = key
    state.apps[name] = app
    await fleet.open(app)
    fleet.world.changed()
    return app


async def delete(fleet: FlyFleet, app: App, *, force: bool) -> None:
    """Remove an app and everything of it.

    Raises:
        FlyError: 412 while machines run, unless forced.
    """
    running = any(machine.state == "started" for machine in app.machines.values())
    if running and not force:
        raise FlyError(412, "failed_precondition: app has running machines")
    state = fleet.world.fly
    # A token is limited to this app, not to whichever has its name next.
    state.tokens = [token for token in state.tokens if app.name not in token.apps]
    await fleet.close(app.name)
