"""The Machines API's calls on volumes (Fly.io, Machines API, "Volumes resource")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import volumes
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.http import flag, table
from pilothouse.sandbox.fly.paging import page
from pilothouse.sandbox.fly.wishes import ExtendWish, VolumeChange, VolumeWish, read_wish
from pilothouse.sandbox.pace import wall_s

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.disks import Volume
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.fly.state import App

_ALL = "/v1/apps/{app}/volumes"
_ONE = _ALL + "/{volume}"


class VolumeRoutes:
    """Handlers for volumes."""

    def __init__(self, fleet: FlyFleet) -> None:
        self._fleet = fleet

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("GET", _ALL, self.list_all),
            ("POST", _ALL, self.create),
            ("GET", _ONE, self.show),
            ("PUT", _ONE, self.change),
            ("DELETE", _ONE, self.destroy),
            ("PUT", _ONE + "/extend", self.extend),
            ("GET", _ONE + "/snapshots", self.list_snapshots),
            ("POST", _ONE + "/snapshots", self.take_snapshot),
        ]
        return table("", calls)

    async def list_all(self, request: Request) -> Response:
        """List an app's volumes, paged where the client asks for pages."""
        app, now = self._app(request, "list_volumes"), wall_s()
        rows = volumes.listed(app, now)
        shown, cursor = page(rows, lambda each: each.id, request.query_params, now)
        summary = flag(request, "summary")
        body = [volumes.volume_json(app, each, summary=summary) for each in shown]
        return JSONResponse(body, headers={"fly-next-cursor": cursor} if cursor else {})

    async def create(self, request: Request) -> Response:
        """Create a volume."""
        app = self._app(request, "create_volume")
        volume = volumes.create(app, await read_wish(request, VolumeWish), wall_s())
        return self._changed(app, volume)

    async def show(self, request: Request) -> Response:
        """Show a volume."""
        app, volume = self._volume(request, "get_volume")
        return JSONResponse(volumes.volume_json(app, volume))

    async def change(self, request: Request) -> Response:
        """Change how a volume is backed up."""
        app, volume = self._volume(request, "update_volume")
        wish = await read_wish(request, VolumeChange)
        if wish.snapshot_retention is not None:
            volume.snapshot_retention = volumes.checked_retention(wish.snapshot_retention)
        if wish.auto_backup_enabled is not None:
            volume.auto_backup_enabled = wish.auto_backup_enabled
        return self._changed(app, volume)

    async def destroy(self, request: Request) -> Response:
        """Destroy a volume that no machine has."""
        app, volume = self._volume(request, "delete_volume")
        volumes.destroy(app, volume, wall_s())
        return self._changed(app, volume)

    async def extend(self, request: Request) -> Response:
        """Make a volume larger; a machine that runs sees it after a restart."""
        app, volume = self._volume(request, "extend_volume")
        volumes.extend(volume, (await read_wish(request, ExtendWish)).size_gb)
        self._fleet.world.changed()
        having = volumes.owner(app, volume.id)
        restart = having is not None and having.state == "started"
        shown = volumes.volume_json(app, volume)
        return JSONResponse({"needs_restart": restart, "volume": shown})

    async def list_snapshots(self, request: Request) -> Response:
        """List a volume's snapshots, newest first."""
        _, volume = self._volume(request, "list_snapshots")
        return JSONResponse([volumes.snapshot_json(volume, each) for each in volume.snapshots])

    async def take_snapshot(self, request: Request) -> Response:
        """Take a snapshot."""
        _, volume = self._volume(request, "create_snapshot")
        volumes.snapshot(volume, wall_s())
        self._fleet.world.changed()
        return JSONResponse({"ok": True})

    def _app(self, request: Request, action: str) -> App:
        app = self._fleet.site(request.path_params["app"]).app
        self._spend(action, app.name)
        return app

    def _volume(self, request: Request, action: str) -> tuple[App, Volume]:
        app = self._fleet.site(request.path_params["app"]).app
        identifier = request.path_params["volume"]
        if not identifier.startswith("vol_"):
            raise FlyError(400, f"invalid volume ID, '{identifier}'")
        volume = volumes.find(app, identifier)
        self._spend(action, identifier)
        return app, volume

    def _spend(self, action: str, identifier: str) -> None:
        if self._fleet.world.fly.rate_limited:
            self._fleet.limits.spend(action, identifier)

    def _changed(self, app: App, volume: Volume) -> Response:
        self._fleet.world.changed()
        return JSONResponse(volumes.volume_json(app, volume))
