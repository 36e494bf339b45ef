"""The Machines API's calls on what belongs to a machine: lease, events, versions, metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pilothouse.sandbox.fly import leases
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.events import KEPT
from pilothouse.sandbox.fly.http import NONCE, answering, number, read_json
from pilothouse.sandbox.fly.ids import rfc3339_ms
from pilothouse.sandbox.fly.views import event_json, lease_json

if TYPE_CHECKING:
    from starlette.requests import Request

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Machine
    from pilothouse.sandbox.state import Json

_ONE = "/v1/apps/{app}/machines/{id}"


class DetailRoutes:
    """Handlers for what belongs to one machine."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        key = _ONE + "/metadata/{key}"
        table = [
            ("POST", _ONE + "/lease", self.acquire),
            ("GET", _ONE + "/lease", self.show_lease),
            ("DELETE", _ONE + "/lease", self.release),
            ("GET", _ONE + "/events", self.events),
            ("GET", _ONE + "/versions", self.versions),
            ("POST", _ONE + "/exec", self.run),
            ("GET", _ONE + "/ps", self.processes),
            ("GET", _ONE + "/metadata", self.metadata),
            ("PUT", _ONE + "/metadata", self.replace_metadata),
            ("PATCH", _ONE + "/metadata", self.merge_metadata),
            ("GET", key, self.metadata_key),
            ("POST", key, self.set_key),
            ("DELETE", key, self.drop_key),
        ]
        return [Route(path, answering(call), methods=[method]) for method, path, call in table]

    def _machine(self, request: Request, action: str) -> Machine:
        name, identifier = request.path_params["app"], request.path_params["id"]
        life = self._fleet.life(name, identifier)
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend(action, identifier)
        return life.machine

    # ------------------------------------------------------------------ leases

    async def acquire(self, request: Request) -> Response:
        """Take or refresh a lease; its length comes in the body or in the query."""
        machine = self._machine(request, "lease")
        wish = await read_json(request)
        try:
            ttl_s = int(wish.get("ttl") or request.query_params.get("ttl") or 0)
        except (TypeError, ValueError):
            raise invalid("ttl is no number") from None
        lease = leases.acquire(
            machine,
            self._fleet.world.fly.viewer.email,
            ttl_s=ttl_s or leases.DEFAULT_TTL_S,
            description=str(wish.get("description") or ""),
            nonce=request.headers.get(NONCE),
        )
        self._fleet.world.changed()
        return JSONResponse(lease_json(lease), 201)

    async def show_lease(self, request: Request) -> Response:
        """Show the lease in force, with its nonce as the platform does."""
        lease = leases.current(self._machine(request, "get_lease"))
        if lease is None:
            raise FlyError(404, "not_found: lease not found", "unknown")
        return JSONResponse(lease_json(lease))

    async def release(self, request: Request) -> Response:
        """Give a lease back."""
        leases.release(self._machine(request, "release_lease"), request.headers.get(NONCE))
        self._fleet.world.changed()
        return JSONResponse({"status": "success", "data": {"ok": True}})

    # ------------------------------------------------------------------ what happened

    async def events(self, request: Request) -> Response:
        """List events, newest first."""
        limit = min(KEPT, number(request, "limit", 20))
        machine = self._machine(request, "events")
        return JSONResponse([event_json(event) for event in machine.events[:limit]])

    async def versions(self, request: Request) -> Response:
        """List the configurations a machine has had, the present one first."""
        machine = self._machine(request, "versions")
        shown = [{"version": machine.instance_id, "user_config": machine.config}]
        shown += [
            {"version": version.instance_id, "user_config": version.config}
            for version in reversed(machine.versions)
        ]
        return JSONResponse(shown)

    # ------------------------------------------------------------------ inside

    async def run(self, request: Request) -> Response:
        """Pretend to run a command; refused while anybody leases the machine."""
        machine = self._machine(request, "exec")
        lease = leases.current(machine)
        if lease is not None:
            raise leases.held(machine, lease)
        if machine.state != "started":
            raise FlyError(412, "failed_precondition: machine not running")
        return JSONResponse({"exit_code": 0, "exit_signal": 0, "stdout": "", "stderr": ""})

    async def processes(self, request: Request) -> Response:
        """List the processes of a running machine."""
        machine = self._machine(request, "ps")
        if machine.state != "started":
            return JSONResponse([])
        sockets = [{"address": "0.0.0.0:8080", "proto": "tcp"}]
        main: Json = {
            "pid": 324,
            "stime": 1,
            "rtime": 1,
            "command": "/app/serve",
            "directory": "/app",
            "cpu": 0,
            "rss": 48_234_496,
            "listen_sockets": sockets,
        }
        return JSONResponse([main])

    # ------------------------------------------------------------------ metadata

    async def metadata(self, request: Request) -> Response:
        """Show all metadata."""
        return JSONResponse(_metadata(self._machine(request, "get_metadata")))

    async def metadata_key(self, request: Request) -> Response:
        """Show one key."""
        metadata = _metadata(self._machine(request, "get_metadata"))
        key = request.path_params["key"]
        if key not in metadata:
            raise FlyError(404, f"not_found: metadata key {key} not found")
        return JSONResponse({"value": metadata[key]})

    async def set_key(self, request: Request) -> Response:
        """Set one key; no lease stands in the way and no version is made."""
        machine = self._machine(request, "set_metadata")
        wish = await read_json(request)
        if not isinstance(wish.get("value"), str):
            raise invalid("value is required")
        key = request.path_params["key"]
        return self._store(machine, _metadata(machine) | {key: wish["value"]})

    async def drop_key(self, request: Request) -> Response:
        """Remove one key."""
        machine = self._machine(request, "delete_metadata")
        left = _metadata(machine)
        if left.pop(request.path_params["key"], None) is None:
            raise FlyError(404, "not_found: metadata key not found")
        return self._store(machine, left)

    async def replace_metadata(self, request: Request) -> Response:
        """Replace all metadata."""
        machine, wish = await self._metadata_wish(request)
        return self._store(machine, {key: str(value) for key, value in wish.items() if value})

    async def merge_metadata(self, request: Request) -> Response:
        """Merge metadata; null or an empty value removes a key."""
        machine, wish = await self._metadata_wish(request)
        merged = _metadata(machine) | wish
        return self._store(machine, {key: str(value) for key, value in merged.items() if value})

    async def _metadata_wish(self, request: Request) -> tuple[Machine, Json]:
        machine = self._machine(request, "set_metadata")
        wish = await read_json(request)
        if not isinstance(wish.get("metadata"), dict):
            raise invalid("metadata is required")
        expected = wish.get("machine_version")
        moved = wish.get("updated_at") not in (None, "", rfc3339_ms(machine.updated_at))
        if (expected and expected != machine.instance_id) or moved:
            raise FlyError(412, "failed_precondition: machine version mismatch")
        return machine, wish["metadata"]

    def _store(self, machine: Machine, metadata: Json) -> Response:
        machine.config["metadata"] = metadata
        self._fleet.world.changed()
        return Response(status_code=204)


def _metadata(machine: Machine) -> Json:
    return dict(machine.config.get("metadata") or {})
