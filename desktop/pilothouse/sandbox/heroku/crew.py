"""The set of dynos of one app: how a release replaces it, how it is restarted and scaled.

By default all old dynos are told to stop and all new ones start at the same moment; the router
holds requests meanwhile. With preboot the web dynos of the new release boot beside the old ones,
which go on serving to the end of a window: then the list shows only the new set, and the one
that serves is hidden (dyno manager and preboot, in the platform's documentation).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.heroku.launcher import Launcher
from pilothouse.sandbox.heroku.logs import LogBook
from pilothouse.sandbox.heroku.processes import Processes
from pilothouse.sandbox.heroku.router import Candidate, Router
from pilothouse.sandbox.heroku.state import Dyno, Formation, HerokuApp, Release, Slug, new_id

WINDOW_S = 180
"""Platform seconds from the launch of a prebooted set until it serves."""
DEFAULT_SIZE = "Standard-1X"


class Crew:
    """The dynos of one app, behind the app's edge."""

    def __init__(self, app: HerokuApp, launcher: Launcher) -> None:
        self.app = app
        self._world = world = launcher.world
        self.log = LogBook(world.pace.now)
        self._launcher = launcher
        self._window: asyncio.TimerHandle | None = None
        router = Router(app, world.pace, self._candidates, self.log.router)
        self.edge = Edge(app.key, router.route, router.manners(), router.notice)
        self._processes = Processes(app, launcher, self.log, self.edge.kick)

    async def start(self) -> None:
        """Open the edge and start again, without a boot, what was running."""
        await self._world.open_edge(self.edge)
        await self._processes.revive([*self.app.hidden, *self.app.dynos])
        self._set_window()

    async def stop(self) -> None:
        """End every process at once; the state stays as it is."""
        if self._window is not None:
            self._window.cancel()
        await self._processes.stop_all()
        await self.edge.stop()

    def roll(self, release: Release) -> None:
        """Replace every dyno by one of `release`, the way the app's features say."""
        app = self.app
        self._adopt_process_types(release)
        old, fresh = list(app.dynos), self._new_set(release)
        if app.preboot and any(each.port is not None for each in self._candidates()):
            self._keep_serving(old)
        else:
            self._processes.retire([*app.hidden, *old])
            app.hidden, app.window_until = [], None
        app.dynos = fresh
        self._set_window()
        self._launch(fresh)

    def restart(self, dynos: Sequence[Dyno]) -> None:
        """Stop these listed dynos and start others in their places."""
        fresh = {each.id: self._successor(each) for each in dynos}
        self._processes.retire(dynos)
        self.app.dynos = [fresh.get(each.id, each) for each in self.app.dynos]
        self._launch(list(fresh.values()))

    def scale(self, entry: Formation) -> None:
        """Start or stop dynos until as many run as the formation says, each of its size."""
        release = self.app.current_release()
        if release is None or release.slug_id is None:
            return
        mine = [each for each in self.app.dynos if each.type == entry.type]
        self.end(mine[entry.quantity :])
        self.restart([each for each in mine[: entry.quantity] if each.size != entry.size])
        taken = {each.name for each in mine}
        names = (f"{entry.type}.{number}" for number in range(1, entry.quantity + 1))
        fresh = [self._dyno(name, entry, release) for name in names if name not in taken]
        self.app.dynos.extend(fresh)
        self._launch(fresh)

    def end(self, dynos: Sequence[Dyno]) -> None:
        """Stop these listed dynos for good."""
        self._processes.retire(dynos)
        self.app.dynos = [each for each in self.app.dynos if each not in dynos]
        self._moved()

    @property
    def processes(self) -> Processes:
        """What runs behind the dynos."""
        return self._processes

    def serves(self, dyno: Dyno) -> bool:
        """Whether the router may send the dyno a request now."""
        return any(each.dyno is dyno and each.port is not None for each in self._candidates())

    def _moved(self) -> None:
        self._world.changed()
        self.edge.kick()

    def _candidates(self) -> Sequence[Candidate]:
        serving = self.app.hidden or [each for each in self.app.dynos if each.type == "web"]
        return [
            Candidate(each, self._processes.port(each), self._launcher.slug(each).real)
            for each in serving
        ]

    def _keep_serving(self, old: Sequence[Dyno]) -> None:
        """Leave the traffic where it is and begin the window anew.

        A set that was still in its window never served, and goes at once.
        """
        web = [each for each in old if each.type == "web"]
        if self.app.hidden:
            self._processes.retire(web)
        else:
            self.app.hidden = web
        self._processes.retire([each for each in old if each.type != "web"])
        length = timedelta(seconds=self._world.pace.seconds(WINDOW_S))
        self.app.window_until = self._world.pace.now() + length

    def _set_window(self) -> None:
        if self._window is not None:
            self._window.cancel()
            self._window = None
        if self.app.window_until is not None:
            left_s = (self.app.window_until - self._world.pace.now()).total_seconds()
            loop = asyncio.get_running_loop()
            self._window = loop.call_later(max(0.0, left_s), self._close_window)

    def _close_window(self) -> None:
        """Give the traffic to the new set, whatever state it is in, and stop the old one."""
        old, self.app.hidden, self.app.window_until = self.app.hidden, [], None
        self._window = None
        self._processes.retire(old)
        self._moved()

    def _launch(self, dynos: Sequence[Dyno]) -> None:
        self._processes.launch(dynos)
        self._moved()

    def _slug(self, release: Release) -> Slug | None:
        return self._world.heroku.slugs.get(release.slug_id or "")

    def _adopt_process_types(self, release: Release) -> None:
        slug = self._slug(release)
        known = {each.type for each in self.app.formation}
        now = self._world.pace.now()
        for name in () if slug is None else slug.process_types:
            if name not in known:
                count = 1 if name == "web" else 0
                self.app.formation.append(Formation(new_id(), name, count, DEFAULT_SIZE, now, now))

    def _new_set(self, release: Release) -> list[Dyno]:
        slug = self._slug(release)
        types = set[str]() if slug is None else set(slug.process_types) - {"release"}
        return [
            self._dyno(f"{entry.type}.{number}", entry, release)
            for entry in self.app.formation
            if entry.type in types
            for number in range(1, entry.quantity + 1)
        ]

    def _dyno(self, name: str, entry: Formation, release: Release) -> Dyno:
        slug = self._world.heroku.slugs[release.slug_id or ""]
        now = self._world.pace.now()
        return Dyno(
            id=new_id(),
            name=name,
            type=entry.type,
            state="starting",
            size=entry.size,
            command=slug.process_types[entry.type],
            release_id=release.id,
            version=release.version,
            slug_id=slug.id,
            created_at=now,
            updated_at=now,
        )

    def _successor(self, dyno: Dyno) -> Dyno:
        """A dyno for the same place, of the release that is current now."""
        entry = next(each for each in self.app.formation if each.type == dyno.type)
        release = self.app.current_release() or self.app.newest
        return self._dyno(dyno.name, entry, release)
