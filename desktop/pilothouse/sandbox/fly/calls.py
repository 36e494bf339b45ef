"""What every call on a machine begins with: find it, spend its rate limit, check its lease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilothouse.sandbox.fly import leases
from pilothouse.sandbox.fly.http import NONCE

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.lifecycle import MachineLife
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Machine


class Calls:
    """Finds what a call is about; each of its `action`s has a rate limit of its own."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def life(self, request: Request, action: str) -> MachineLife:
        """Return the machine that a path names.

        Raises:
            FlyError: 400, 404 or 429.
        """
        name, identifier = request.path_params["app"], request.path_params["id"]
        life = self._fleet.life(name, identifier)
        self.spend(action, identifier)
        return life

    def guarded(self, request: Request, action: str) -> MachineLife:
        """Return the machine that a path names, unless somebody else holds its lease.

        Raises:
            FlyError: 400, 404, 409 or 429.
        """
        life = self.life(request, action)
        leases.guard(life.machine, request.headers.get(NONCE))
        return life

    def machine(self, request: Request, action: str) -> Machine:
        """Return the state of the machine that a path names.

        Raises:
            FlyError: 400, 404 or 429.
        """
        return self.life(request, action).machine

    def spend(self, action: str, identifier: str) -> None:
        """Let one request pass, where the limits are in force.

        Raises:
            FlyError: 429.
        """
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend(action, identifier)
