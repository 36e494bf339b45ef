"""The sandbox's process: both platforms, their edges and the control API in one event loop.

It binds to 127.0.0.1 alone and prints nothing but its first line (or a short text) on standard
output. It ends on SIGTERM, SIGINT, a control call, or when nobody has used it for `idle_s`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pilothouse.sandbox.announcement import (
    Announcement,
    AppAddress,
    encode,
    keep,
    quietening,
    withdraw,
)
from pilothouse.sandbox.control import Control
from pilothouse.sandbox.detached import lock_path
from pilothouse.sandbox.fault_desk import FaultDesk
from pilothouse.sandbox.faults import Faults
from pilothouse.sandbox.filelock import LockedError, held
from pilothouse.sandbox.fly import api as fly_api
from pilothouse.sandbox.fly import graphql
from pilothouse.sandbox.fly.machines import FlyFleet
from pilothouse.sandbox.fly.seed import plant_fly
from pilothouse.sandbox.guarded import Guarded
from pilothouse.sandbox.heroku import api as heroku_api
from pilothouse.sandbox.heroku.dynos import HerokuFleet
from pilothouse.sandbox.heroku.seed import plant
from pilothouse.sandbox.instance_faults import InstanceFaults
from pilothouse.sandbox.kinds import INSTANCE, WORLD
from pilothouse.sandbox.listening import Service, bind
from pilothouse.sandbox.pace import Pace
from pilothouse.sandbox.state import (
    FORMAT,
    Saved,
    UnreadableError,
    World,
    load,
    new_token,
    set_aside,
)
from pilothouse.sandbox.world_faults import WorldFaults

DEFAULT_PORT = 47113
_SERVICES = ("fly", "heroku", "control")
_IDLE_LOOK_S = 0.5


def main_sandbox(
    port: int | None, state_dir: Path, scale: float, as_json: bool, idle_s: float | None = None
) -> int:
    """Run a sandbox until it is told to end; return the process's exit code.

    Args:
        port: the Fly port; None takes the port of the last time or the usual one, 0 any.
        state_dir: where its state is kept; made when missing.
        scale: how many platform seconds pass in a real one.
        as_json: print the announcement as one line of JSON instead of a text.
        idle_s: end this many real seconds after the last client; None never.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    try:
        with held(lock_path(state_dir)):
            sandbox = Sandbox(state_dir, Pace(scale))
            return asyncio.run(sandbox.run(port, as_json=as_json, idle_s=idle_s))
    except LockedError:
        sys.stderr.write(
            f"Nothing was started: another sandbox uses {state_dir}. End it with "
            "`pilothouse sandbox stop`, or choose another folder with --state.\n"
        )
        return 2
    except OSError as why:
        sys.stderr.write(f"No sandbox was started: {why}. Choose another --state or --port.\n")
        return 2


def _opened(directory: Path) -> tuple[Saved, str]:
    """Return the state to begin with, and what a person should know about it."""
    notice = ""
    try:
        saved = load(directory)
    except UnreadableError as why:
        saved, kept = None, set_aside(directory)
        notice = f"The earlier state could not be used ({why}). It is kept as {kept}; this is new."
        sys.stderr.write(notice + "\n")
    if saved is None:
        now = datetime.now(UTC)
        saved = Saved(FORMAT, new_token(), {}, {}, plant_fly(now), plant(now))
    return saved, notice


class Sandbox:
    """One running sandbox."""

    def __init__(self, directory: Path, pace: Pace) -> None:
        saved, self._notice = _opened(directory)
        self.world = World(directory, saved, pace)
        self._faults = Faults()
        self._end = asyncio.Event()
        self._services: dict[str, Service] = {}
        self._trouble: WorldFaults | None = None
        self._asked = 0
        self._taken: int | None = None

    async def run(self, port: int | None, *, as_json: bool, idle_s: float | None) -> int:
        """Serve until the end; leave nothing behind but the state."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            # Windows has no signal handlers in the loop; there Ctrl-C ends asyncio.run itself.
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, self._end.set)
        sockets = self._bind(port)
        fleets = (FlyFleet(self.world), HerokuFleet(self.world))
        self.world.fleets = {"fly": fleets[0], "heroku": fleets[1]}
        for fleet in fleets:
            await fleet.start()
        serving = self._serve(sockets, fleets[0])
        self.world.changed()
        self.world.save()
        announcement = self.announce()
        keep(self.world.directory, announcement)
        _say(announcement.line() + "\n" if as_json else announcement.text(self._taken))
        await asyncio.to_thread(graphql.warm)
        await self._until_end(idle_s)
        withdraw(self.world.directory)
        if self._trouble is not None:
            await self._trouble.stop()
        for service in self._services.values():
            service.end()
        for fleet in fleets:
            await fleet.stop()
        await asyncio.gather(*serving)
        self.world.save()
        return 0

    def announce(self) -> Announcement:
        """Return what clients need to know."""
        world = self.world
        fly = world.addresses["fly"]
        return Announcement(
            pid=os.getpid(),
            scale=world.pace.scale,
            token=world.token,
            control=world.addresses["control"],
            fly={
                "FLY_API_BASE_URL": fly,
                "FLY_FLAPS_BASE_URL": fly,
                "FLY_UIEX_BASE_URL": fly,
                "FLY_REGISTRY_HOST": fly.removeprefix("http://"),
            },
            heroku={"HEROKU_HOST": world.addresses["heroku"]},
            github={"GITHUB_API_URL": f"{world.addresses['control']}/github"},
            apps=[AppAddress(key, edge.url) for key, edge in world.edges.items()],
            tools=quietening(
                world.directory, world.addresses["heroku"], world.addresses["control"]
            ),
            notice=self._notice,
        )

    def _bind(self, port: int | None) -> list[socket.socket]:
        saved = self.world.saved.ports
        sockets: list[socket.socket] = []
        for index, name in enumerate(_SERVICES):
            wanted = saved.get(name, 0 if port == 0 else DEFAULT_PORT + index)
            if port and index == 0:
                wanted = port
            if index and port and port != saved.get("fly"):
                wanted = sockets[-1].getsockname()[1] + 1
            bound = bind(wanted)
            sockets.append(bound)
            saved[name] = bound.getsockname()[1]
            if index == 0 and wanted not in (0, saved[name]):
                self._taken = wanted
            self.world.addresses[name] = f"http://127.0.0.1:{saved[name]}"
        return sockets

    def _serve(self, sockets: list[socket.socket], fly: FlyFleet) -> list[asyncio.Task[None]]:
        world, faults = self.world, self._faults
        for name, app, bound in (
            ("fly", fly_api.make_app(fly), sockets[0]),
            ("heroku", heroku_api.make_app(world), sockets[1]),
        ):
            self._services[name] = Service(Guarded(app, world, faults, name), bound)
        self._trouble = WorldFaults(world, self._services)
        desk = FaultDesk(faults, {WORLD: self._trouble, INSTANCE: InstanceFaults(world)})
        control = Control(world, desk, lambda: encode(self.announce()), self._end.set)
        self._services["control"] = Service(control.app(), sockets[2])
        return [asyncio.create_task(each.serve()) for each in self._services.values()]

    async def _until_end(self, idle_s: float | None) -> None:
        while not self._end.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), None if idle_s is None else _IDLE_LOOK_S)
            self._note_traffic()
            if idle_s is not None and time.monotonic() - self.world.last_used > idle_s:
                return

    def _note_traffic(self) -> None:
        """Count whoever asks an app, or still waits for an answer, as a client."""
        asked = sum(edge.counters.requests for edge in self.world.edges.values())
        open_lines = sum(each.open_requests for each in self._services.values())
        if asked != self._asked or open_lines:
            self.world.last_used = time.monotonic()
        self._asked = asked


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
