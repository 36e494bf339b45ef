"""Heroku's running half: the dynos and the edge of every app, and the desk for releases.

One fleet belongs to one world and lives in its event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.heroku.builds import BuildDesk
from pilothouse.sandbox.heroku.crew import Crew
from pilothouse.sandbox.heroku.launcher import Launcher
from pilothouse.sandbox.heroku.limits import RateLimit
from pilothouse.sandbox.heroku.one_offs import OneOffs
from pilothouse.sandbox.heroku.releases import ReleaseDesk, Wish
from pilothouse.sandbox.heroku.state import HerokuApp, Release
from pilothouse.sandbox.heroku.wire import moment
from pilothouse.sandbox.state import World

Json = dict[str, Any]
_NEWEST_SHOWN = 8


class HerokuFleet:
    """Starts, stops and describes everything of Heroku's that runs.

    It makes itself known as `world.fleets["heroku"]`, where the API finds it.
    """

    def __init__(self, world: World) -> None:
        self.launcher = Launcher(world)
        self.crews = {app.id: Crew(app, self.launcher) for app in world.heroku.apps}
        self.one_offs = OneOffs(self.launcher, self.crews)
        self.desk = ReleaseDesk(world, self.crews, self.one_offs)
        self.builds = BuildDesk(self.launcher, self.crews, self.desk)
        self.limit = RateLimit(time.monotonic)
        self.world = world
        world.fleets["heroku"] = self

    async def start(self) -> None:
        """Open the edges, start what was up and go on with pending releases and builds."""
        self.builds.clear_up()
        for crew in self.crews.values():
            await crew.start()
        self.one_offs.forget()
        self.desk.resume()
        self.builds.resume()

    async def stop(self) -> None:
        """End everything at once, keeping the state as it is."""
        await self.builds.stop()
        await self.desk.stop()
        await asyncio.gather(self.one_offs.stop(), *(each.stop() for each in self.crews.values()))
        await self.launcher.close()

    def crew(self, app: HerokuApp) -> Crew:
        """The dynos of an app."""
        return self.crews[app.id]

    async def open_app(self, app: HerokuApp) -> None:
        """Let a new app in: its address opens, and it gets the two releases of every new app."""
        crew = Crew(app, self.launcher)
        # All of it before the first wait, so that nobody else gets the name meanwhile.
        self.crews[app.id] = crew
        self.world.heroku.apps.append(app)
        for text in ("Initial release", "Enable Logplex"):
            self.desk.create(app, Wish(text, None, {}, app.owner_id))
        await crew.start()

    def rename_app(self, app: HerokuApp, name: str) -> None:
        """Give an app another name; its address stays. Dynos started before keep the old one."""
        edges, ports = self.world.edges, self.world.saved.edge_ports
        edge = edges.pop(app.key)
        port = ports.pop(app.key)
        app.name = name
        edge.app_key = app.key
        edges[app.key], ports[app.key] = edge, port

    async def destroy_app(self, app: HerokuApp) -> None:
        """End an app: its release commands, its dynos, its address, its place in a pipeline."""
        state = self.world.heroku
        state.apps.remove(app)
        state.couplings = [each for each in state.couplings if each.app_id != app.id]
        self.world.edges.pop(app.key, None)
        self.world.saved.edge_ports.pop(app.key, None)
        self.world.changed()
        await self.builds.abandon(app)
        await self.desk.abandon(app)
        await self.one_offs.abandon(app)
        for each in list(app.one_offs):
            self.one_offs.end(each)
        crew = self.crews.pop(app.id)
        crew.log.close()
        await crew.stop()

    def edge_url(self, app_key: str) -> str | None:
        """The address of an app, with a slash at the end; `None` before its edge is open."""
        edge = self.world.edges.get(app_key)
        return None if edge is None else f"{edge.url}/"

    def describe(self) -> list[Json]:
        """What the control API shows of each app."""
        return [_described(crew) for crew in self.crews.values()]

    def patients(self, app_key: str) -> list[Patient] | None:
        """Return an app's dynos as what can be made ill; None for an unknown app."""
        app = self.world.heroku.find_app(app_key.removeprefix("heroku:"))
        if app is None:
            return None
        crew = self.crew(app)
        return [crew.processes.patient(each) for each in (*app.hidden, *app.dynos)]

    async def act(self, wish: Mapping[str, Any]) -> Json:
        """Do what the control API asks of a Heroku app."""
        from pilothouse.sandbox.heroku.acts import act

        return act(self, wish)


def _described(crew: Crew) -> Json:
    app = crew.app
    return {
        "app": app.key,
        "url": crew.edge.url,
        "release": app.current,
        "maintenance": app.maintenance,
        "preboot": app.preboot,
        "instances": [
            {
                "id": each.id,
                "name": each.name,
                "group": each.type,
                "state": each.state,
                "release": each.version,
                "artifact": each.slug_id,
                "serving": crew.serves(each),
                "hidden": each in app.hidden,
                "crashes": each.crashes,
            }
            for each in (*app.hidden, *app.dynos)
        ],
        "releases": [row(each) for each in reversed(app.releases[-_NEWEST_SHOWN:])],
        "edge": crew.edge.counters.shown(),
    }


def row(release: Release) -> Json:
    """A release as the control API shows it."""
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "description": release.description,
        "artifact": release.slug_id,
        "user": release.user_id,
        "created_at": moment(release.created_at),
    }
