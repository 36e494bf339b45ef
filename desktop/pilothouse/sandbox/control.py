"""The control API: what tests and the window ask of the sandbox itself, beside the platforms.

Everything needs the sandbox's token as a bearer token. It is not a platform, so that its own
calls are neither journalled nor struck by faults. Bodies are JSON; times are epoch seconds; a
wrong wish is answered 400 `{"error"}` and changes nothing.

- `GET /` → the announcement, as `pilothouse sandbox --json` prints it.
- `GET /world` → `{scale, clock_s, apps: [{app, url, release, instances, counters, …}]}`.
- `GET /requests?since=N&limit=M&bodies=no` → `{requests: [Received], last}`: those after number N,
  the earliest M of them (default: all); one that is not answered yet has `status` null, so that
  whoever follows asks again from before the first of these. `bodies=no` leaves the bodies out.
- `GET /absent` → `{absent: [{at, method, path}]}`: the latest 200 calls that are not here.
- `GET /kinds` → `[{kind, scope, title, takes, platforms}]`: all that can go wrong. A scope is
  `call`, `instance`, `world` or `others`; the kinds of `others` are the `do` of `/world/act`.
- `GET /faults` → `{faults: [{id, kind, scope, match, count, left, struck, seed, rate, seconds,
  edges}]}`; a count or left of -1 is for ever. `GET /faults/{id}` → one of them, or 404.
- `POST /faults` with `{kind, match, count, seed, rate, seconds, edges}` or a list of them, put in
  force together or not at all → the added ones, as `GET /faults` lists them.
- `DELETE /faults`, `DELETE /faults/{id}` → 204; out of force, which heals instances that run.
- `POST /world/act` with `{app, do, instance?, …}` → what other people or bad luck did.
- `POST /github/commits` with `{repo, sha, branch?, parents?, message?, statuses?, check_runs?}` →
  a commit of the practice GitHub, which answers below `/github` to anybody.
- `PUT /status/fly` or `/status/heroku` with `{incidents: [{title, impact, system?, text?}]}` → all
  that is open on that status page, which anybody may `GET`.
- `POST /shutdown` → `{ok}`, and the sandbox ends.

`match` of a call: `method`, `platform` (`fly`, `heroku`), `path` and `body` (regular expressions),
`nth`. `match` of an instance: `app` (`fly:harbor-api`), `instance` (id or name), `group` (process
group or type). The world needs no match but `platform` for `network` and `disk`.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pilothouse.sandbox import status_pages
from pilothouse.sandbox.fault_desk import FaultDesk
from pilothouse.sandbox.faults import InForce, decode
from pilothouse.sandbox.fly.acts import VERBS as FLY_VERBS
from pilothouse.sandbox.github import GitHub
from pilothouse.sandbox.heroku.acts import VERBS as HEROKU_VERBS
from pilothouse.sandbox.kinds import KINDS, others
from pilothouse.sandbox.pace import ahead_s
from pilothouse.sandbox.state import World

_AFTER_THE_ANSWER_S = 0.05
Handler = Callable[[Request], Awaitable[Response]]


class Control:
    """Handlers of the control API; `shutdown` ends the process."""

    def __init__(
        self,
        world: World,
        desk: FaultDesk,
        announce: Callable[[], dict[str, Any]],
        shutdown: Callable[[], None],
    ) -> None:
        self._world = world
        self._desk = desk
        self._announce = announce
        self._shutdown = shutdown
        self._github = GitHub(world)

    def app(self) -> ASGIApp:
        """Build the application."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/", self.about),
            ("GET", "/requests", self.requests),
            ("GET", "/world", self.world),
            ("GET", "/absent", self.absent),
            ("POST", "/world/act", self.act),
            ("GET", "/kinds", self.kinds),
            ("GET", "/faults", self.list_faults),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", self.clear_faults),
            ("GET", "/faults/{id:int}", self.show_fault),
            ("DELETE", "/faults/{id:int}", self.remove_fault),
            ("POST", "/github/commits", self.script_commit),
            ("PUT", "/status/{platform}", self.set_incidents),
            ("POST", "/shutdown", self.end),
        )
        routes = [Route(path, self._admitted(call), methods=[verb]) for verb, path, call in table]
        routes += status_pages.routes(self._world.saved.incidents)
        routes += self._github.routes()
        return Starlette(routes=routes, exception_handlers={404: _unknown, 405: _unknown})

    def _admitted(self, handler: Handler) -> Handler:
        async def admitted(request: Request) -> Response:
            self._world.last_used = time.monotonic()
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode(), self._world.token.encode()):
                return JSONResponse({"error": "the sandbox's token is needed"}, 401)
            try:
                return await handler(request)
            except (ValueError, msgspec.MsgspecError) as wrong:
                return JSONResponse({"error": str(wrong)}, 400)

        return admitted

    async def about(self, request: Request) -> Response:
        """Repeat the first line."""
        return JSONResponse(self._announce())

    async def requests(self, request: Request) -> Response:
        """List what the platform APIs received, after the number `since`."""
        journal, query = self._world.requests, request.query_params
        limit = query.get("limit")
        wanted = journal.since(int(query.get("since") or 0), None if limit is None else int(limit))
        if query.get("bodies") == "no":
            wanted = [msgspec.structs.replace(each, body=None) for each in wanted]
        return _json({"requests": wanted, "last": journal.last})

    async def world(self, request: Request) -> Response:
        """Show what runs and what is remembered."""
        apps = [app for fleet in self._world.fleets.values() for app in fleet.describe()]
        return _json({"scale": self._world.pace.scale, "clock_s": ahead_s(), "apps": apps})

    async def absent(self, request: Request) -> Response:
        """List the latest calls that the sandbox does not know."""
        return _json({"absent": list(self._world.not_here)})

    async def act(self, request: Request) -> Response:
        """Do what other people or bad luck would do; the app's prefix names its platform."""
        wish = msgspec.json.decode(await request.body(), type=dict[str, Any])
        platform = str(wish.get("app", "")).partition(":")[0]
        fleet = self._world.fleets.get(platform)
        if fleet is None:
            raise ValueError("app must begin with fly: or heroku:")
        try:
            answer = await fleet.act(wish)
        except TypeError as wrong:
            raise ValueError(f"{wish.get('do')} cannot be done with that: {wrong}") from wrong
        self._world.save()
        return _json(answer)

    async def kinds(self, request: Request) -> Response:
        """List everything that can be made to go wrong."""
        acts = [*others("fly", FLY_VERBS), *others("heroku", HEROKU_VERBS)]
        return _json([*KINDS.values(), *acts])

    async def list_faults(self, request: Request) -> Response:
        """List the rules with what is left of them."""
        return _listed(self._desk.rules())

    async def add_fault(self, request: Request) -> Response:
        """Put one rule, or a list of rules, in force."""
        return _listed(await self._desk.put(decode(await request.body())))

    async def clear_faults(self, request: Request) -> Response:
        """Take every rule out of force."""
        await self._desk.take_all_away()
        return Response(status_code=204)

    async def show_fault(self, request: Request) -> Response:
        """Show one rule."""
        entry = self._desk.find(request.path_params["id"])
        return _no_such_fault() if entry is None else _json(entry.describe())

    async def remove_fault(self, request: Request) -> Response:
        """Take one rule out of force."""
        entry = self._desk.find(request.path_params["id"])
        if entry is None:
            return _no_such_fault()
        await self._desk.take_away(entry)
        return Response(status_code=204)

    async def script_commit(self, request: Request) -> Response:
        """Put a commit into a repository of the practice GitHub."""
        made = self._github.script(await request.body())
        self._world.save()
        return _json(made)

    async def set_incidents(self, request: Request) -> Response:
        """Set all that is open on a platform's status page."""
        platform = request.path_params["platform"]
        found = status_pages.decode(platform, await request.body())
        self._world.saved.incidents[platform] = found
        self._world.changed()
        self._world.save()
        return _json({"incidents": found})

    async def end(self, request: Request) -> Response:
        """End the sandbox, as soon as this is answered."""
        asyncio.get_running_loop().call_later(_AFTER_THE_ANSWER_S, self._shutdown)
        return JSONResponse({"ok": True})


async def _unknown(request: Request, _why: Exception) -> Response:
    """Answer for a call that the control API does not have."""
    said = f"the control API has no {request.method} {request.url.path}"
    return JSONResponse({"error": said}, 404)


def _listed(entries: list[InForce]) -> Response:
    return _json({"faults": [each.describe() for each in entries]})


def _no_such_fault() -> Response:
    return JSONResponse({"error": "no such fault is in force"}, 404)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
