"""A practice Fly.io in the test's own event loop: world, machines, edges and a client for its API.

The API is called in the same process; the apps are reached over real loopback ports.
"""

from __future__ import annotations

import asyncio
import copy
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from pilothouse.sandbox import state
from pilothouse.sandbox.fly.api import make_app
from pilothouse.sandbox.fly.machines import FlyFleet
from pilothouse.sandbox.fly.seed import plant_fly
from pilothouse.sandbox.heroku.state import HerokuState
from pilothouse.sandbox.pace import Pace
from tests.waiting import until_async

APP = "harbor-web"
TOKEN = "fo1_sandbox_of_a_test"
NONCE = "fly-machine-lease-nonce"
Row = dict[str, Any]


class Quay:
    """What a test needs of the practice Fly.io; its rate limits are off."""

    def __init__(self, world: state.World) -> None:
        self.world = world
        world.fly.rate_limited = False
        self.fleet = FlyFleet(world)
        seeded = next(iter(world.fly.apps[APP].machines.values()))
        self.model: Row = copy.deepcopy(seeded.config)
        headers = {"authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app=make_app(self.fleet), raise_app_exceptions=True)
        base = "http://127.0.0.1:5051"
        self.api = httpx.AsyncClient(transport=transport, base_url=base, headers=headers)
        self.web = httpx.AsyncClient(timeout=30, trust_env=False)

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """What a call below the app answers, which must have that status."""
        answer = await self.api.request(method, f"/v1/apps/{APP}{path}", **more)
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def machines(self, query: str = "") -> list[Row]:
        """The machines of the app."""
        rows: list[Row] = await self.ask("GET", f"/machines{query}")
        return rows

    async def first(self) -> Row:
        """The first machine of the app."""
        return (await self.machines())[0]

    async def show(self, machine: Row) -> Row:
        """A machine as it is now."""
        row: Row = await self.ask("GET", f"/machines/{machine['id']}")
        return row

    async def create(self, changes: Row | None = None, status: int = 200, **wish: Any) -> Row:
        """Ask for a machine like those of the seed, with other keys in its configuration."""
        config = copy.deepcopy(self.model) | (changes or {})
        body = {"config": config} | wish
        row: Row = await self.ask("POST", "/machines", status, json=body)
        return row

    async def update(self, machine: Row, changes: Row, status: int = 200, **wish: Any) -> Row:
        """Ask for a new version of a machine, with other keys in its configuration."""
        body = {"config": machine["config"] | changes} | wish
        row: Row = await self.ask("POST", f"/machines/{machine['id']}", status, json=body)
        return row

    async def order(self, machine: Row, verb: str, status: int = 200, **more: Any) -> Row:
        """Have a machine do something."""
        row: Row = await self.ask("POST", f"/machines/{machine['id']}/{verb}", status, **more)
        return row

    async def until_state(self, machine: Row, *states: str) -> Row:
        """Wait until a machine is in one of these states, and return it."""

        async def look() -> Row | None:
            shown = await self.show(machine)
            return shown if shown["state"] in states else None

        found = await until_async(look, f"{machine['name']} {states}", 20)
        assert found is not None
        return found

    async def upgrade(self, machine: Row, changes: Row) -> Row:
        """Give a machine a new version, and wait until it serves."""
        version = (await self.update(machine, changes))["instance_id"]
        query = {"state": "settled", "version": version}
        settled = await self.ask("GET", f"/machines/{machine['id']}/wait", params=query)
        assert settled["state"] == "started"
        return await self.until_serving(machine)

    async def until_serving(self, machine: Row) -> Row:
        """Wait until the proxy would send requests to a machine."""
        life = self.fleet.life(APP, machine["id"])

        async def look() -> bool:
            return life.machine.state == "started" and life.serving_port is not None

        await until_async(look, f"{machine['id']} serving")
        return await self.show(machine)

    async def visit(self, path: str = "/", **headers: str) -> httpx.Response:
        """Ask the app itself, through its edge."""
        edge = self.world.edges[f"fly:{APP}"]
        return await self.web.get(edge.url + path, headers=headers)

    async def act(self, do: str, **more: Any) -> Row:
        """Have somebody else, or bad luck, do something."""
        return await self.fleet.act({"app": f"fly:{APP}", "do": do, **more})


@asynccontextmanager
async def quay(*, scale: float = 100.0, directory: Path | None = None) -> AsyncIterator[Quay]:
    """Open the practice Fly.io and close it again; a directory brings its earlier state back."""
    with tempfile.TemporaryDirectory(prefix="ph-quay-") as fresh:
        place = directory or Path(fresh)
        pace = Pace(scale)
        saved = state.load(place) or state.Saved(
            format=state.FORMAT,
            token=TOKEN,
            ports={},
            edge_ports={},
            fly=plant_fly(pace.now()),
            heroku=HerokuState(),
        )
        one = Quay(state.World(place, saved, pace))
        await one.fleet.start()
        try:
            for row in await one.machines("?state=started"):
                await one.until_serving(row)
            yield one
        finally:
            await one.api.aclose()
            await one.web.aclose()
            await one.fleet.stop()
            one.world.save()


def at_quay(scenario: Callable[[Quay], Awaitable[None]], *, scale: float = 100.0) -> None:
    """Run a scenario from start to end in an event loop of its own."""

    async def run() -> None:
        async with quay(scale=scale) as one:
            await scenario(one)

    asyncio.run(run())
