"""Both practice platforms in the test's own event loop, behind their faults, as one world.

The APIs are called in the same process; the apps are reached over real loopback ports.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import msgspec

from pilothouse.sandbox import state
from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.faults import Faults, Rule
from pilothouse.sandbox.fly.api import make_app as make_fly
from pilothouse.sandbox.fly.checks import planned
from pilothouse.sandbox.fly.machines import FlyFleet
from pilothouse.sandbox.fly.seed import plant_fly
from pilothouse.sandbox.fly.state import App, Machine
from pilothouse.sandbox.guarded import Guarded
from pilothouse.sandbox.heroku.api import make_app as make_heroku
from pilothouse.sandbox.heroku.dynos import HerokuFleet
from pilothouse.sandbox.heroku.seed import plant
from pilothouse.sandbox.heroku.state import HerokuApp
from pilothouse.sandbox.pace import Pace

TOKEN = "fo1_sandbox_of_a_test"
SCALE = 1000.0
_FLY, _HEROKU = "http://127.0.0.1:5051", "http://127.0.0.1:5050"
_ACCEPT = "application/vnd.heroku+json; version=3"
_RESTING = frozenset({"started", "stopped", "suspended", "failed", "destroyed"})


@cache
def _planted() -> bytes:
    now = datetime.now(UTC)
    fly = plant_fly(now)
    # Its limits would answer nearly every call of a test by themselves.
    fly.rate_limited = False
    # A long past would only make each look at it slow.
    for app in fly.apps.values():
        del app.releases[:-10]
        for machine in app.machines.values():
            del machine.versions[:-2]
    return msgspec.json.encode(state.Saved(state.FORMAT, TOKEN, {}, {}, fly, plant(now)))


class Both:
    """One world with both platforms."""

    def __init__(self, directory: Path) -> None:
        saved = state.load(directory) or msgspec.json.decode(_planted(), type=state.Saved)
        self.world = state.World(directory, saved, Pace(SCALE))
        self.faults = Faults()
        self.fleets = (FlyFleet(self.world), HerokuFleet(self.world))
        self.world.fleets["fly"] = self.fleets[0]
        bearer = {"authorization": f"Bearer {TOKEN}"}
        fly = Guarded(make_fly(self.fleets[0]), self.world, self.faults, "fly")
        heroku = Guarded(make_heroku(self.world), self.world, self.faults, "heroku")
        self.fly = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=fly), base_url=_FLY, headers=bearer
        )
        self.heroku = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=heroku),
            base_url=_HEROKU,
            headers=bearer | {"accept": _ACCEPT},
        )
        self.web = httpx.AsyncClient(timeout=30, trust_env=False)

    async def start(self) -> None:
        for fleet in self.fleets:
            await fleet.start()

    async def stop(self) -> None:
        for client in (self.fly, self.heroku, self.web):
            await client.aclose()
        for fleet in self.fleets:
            await fleet.stop()
        self.world.changed()
        assert self.world.save()

    @property
    def apps(self) -> list[App | HerokuApp]:
        """Every app of both platforms."""
        return [*self.world.fly.apps.values(), *self.world.heroku.apps]

    def machines(self, app: str) -> list[Machine]:
        """The machines of a Fly app that are there."""
        everything = self.world.fly.apps[app].machines.values()
        return [each for each in everything if each.state not in ("destroyed", "destroying")]

    def edge(self, key: str) -> Edge:
        return self.world.edges[key]

    def picture(self) -> bytes:
        """Everything that the platforms remember."""
        return msgspec.json.encode(self.world.saved)

    def calm(self) -> bool:
        """Whether nothing is on its way to another state by itself."""
        heroku = self.world.heroku.apps
        resting = all(
            self._rests(app.name, machine)
            for app in self.world.fly.apps.values()
            for machine in app.machines.values()
        )
        up = all(each.state == "up" for app in heroku for each in (*app.dynos, *app.hidden))
        settled = not any(each.status == "pending" for app in heroku for each in app.releases)
        return resting and up and settled and not any(app.hidden for app in heroku)

    def _rests(self, app: str, machine: Machine) -> bool:
        if machine.state != "started":
            return machine.state in _RESTING
        checks = [check.status for check in machine.checks]
        running = self.fleets[0].life(app, machine.id).process.instance
        listens = running is not None and running.port is not None
        return listens and checks == ["passing"] * len(planned(machine.config))

    def fault(self, **rule: Any) -> None:
        """Put a fault in force."""
        self.faults.add(msgspec.convert(rule, Rule))

    async def act(self, app: str, do: str, **more: Any) -> None:
        """Have somebody else, or bad luck, do something; what cannot be done is left undone."""
        with suppress(ValueError):
            platform = app.partition(":")[0]
            await self.world.fleets[platform].act({"app": app, "do": do, **more})

    async def visit(self, app: str, path: str = "/", times: int = 1) -> list[httpx.Response]:
        """Ask an app itself, so many times at once."""
        url = self.edge(app).url + path
        return list(await asyncio.gather(*(self.web.get(url) for _ in range(times))))

    def config(self, machine: Machine, tag: str) -> dict[str, Any]:
        """A machine's configuration with another image of its app."""
        wanted = copy.deepcopy(machine.config)
        repository = machine.image_ref.repository
        wanted["image"] = f"registry.fly.io/{repository}:{tag}"
        return wanted


@asynccontextmanager
async def both(directory: Path) -> AsyncIterator[Both]:
    """Open the world that lies in a directory, or a new one, and close it again."""
    one = Both(directory)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """Where two pictures differ, as paths with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted({*before, *after})
        pairs = [(before.get(key), after.get(key), f"{path}.{key}") for key in keys]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = [(old, new, f"{path}[]") for old, new in zip(before, after, strict=True)]
    else:
        return [] if before == after else [f"{path}: {before!r:.200} -> {after!r:.200}"]
    return [found for old, new, where in pairs for found in differences(old, new, where)]
