"""The Machines API's calls that have a machine do something (Fly.io, "Machines resource")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import orders
from pilothouse.sandbox.fly.calls import Calls
from pilothouse.sandbox.fly.durations import duration
from pilothouse.sandbox.fly.errors import invalid
from pilothouse.sandbox.fly.events import SIGNALS
from pilothouse.sandbox.fly.http import flag, table
from pilothouse.sandbox.fly.process import AT_ONCE, Stop
from pilothouse.sandbox.fly.rules import check_stop
from pilothouse.sandbox.fly.wishes import SignalWish, StopWish, read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet

_ONE = "/v1/apps/{app}/machines/{id}"
_OK = {"ok": True}


class OrderRoutes:
    """Handlers for orders; a lease in force binds each of them."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._calls = Calls(fleet)

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("POST", "/start", self.start),
            ("POST", "/stop", self.stop),
            ("POST", "/suspend", self.suspend),
            ("POST", "/restart", self.restart),
            ("POST", "/signal", self.signal),
            ("POST", "/cordon", self.cordon),
            ("POST", "/uncordon", self.uncordon),
        ]
        return table(_ONE, calls)

    async def start(self, request: Request) -> Response:
        """Start a machine."""
        before = orders.start(self._calls.guarded(request, "start"))
        return JSONResponse({"previous_state": before, "migrated": False, "new_host": ""})

    async def stop(self, request: Request) -> Response:
        """Stop a machine; the body may name a signal and a timeout."""
        life = self._calls.guarded(request, "stop")
        wish = await read_wish(request, StopWish)
        orders.stop(life, _how(wish.signal, wish.timeout))
        return JSONResponse(_OK)

    async def suspend(self, request: Request) -> Response:
        """Suspend a machine."""
        orders.suspend(self._calls.guarded(request, "suspend"))
        return JSONResponse(_OK)

    async def restart(self, request: Request) -> Response:
        """Restart a machine; the query may name a signal and a timeout, or force it."""
        life = self._calls.guarded(request, "restart")
        query = request.query_params
        timeout = query.get("timeout") or None
        if timeout is not None and timeout.isascii() and timeout.isdecimal():
            timeout += "s"
        how = _how(query.get("signal") or None, timeout)
        orders.restart(life, AT_ONCE if flag(request, "force_stop") else how)
        return JSONResponse(_OK)

    async def signal(self, request: Request) -> Response:
        """Send a signal, by its name or its number."""
        life = self._calls.guarded(request, "signal")
        wish = (await read_wish(request, SignalWish)).signal
        numbers = {str(number): name for name, number in SIGNALS.items()}
        name = numbers.get(str(wish), str(wish))
        if name not in SIGNALS:
            raise invalid(f"signal: {wish!r} is no signal")
        orders.signal(life, name)
        return JSONResponse(_OK)

    async def cordon(self, request: Request) -> Response:
        """Take a machine out of routing."""
        orders.cordon(self._calls.guarded(request, "cordon"), True)
        return JSONResponse(_OK)

    async def uncordon(self, request: Request) -> Response:
        """Put a machine back into routing."""
        orders.cordon(self._calls.guarded(request, "uncordon"), False)
        return JSONResponse(_OK)


def _how(signal: str | None, timeout: object) -> Stop:
    check_stop(signal, timeout)
    return Stop(signal or None, duration(timeout) if timeout else None)
