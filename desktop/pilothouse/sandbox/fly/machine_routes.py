"""The Machines API's calls on machines (Fly.io, Machines API, "Machines resource")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly import leases, orders
from pilothouse.sandbox.fly.errors import FlyError, invalid, machine_not_found
from pilothouse.sandbox.fly.http import NONCE, answering, flag, number, read_json
from pilothouse.sandbox.fly.ids import seconds
from pilothouse.sandbox.fly.views import machine_json
from pilothouse.sandbox.fly.wait import read_awaited, wait

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.lifecycle import MachineLife
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Machine
    from pilothouse.sandbox.state import Json

_PREFIX = "/v1/apps/{app}/machines"
_OK = {"ok": True}


class MachineRoutes:
    """Handlers for machines; each spends its rate limit first, then checks the lease."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        one = _PREFIX + "/{id}"
        table = [
            ("GET", _PREFIX, self.list_all),
            ("POST", _PREFIX, self.create),
            ("GET", one, self.show),
            ("POST", one, self.update),
            ("DELETE", one, self.destroy),
            ("POST", one + "/start", self.start),
            ("POST", one + "/stop", self.stop),
            ("POST", one + "/suspend", self.suspend),
            ("POST", one + "/restart", self.restart),
            ("POST", one + "/signal", self.signal),
            ("POST", one + "/cordon", self.cordon),
            ("POST", one + "/uncordon", self.uncordon),
            ("GET", one + "/wait", self.wait),
        ]
        return [Route(path, answering(call), methods=[method]) for method, path, call in table]

    def _life(self, request: Request, action: str) -> MachineLife:
        name, identifier = request.path_params["app"], request.path_params["id"]
        life = self._fleet.life(name, identifier)
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend(action, identifier)
        return life

    def _guarded(self, request: Request, action: str) -> MachineLife:
        life = self._life(request, action)
        leases.guard(life.machine, request.headers.get(NONCE))
        return life

    async def list_all(self, request: Request) -> Response:
        """List an app's machines, filtered and paged."""
        site = self._fleet.site(request.path_params["app"])
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend("list", site.app.name)
        query = request.query_params
        machines = [each for each in site.app.machines.values() if _wanted(each, request)]
        machines.sort(key=lambda machine: machine.id)
        headers: dict[str, str] = {}
        if "limit" in query:
            first, size = number(request, "cursor", 0), number(request, "limit", 1000)
            if first + size < len(machines):
                headers["fly-next-cursor"] = str(first + size)
            machines = machines[first : first + size]
        leased, summary = flag(request, "include_leases"), flag(request, "summary")
        shown = [machine_json(each, leases=leased, summary=summary) for each in machines]
        return JSONResponse(shown, headers=headers)

    async def create(self, request: Request) -> Response:
        """Create a machine; the reply does not wait for it to run."""
        name = request.path_params["app"]
        site = self._fleet.site(name)
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend("create", site.app.name)
        wish = await read_json(request)
        life = self._fleet.create(name, wish)
        nonce = self._lease_too(life.machine, wish, None)
        return JSONResponse(machine_json(life.machine, nonce=nonce))

    async def show(self, request: Request) -> Response:
        """Show a machine, or what an earlier version of it was."""
        machine = self._life(request, "get").machine
        leased = flag(request, "include_leases")
        wanted = request.query_params.get("version", machine.instance_id)
        shown = machine_json(machine, leases=leased)
        if wanted == machine.instance_id:
            return JSONResponse(shown)
        for version in machine.versions:
            if version.instance_id == wanted:
                shown |= {"instance_id": wanted, "version": wanted, "state": version.state}
                return JSONResponse(shown | {"config": version.config, "checks": []})
        raise machine_not_found()

    async def update(self, request: Request) -> Response:
        """Replace a machine's configuration, whole; `current_version` makes it conditional."""
        life = self._guarded(request, "update")
        wish = await read_json(request)
        config, expected = wish.get("config"), wish.get("current_version")
        if not isinstance(config, dict) or not config.get("image"):
            raise invalid("config.image is required")
        if life.machine.host_status != "ok":
            raise FlyError(503, "unknown: the machine's host cannot be reached")
        if expected and expected != life.machine.instance_id:
            at = life.machine.instance_id
            text = f"aborted: current_version {expected} does not match the machine's version {at}"
            raise FlyError(409, text, "unknown")
        orders.update(
            life,
            config,
            skip_launch=bool(wish.get("skip_launch")),
            cordoned=bool(wish.get("skip_service_registration")),
        )
        nonce = self._lease_too(life.machine, wish, request.headers.get(NONCE))
        return JSONResponse(machine_json(life.machine, nonce=nonce))

    def _lease_too(self, machine: Machine, wish: Json, nonce: str | None) -> str | None:
        if not wish.get("lease_ttl"):
            return None
        owner = self._fleet.world.fly.viewer.email
        lease = leases.acquire(
            machine, owner, ttl_s=int(wish["lease_ttl"]), description="", nonce=nonce
        )
        return lease.nonce

    async def destroy(self, request: Request) -> Response:
        """Destroy a machine."""
        life = self._guarded(request, "destroy")
        orders.destroy(life, force=flag(request, "force") or flag(request, "kill"))
        return JSONResponse(_OK)

    async def start(self, request: Request) -> Response:
        """Start a machine."""
        before = orders.start(self._guarded(request, "start"))
        return JSONResponse({"previous_state": before, "migrated": False, "new_host": ""})

    async def stop(self, request: Request) -> Response:
        """Stop a machine; the body may name a timeout."""
        life = self._guarded(request, "stop")
        wish = await read_json(request)
        timeout_s = seconds(wish["timeout"], 5.0) if wish.get("timeout") else None
        orders.stop(life, suspend=False, timeout_s=timeout_s, source="user")
        return JSONResponse(_OK)

    async def suspend(self, request: Request) -> Response:
        """Suspend a machine."""
        life = self._guarded(request, "suspend")
        orders.stop(life, suspend=True, timeout_s=None, source="user")
        return JSONResponse(_OK)

    async def restart(self, request: Request) -> Response:
        """Restart a machine."""
        life = self._guarded(request, "restart")
        text = request.query_params.get("timeout")
        orders.restart(life, seconds(text, 5.0) if text else None)
        return JSONResponse(_OK)

    async def signal(self, request: Request) -> Response:
        """Send a signal; those that end a process end it here, others are heard and ignored."""
        life = self._guarded(request, "signal")
        wish = await read_json(request)
        deadly = {"SIGKILL": 137, "9": 137, "SIGTERM": 0, "15": 0, "SIGINT": 0, "2": 0}
        code = deadly.get(str(wish.get("signal", "")))
        if code is not None:
            life.process.die(code)
        return JSONResponse(_OK)

    async def cordon(self, request: Request) -> Response:
        """Take a machine out of routing."""
        orders.cordon(self._guarded(request, "cordon"), True)
        return JSONResponse(_OK)

    async def uncordon(self, request: Request) -> Response:
        """Put a machine back into routing."""
        orders.cordon(self._guarded(request, "uncordon"), False)
        return JSONResponse(_OK)

    async def wait(self, request: Request) -> Response:
        """Wait until a machine reaches a state."""
        query = request.query_params
        awaited = read_awaited(query, query.getlist("state"))
        site = self._fleet.site(request.path_params["app"])
        gone = site.app.machines.get(request.path_params["id"])
        if gone is not None and gone.state == "destroyed":
            if {"destroyed", "settled"} & set(awaited.states):
                event, version = gone.events[0].id, gone.instance_id
                ended = {"state": "destroyed", "version": version, "event_id": event}
                return JSONResponse(_OK | ended)
            raise machine_not_found()
        return JSONResponse(await wait(self._life(request, "wait"), awaited))


def _wanted(machine: Machine, request: Request) -> bool:
    query = request.query_params
    if machine.state == "destroyed" and not flag(request, "include_deleted"):
        return False
    if query.get("region") not in (None, "", machine.region):
        return False
    if query.get("state") and machine.state not in query["state"].split(","):
        return False
    metadata = machine.config.get("metadata") or {}
    prefix = "metadata."
    return all(
        metadata.get(key.removeprefix(prefix)) == value
        for key, value in query.items()
        if key.startswith(prefix)
    )
