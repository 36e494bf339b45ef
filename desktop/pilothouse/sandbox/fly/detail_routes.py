"""The Machines API's calls on what belongs to a machine: lease, events, versions, metadata."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import leases
from pilothouse.sandbox.fly.calls import Calls
from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.events import KEPT
from pilothouse.sandbox.fly.http import NONCE, number, table
from pilothouse.sandbox.fly.rules import check_metadata
from pilothouse.sandbox.fly.views import event_json, lease_json
from pilothouse.sandbox.fly.wishes import KeyWish, LeaseWish, MetadataWish, read_wish
from pilothouse.sandbox.pace import wall_s

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import Machine
    from pilothouse.sandbox.state import Json

_ONE = "/v1/apps/{app}/machines/{id}"
_LONGEST_LEASE_S = 2**31 - 1


class DetailRoutes:
    """Handlers for what belongs to one machine."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet
        self._calls = Calls(fleet)

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        key = "/metadata/{key}"
        calls = [
            ("POST", "/lease", self.acquire),
            ("GET", "/lease", self.show_lease),
            ("DELETE", "/lease", self.release),
            ("GET", "/events", self.events),
            ("GET", "/versions", self.versions),
            ("GET", "/metadata", self.metadata),
            ("PUT", "/metadata", self.replace_metadata),
            ("PATCH", "/metadata", self.merge_metadata),
            ("GET", key, self.metadata_key),
            ("POST", key, self.set_key),
            ("DELETE", key, self.drop_key),
        ]
        return table(_ONE, calls)

    # ------------------------------------------------------------------ leases

    async def acquire(self, request: Request) -> Response:
        """Take or refresh a lease; its length comes in the body or in the query."""
        machine = self._calls.machine(request, "lease")
        wish = await read_wish(request, LeaseWish)
        asked = wish.ttl if wish.ttl is not None else number(request, "ttl", leases.DEFAULT_TTL_S)
        if not 0 < asked <= _LONGEST_LEASE_S:
            raise invalid(f"ttl must be from 1 to {_LONGEST_LEASE_S} seconds")
        lease = leases.acquire(
            machine,
            self._fleet.world.fly.viewer.email,
            ttl_s=asked,
            description=wish.description or "",
            nonce=request.headers.get(NONCE),
        )
        self._fleet.world.changed()
        return JSONResponse(lease_json(lease), 201)

    async def show_lease(self, request: Request) -> Response:
        """Show the lease in force, with its nonce as the platform does."""
        lease = leases.current(self._calls.machine(request, "get_lease"))
        if lease is None:
            raise FlyError(404, "not_found: lease not found", "unknown")
        return JSONResponse(lease_json(lease))

    async def release(self, request: Request) -> Response:
        """Give a lease back."""
        machine = self._calls.machine(request, "release_lease")
        leases.release(machine, request.headers.get(NONCE))
        self._fleet.world.changed()
        return JSONResponse({"status": "success", "data": {"ok": True}})

    # ------------------------------------------------------------------ what happened

    async def events(self, request: Request) -> Response:
        """List events, newest first."""
        limit = min(KEPT, number(request, "limit", 20))
        machine = self._calls.machine(request, "events")
        return JSONResponse([event_json(event) for event in machine.events[:limit]])

    async def versions(self, request: Request) -> Response:
        """List the configurations a machine has had, the present one first."""
        machine = self._calls.machine(request, "versions")
        shown = [{"version": machine.instance_id, "user_config": machine.config}]
        shown += [
            {"version": version.instance_id, "user_config": version.config}
            for version in reversed(machine.versions)
        ]
        return JSONResponse(shown)

    # ------------------------------------------------------------------ metadata

    async def metadata(self, request: Request) -> Response:
        """Show all metadata."""
        return JSONResponse(_metadata(self._calls.machine(request, "get_metadata")))

    async def metadata_key(self, request: Request) -> Response:
        """Show one key."""
        metadata = _metadata(self._calls.machine(request, "get_metadata"))
        key = request.path_params["key"]
        if key not in metadata:
            raise FlyError(404, f"not_found: metadata key {key} not found", "unknown")
        return JSONResponse({"value": metadata[key]})

    async def set_key(self, request: Request) -> Response:
        """Set one key; no lease stands in the way and no version is made."""
        machine = self._calls.machine(request, "set_metadata")
        wish = await read_wish(request, KeyWish)
        if wish.value is None:
            raise invalid("value is required")
        _refuse_moved(machine, None, wish.updated_at)
        return self._store(machine, _metadata(machine) | {request.path_params["key"]: wish.value})

    async def drop_key(self, request: Request) -> Response:
        """Remove one key."""
        machine = self._calls.machine(request, "delete_metadata")
        left = _metadata(machine)
        if left.pop(request.path_params["key"], None) is None:
            raise FlyError(404, "not_found: metadata key not found", "unknown")
        return self._store(machine, left)

    async def replace_metadata(self, request: Request) -> Response:
        """Replace all metadata."""
        machine, wish = await self._metadata_wish(request)
        return self._store(machine, {key: value for key, value in wish.items() if value})

    async def merge_metadata(self, request: Request) -> Response:
        """Merge metadata; null or an empty value removes a key."""
        machine, wish = await self._metadata_wish(request)
        merged = _metadata(machine) | wish
        return self._store(machine, {key: value for key, value in merged.items() if value})

    async def _metadata_wish(self, request: Request) -> tuple[Machine, Json]:
        machine = self._calls.machine(request, "set_metadata")
        wish = await read_wish(request, MetadataWish)
        if wish.metadata is None:
            raise invalid("metadata is required")
        _refuse_moved(machine, wish.machine_version, wish.updated_at)
        return machine, wish.metadata

    def _store(self, machine: Machine, metadata: Json) -> Response:
        check_metadata(metadata)
        machine.config["metadata"] = metadata
        machine.updated_at = wall_s()
        self._fleet.world.changed()
        return Response(status_code=204)


def _refuse_moved(machine: Machine, version: str | None, updated_at: str | None) -> None:
    """Refuse a change that was made for another version of the machine, or an earlier state."""
    if version and version != machine.instance_id:
        raise FlyError(412, "failed_precondition: machine version mismatch", "unknown")
    if not updated_at:
        return
    try:
        seen = datetime.fromisoformat(updated_at)
    except ValueError:
        raise invalid(f"updated_at: {updated_at!r} is no RFC 3339 moment") from None
    if seen.tzinfo is None or int(seen.timestamp() * 1000) != int(machine.updated_at * 1000):
        raise FlyError(412, "failed_precondition: machine has changed since updated_at", "unknown")


def _metadata(machine: Machine) -> Json:
    return dict(machine.config.get("metadata") or {})
