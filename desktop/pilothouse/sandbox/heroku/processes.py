"""The processes behind an app's dynos: booting, exiting, starting again, being stopped.

A dyno that was told to stop gets no more requests, answers those it has within thirty seconds
and ends. One that exits by itself is `crashed` and starts again, at once the first time, then
ever later (dyno manager, in the platform's documentation).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from pilothouse.sandbox.heroku.logs import LogBook
from pilothouse.sandbox.heroku.state import Dyno
from pilothouse.sandbox.state import World
from pilothouse.sandbox.workload import Behaviour, Identity, Instance

STOP_S = 30
"""Real seconds, since they limit what the app does: from SIGTERM to SIGKILL."""
_BOOT_S = (4.0, 8.0)
_FIRST_COOL_OFF_S = 60
_LONGEST_COOL_OFF_S = 1200


class Processes:
    """The live processes of one app, by dyno. `moved` is called whenever one changed state."""

    def __init__(
        self, world: World, app_name: str, log: LogBook, moved: Callable[[], None]
    ) -> None:
        self._world = world
        self._app_name = app_name
        self._log = log
        self._moved = moved
        self._running: dict[str, Instance] = {}
        self._ending: set[Instance] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop_all(self) -> None:
        """End every process at once; what the dynos' states say stays as it is."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        everything = [*self._running.values(), *self._ending]
        await asyncio.gather(*(each.stop(0) for each in everything))

    def port(self, dyno: Dyno) -> int | None:
        """Where the dyno listens; None while it does not."""
        instance = self._running.get(dyno.id)
        return None if instance is None else instance.port

    def kill(self, dyno: Dyno) -> bool:
        """Let the process die by itself, as if it had been killed; False when there is none."""
        instance = self._running.get(dyno.id)
        if instance is not None:
            instance.kill()
        return instance is not None

    def sicken(self, dyno: Dyno, behaviour: Behaviour) -> bool:
        """Let a running process behave otherwise from now on; False when there is none."""
        instance = self._running.get(dyno.id)
        if instance is not None:
            instance.behaviour = behaviour
        return instance is not None

    async def revive(self, dynos: Iterable[Dyno]) -> None:
        """Start these without a boot, and wait until they listen."""
        await asyncio.gather(*(self._boot(each, 0) for each in dynos))

    def launch(self, dynos: Iterable[Dyno]) -> None:
        """Begin to boot these dynos."""
        for each in dynos:
            boot_s = random.Random(each.id).uniform(*_BOOT_S)
            self._spawn(self._boot(each, self._world.pace.seconds(boot_s)))

    def retire(self, dynos: Iterable[Dyno]) -> None:
        """Tell these dynos to stop; from now on none of them gets a request."""
        for dyno in dynos:
            dyno.state = "down"
            instance = self._running.pop(dyno.id, None)
            if instance is not None:
                self._ending.add(instance)
                self._spawn(self._end(dyno, instance))

    async def _boot(self, dyno: Dyno, boot_s: float) -> None:
        if dyno.state == "down":
            return
        identity = Identity(self._app_name, dyno.version, dyno.slug_id, dyno.id)
        behaviour = Behaviour(self._world.heroku.slugs[dyno.slug_id].behaviour)
        instance = Instance(identity, behaviour, lambda code: self._on_exit(dyno, code))
        self._running[dyno.id] = instance
        self._become(dyno, "starting")
        self._log.dyno(dyno.name, f"Starting process with command `{dyno.command}`")
        await instance.start(boot_s)
        if instance.port is not None:
            self._become(dyno, "up")

    def _become(self, dyno: Dyno, state: str) -> None:
        if dyno.state != state:
            self._log.dyno(dyno.name, f"State changed from {dyno.state} to {state}")
            dyno.state = state
            dyno.updated_at = self._world.pace.now()
        self._world.changed()
        self._moved()

    def _on_exit(self, dyno: Dyno, code: int) -> None:
        if self._running.pop(dyno.id, None) is None:
            return
        dyno.crashes += 1
        self._log.dyno(dyno.name, f"Process exited with status {code}")
        self._become(dyno, "crashed")
        self._spawn(self._start_again(dyno))

    async def _start_again(self, dyno: Dyno) -> None:
        if dyno.crashes > 1:
            cool_off_s = _FIRST_COOL_OFF_S * 2 ** min(dyno.crashes - 2, 10)
            await self._world.pace.sleep(min(cool_off_s, _LONGEST_COOL_OFF_S))
        boot_s = random.Random(dyno.crashes).uniform(*_BOOT_S)
        await self._boot(dyno, self._world.pace.seconds(boot_s))

    async def _end(self, dyno: Dyno, instance: Instance) -> None:
        self._log.dyno(dyno.name, "Stopping all processes with SIGTERM")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await instance.stop(STOP_S)
        self._ending.discard(instance)
        killed = loop.time() - began >= STOP_S
        if killed:
            self._log.dyno(dyno.name, "Error R12 (Exit timeout) -> At least one process remained")
        self._log.dyno(dyno.name, f"Process exited with status {137 if killed else 143}")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
