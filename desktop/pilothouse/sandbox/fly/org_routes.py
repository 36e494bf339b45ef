"""The Machines API's calls on a whole organisation, and on the platform."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import volumes
from pilothouse.sandbox.fly.app_routes import AppDesk
from pilothouse.sandbox.fly.errors import invalid
from pilothouse.sandbox.fly.http import access_of, flag, table
from pilothouse.sandbox.fly.ids import rfc3339_ms
from pilothouse.sandbox.fly.paging import page
from pilothouse.sandbox.fly.regions import NEAREST, REGIONS, placed
from pilothouse.sandbox.fly.shapes import Text
from pilothouse.sandbox.fly.views import machine_json
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.state import App, Machine
    from pilothouse.sandbox.state import Json

_ROOM = 50
_OVERVIEW = ("guest", "image", "metadata")


class PlacementWish(msgspec.Struct):
    """The body that asks where machines could go."""

    org_slug: Text = None
    region: Text = None
    count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    compute: dict[str, Any] | None = None
    volume_name: Text = None
    volume_size_bytes: Annotated[int, msgspec.Meta(ge=0)] | None = None
    weights: dict[str, Any] | None = None


class OrgRoutes(AppDesk):
    """Handlers for organisations, regions and placements."""

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        calls = [
            ("GET", "/orgs/{slug}/machines", self.machines),
            ("GET", "/orgs/{slug}/volumes", self.volumes),
            ("GET", "/platform/regions", self.regions),
            ("POST", "/platform/placements", self.placements),
        ]
        return table("/v1", calls)

    async def machines(self, request: Request) -> Response:
        """List the machines of every app that the token sees, longest unchanged first."""
        pairs = [
            (app, machine)
            for app in self._seen(request)
            for machine in app.machines.values()
            if machine.state != "destroyed" or flag(request, "include_deleted")
        ]
        rows = [
            (_key(machine.updated_at, machine.id), machine.updated_at, _overview(app, machine))
            for app, machine in pairs
        ]
        shown, cursor = self._page(request, rows)
        return JSONResponse({"machines": shown} | _tail(shown, "machine", cursor))

    async def volumes(self, request: Request) -> Response:
        """List the volumes of every app that the token sees."""
        found = [
            (app, volume)
            for app in self._seen(request)
            for volume in app.volumes.values()
            if volume.destroyed_at is None or flag(request, "include_deleted")
        ]
        rows = []
        for app, volume in found:
            at = volume.destroyed_at or volume.created_at
            written = volumes.volume_json(app, volume, summary=flag(request, "summary"))
            extra = {"app_name": app.name, "updated_at": rfc3339_ms(at)}
            rows.append((_key(at, volume.id), at, written | extra))
        shown, cursor = self._page(request, rows)
        return JSONResponse({"volumes": shown} | _tail(shown, "volume", cursor))

    def _seen(self, request: Request) -> Iterator[App]:
        self._own(request.path_params["slug"])
        access = access_of(request)
        return (app for app in self._state.apps.values() if access.sees(app.name))

    def _page(
        self, request: Request, rows: list[tuple[str, float, Json]]
    ) -> tuple[list[Json], str | None]:
        query = request.query_params
        states = set(filter(None, query.get("state", "").split(",")))
        regions = set(filter(None, query.get("region", "").split(",")))
        since = _moment(query.get("updated_after"))
        wanted = [
            row
            for row in sorted(rows, key=lambda row: row[0])
            if row[1] > since
            and (not states or row[2]["state"] in states)
            and (not regions or row[2]["region"] in regions)
        ]
        shown, cursor = page(wanted, lambda row: row[0], query, self._now())
        return [row[2] for row in shown], cursor

    async def regions(self, request: Request) -> Response:
        """List the regions of the practice cloud."""
        rows = [
            {
                "code": region.code,
                "name": region.name,
                "gateway_available": True,
                "deprecated": False,
                "geo_region": region.geo,
                "latitude": region.latitude,
                "longitude": region.longitude,
                "requires_paid_plan": region.paid,
            }
            for region in REGIONS
        ]
        return JSONResponse({"regions": rows, "nearest": NEAREST})

    async def placements(self, request: Request) -> Response:
        """Tell where machines could go: the practice cloud has room in every region."""
        wish = await read_wish(request, PlacementWish)
        self._own(wish.org_slug)
        words = [word.strip() for word in (wish.region or NEAREST).split(",") if word.strip()]
        codes = dict.fromkeys(placed(word) for word in words)
        count = wish.count or _ROOM
        rows = [{"region": code, "count": count, "concurrency": count} for code in codes]
        return JSONResponse({"regions": rows})


def _key(updated_at: float, identifier: str) -> str:
    return f"{updated_at:017.6f} {identifier}"


def _moment(text: str | None) -> float:
    """Read a moment of the query; none is long ago.

    Raises:
        FlyError: 400 when it is no RFC 3339 moment.
    """
    if not text:
        return float("-inf")
    try:
        # A plus sign in a query that was not encoded arrives as a space.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid(f"updated_after must be an RFC 3339 moment, not {text[:40]!r}") from None
    if moment.tzinfo is None:
        raise invalid("updated_after must name its time zone")
    return moment.timestamp()


def _tail(shown: list[Json], kind: str, cursor: str | None) -> Json:
    last = shown[-1] if shown else {}
    return {
        f"last_{kind}_id": last.get("id", ""),
        "last_updated_at": last.get("updated_at", ""),
        "next_cursor": cursor or "",
    }


def _overview(app: App, machine: Machine) -> Json:
    """Write a machine as the organisation's list does: little, and of its configuration less."""
    shown = machine_json(machine, summary=True)
    config = {name: machine.config.get(name) for name in _OVERVIEW}
    kept = {
        name: shown[name]
        for name in (
            "id", "name", "state", "region", "instance_id", "version", "private_ip",
            "created_at", "updated_at",
        )
    }  # fmt: skip
    return kept | {"app_name": app.name, "config": config}
