"""The Machines API's calls on machines (Fly.io, Machines API, "Machines resource")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import leases, orders
from pilothouse.sandbox.fly.calls import Calls
from pilothouse.sandbox.fly.errors import FlyError, machine_not_found
from pilothouse.sandbox.fly.http import NONCE, flag, table
from pilothouse.sandbox.fly.machines import checked
from pilothouse.sandbox.fly.paging import page
from pilothouse.sandbox.fly.views import machine_json
from pilothouse.sandbox.fly.volumes import claim
from pilothouse.sandbox.fly.wait import read_awaited, wait
from pilothouse.sandbox.fly.wishes import LaunchWish, read_wish
from pilothouse.sandbox.pace import wall_s

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Machine

_ALL = "/v1/apps/{app}/machines"
_OK = {"ok": True}


class MachineRoutes:
    """Handlers for machines as a whole; each spends its rate limit first, then checks the lease."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._calls = Calls(fleet)

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("GET", "", self.list_all),
            ("POST", "", self.create),
            ("GET", "/{id}", self.show),
            ("POST", "/{id}", self.update),
            ("DELETE", "/{id}", self.destroy),
            ("GET", "/{id}/wait", self.wait),
        ]
        return table(_ALL, calls)

    async def list_all(self, request: Request) -> Response:
        """List an app's machines, filtered and paged."""
        site = self._fleet.site(request.path_params["app"])
        self._calls.spend("list", site.app.name)
        machines = [each for each in site.app.machines.values() if _wanted(each, request)]
        machines.sort(key=lambda machine: machine.id)
        shown, cursor = page(machines, lambda each: each.id, request.query_params, wall_s())
        leased, summary = flag(request, "include_leases"), flag(request, "summary")
        body = [machine_json(each, leases=leased, summary=summary) for each in shown]
        return JSONResponse(body, headers={"fly-next-cursor": cursor} if cursor else {})

    async def create(self, request: Request) -> Response:
        """Create a machine; the reply does not wait for it to run."""
        name = request.path_params["app"]
        site = self._fleet.site(name)
        self._calls.spend("create", site.app.name)
        wish = await read_wish(request, LaunchWish)
        machine = self._fleet.create(name, wish).machine
        return JSONResponse(machine_json(machine, nonce=self._lease_too(machine, wish, None)))

    async def show(self, request: Request) -> Response:
        """Show a machine, or what an earlier version of it was."""
        name, identifier = request.path_params["app"], request.path_params["id"]
        machine = self._fleet.known(name, identifier)
        self._calls.spend("get", identifier)
        wanted = request.query_params.get("version") or machine.instance_id
        shown = machine_json(machine, leases=flag(request, "include_leases"))
        if wanted == machine.instance_id:
            return JSONResponse(shown)
        for version in machine.versions:
            if version.instance_id == wanted:
                shown |= {"instance_id": wanted, "version": wanted, "state": version.state}
                return JSONResponse(shown | {"config": version.config, "checks": []})
        raise machine_not_found()

    async def update(self, request: Request) -> Response:
        """Replace a machine's configuration, whole; `current_version` makes it conditional."""
        life = self._calls.guarded(request, "update")
        wish = await read_wish(request, LaunchWish)
        machine, app = life.machine, self._fleet.site(request.path_params["app"]).app
        config = checked(app, wish)
        if machine.host_status != "ok":
            raise FlyError(503, "unknown: the machine's host cannot be reached")
        if wish.current_version and wish.current_version != machine.instance_id:
            text = f"current_version {wish.current_version} does not match the machine's version"
            raise FlyError(409, f"aborted: {text} {machine.instance_id}", "unknown")
        version = orders.Update(
            claim(app, config, machine.region, machine),
            skip_launch=bool(wish.skip_launch),
            cordoned=bool(wish.skip_service_registration),
            skip_secrets=bool(wish.skip_secrets),
        )
        orders.update(life, version)
        nonce = self._lease_too(machine, wish, request.headers.get(NONCE))
        return JSONResponse(machine_json(machine, nonce=nonce))

    def _lease_too(self, machine: Machine, wish: LaunchWish, nonce: str | None) -> str | None:
        if not wish.lease_ttl:
            return None
        owner = self._fleet.world.fly.viewer.email
        lease = leases.acquire(machine, owner, ttl_s=wish.lease_ttl, description="", nonce=nonce)
        return lease.nonce

    async def destroy(self, request: Request) -> Response:
        """Destroy a machine; the documentation says `force`, flyctl sends `kill`."""
        life = self._calls.guarded(request, "destroy")
        orders.destroy(life, force=flag(request, "force") or flag(request, "kill"))
        return JSONResponse(_OK)

    async def wait(self, request: Request) -> Response:
        """Wait until a machine reaches a state."""
        query = request.query_params
        awaited = read_awaited(query, query.getlist("state"))
        site = self._fleet.site(request.path_params["app"])
        gone = site.app.machines.get(request.path_params["id"])
        if gone is not None and gone.state == "destroyed":
            if not {"destroyed", "settled"} & set(awaited.states):
                raise machine_not_found()
            event = gone.events[0].id if gone.events else ""
            ended = {"state": "destroyed", "version": gone.instance_id, "event_id": event}
            return JSONResponse(_OK | ended)
        return JSONResponse(await wait(self._calls.life(request, "wait"), awaited))


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
        for key, value in query.multi_items()
        if key.startswith(prefix)
    )
