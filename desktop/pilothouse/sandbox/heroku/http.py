"""What every endpoint of the practice Heroku shares: the world it sees, bodies, pages, replies.

An endpoint is a function from the API and a request to a reply; `door` runs it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request

from pilothouse.sandbox.heroku import errors
from pilothouse.sandbox.heroku.dynos import HerokuFleet
from pilothouse.sandbox.heroku.limits import RateLimit
from pilothouse.sandbox.heroku.logs import LogSession
from pilothouse.sandbox.heroku.ranges import DEFAULT_MAX, Fields, RangeError, paginate
from pilothouse.sandbox.heroku.state import HerokuApp, Release
from pilothouse.sandbox.heroku.wire import View
from pilothouse.sandbox.state import World


@dataclass(frozen=True, slots=True)
class Reply:
    """What an endpoint answers, before it is put on the wire. `body` None sends no body."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """The platform as its endpoints see it: the world, the fleet, the account's budget."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.state = world.heroku
        self.sessions: dict[str, LogSession] = {}

    @property
    def fleet(self) -> HerokuFleet:
        """What runs; there once the server has made it."""
        fleet = self.world.fleets["heroku"]
        if not isinstance(fleet, HerokuFleet):
            raise TypeError("the fleet named heroku is not Heroku's")
        return fleet

    @property
    def limit(self) -> RateLimit:
        """The account's budget of requests."""
        return self.fleet.limit

    def view(self, request: Request) -> View:
        """How resources look to this client."""
        base = f"http://{request.headers.get('host', request.url.netloc)}"
        return View(self.state, base, self.world.pace.now(), self.fleet.edge_url)

    def app(self, request: Request) -> HerokuApp:
        """The app that the path names."""
        return self.find_app(request.path_params["app"])

    def find_app(self, identity: str) -> HerokuApp:
        """The app with this UUID or name; refuses with a 404 when there is none."""
        found = self.state.find_app(identity)
        if found is None:
            raise errors.not_found("app")
        return found

    def release(self, request: Request) -> tuple[HerokuApp, Release]:
        """The app and the release that the path names."""
        app = self.app(request)
        found = app.find_release(request.path_params["release"])
        if found is None:
            raise errors.not_found("release")
        return app, found

    async def body(self, request: Request) -> dict[str, Any]:
        """The JSON object that the client sent; none at all is an empty one."""
        raw = await request.body()
        try:
            value = msgspec.json.decode(raw) if raw.strip() else {}
        except (ValueError, RecursionError) as wrong:
            raise errors.bad_request("The request body is not valid JSON.") from wrong
        if not isinstance(value, dict):
            raise errors.bad_request("The request body must be a JSON object.")
        return value

    def paged(
        self,
        request: Request,
        items: Sequence[Any],
        fields: Fields,
        show: Callable[[tuple[Any, ...]], list[Any]],
    ) -> Reply:
        """The part of a list that the `Range` header asks for; without one, its own order."""
        header = request.headers.get("range")
        if header is None and len(items) <= DEFAULT_MAX:
            return Reply(show(tuple(items)), 200, {"Accept-Ranges": ", ".join(fields)})
        try:
            page = paginate(items, header, fields)
        except RangeError as wrong:
            raise errors.bad_range(header or "") from wrong
        return Reply(show(page.items), page.status, page.headers)

    def listed(self, request: Request, rows: list[dict[str, Any]]) -> Reply:
        """The part of a list of finished objects that `Range` asks for, sortable by one field.

        It is `id`, or `name` for the few things that have no id.
        """
        field = "id" if all("id" in each for each in rows) else "name"
        return self.paged(request, rows, {field: lambda each: each[field]}, list)

    def lacking(self, request: Request, what: str) -> errors.Refusal:
        """A 422 for a part of a known endpoint that the sandbox does not have, noted as such."""
        self.world.absent(request.method, request.scope["path"])
        return errors.invalid(f"The sandbox does not have {what}.")


Handler = Callable[[Api, Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One verb on one path; `needs` is the least scope that the endpoint accepts."""

    method: str
    path: str
    handler: Handler
    needs: str = "read"


def only(body: dict[str, Any], *names: str) -> None:
    """Refuse attributes that an endpoint does not know, as the platform does."""
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise errors.invalid(f"Unknown or immutable attribute: {', '.join(unknown)}.")


def text(body: dict[str, Any], name: str) -> str:
    """A string that must be there."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise errors.invalid(f"`{name}` must be a string that is not empty.")
    return value


def optional_text(body: dict[str, Any], name: str) -> str | None:
    """A string that may be missing or null."""
    return None if body.get(name) is None else text(body, name)


def flag(body: dict[str, Any], name: str, default: bool | None = None) -> bool:
    """A boolean; it must be there unless there is a default."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise errors.invalid(f"`{name}` must be true or false.")
    return value


def fits_environment(name: str, value: str) -> bool:
    """Whether a process can be given this variable; one that it cannot keeps it from starting."""
    return bool(name) and "=" not in name and "\0" not in name + value


def identity(body: dict[str, Any], name: str) -> str:
    """The UUID or name of something: a string, or an object with an `id` or a `name`."""
    value = body.get(name)
    if isinstance(value, dict):
        value = value.get("id") or value.get("name")
    if not isinstance(value, str) or not value:
        raise errors.invalid(f"`{name}` must be an id or a name.")
    return value
