"""The processes behind an app's dynos: booting, exiting, starting again, being stopped.

A dyno that was told to stop gets no more requests, answers those it has within thirty seconds
and ends. One that exits by itself is `crashed` and starts again, at once the first time, then
ever later (dyno manager, in the platform's documentation). Behind a dyno of a real slug there is
a child process, behind any other an `Instance`; neither the edge nor the API can tell.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.child import KILLED, BootTimeoutError, Child, ChildError, Ears
from pilothouse.sandbox.heroku import memory
from pilothouse.sandbox.heroku.launcher import Launcher, Task
from pilothouse.sandbox.heroku.logs import LogBook
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp
from pilothouse.sandbox.workload import Behaviour, Identity, Instance

STOP_S = 30
"""Real seconds, since they limit what the app does: from SIGTERM to SIGKILL."""
GOODBYE_S = 1.0
"""Real seconds that a child process has when the sandbox itself ends."""
_TERMINATED = 143
_BOOT_S = (4.0, 8.0)
_FIRST_COOL_OFF_S = 60
_LONGEST_COOL_OFF_S = 1200


class Processes:
    """The live processes of one app, by dyno. `moved` is called whenever one changed state."""

    def __init__(
        self, app: HerokuApp, launcher: Launcher, log: LogBook, moved: Callable[[], None]
    ) -> None:
        self.stop_s: float = STOP_S
        self._world = launcher.world
        self._app = app
        self._launcher = launcher
        self._log = log
        self._moved = moved
        self._running: dict[str, Instance | Child] = {}
        self._ending: set[Instance | Child] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop_all(self) -> None:
        """End every process at once; what the dynos' states say stays as it is."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        everything = [*self._running.values(), *self._ending]
        await asyncio.gather(
            *(each.stop(GOODBYE_S if isinstance(each, Child) else 0) for each in everything)
        )

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
        """Let a running process behave otherwise from now on; False when there is none.

        Raises:
            ValueError: it is a real process, which behaves as its source says.
        """
        if self._is_real(dyno):
            raise ValueError("a dyno of a real source behaves as its source says")
        instance = self._running.get(dyno.id)
        if isinstance(instance, Instance):
            instance.behaviour = behaviour
        return instance is not None

    def patient(self, dyno: Dyno) -> Patient:
        """Return a dyno as what can be made ill."""
        return self._patient(dyno, self._running.get(dyno.id))

    async def revive(self, dynos: Iterable[Dyno]) -> None:
        """Start these without a boot, and wait until they listen; for real ones nobody waits."""
        simulated = []
        for each in dynos:
            if self._is_real(each):
                self._spawn(self._boot(each, 0))
            else:
                simulated.append(self._boot(each, 0))
        await asyncio.gather(*simulated)

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
        process = self._process(dyno)
        self._running[dyno.id] = process
        if isinstance(process, Instance):
            self._spawn(self._watch_memory(dyno, process))
        self._become(dyno, "starting")
        self._log.dyno(dyno.name, f"Starting process with command `{dyno.command}`")
        try:
            await process.start(boot_s)
        except ChildError as wrong:
            self._log.dyno(dyno.name, str(wrong))
            self._on_exit(dyno, 1)
        except BootTimeoutError:
            limit_s = self._app.boot_limit_s
            self._log.dyno(
                dyno.name, f"Error R10 (Boot timeout) -> Nothing listened on $PORT in {limit_s:g}s"
            )
            self._log.dyno(dyno.name, "Stopping process with SIGKILL")
            process.kill()
        if process.ready if isinstance(process, Child) else process.port is not None:
            self._become(dyno, "up")

    def _is_real(self, dyno: Dyno) -> bool:
        return self._launcher.slug(dyno).real

    def _process(self, dyno: Dyno) -> Instance | Child:
        def exited(code: int) -> None:
            self._on_exit(dyno, code)

        if self._is_real(dyno):
            ears = Ears(lambda line: self._log.add("app", dyno.name, line), exited)
            return self._launcher.child(Task(self._app, dyno), ears)
        identity = Identity(self._app.name, dyno.version, dyno.slug_id, dyno.id)
        process = Instance(identity, Behaviour(self._launcher.slug(dyno).behaviour), exited)
        process.limit_mb = memory.limit_mb(dyno.size)
        self._world.ailments.at_boot(self._patient(dyno, process))
        return process

    def _patient(self, dyno: Dyno, process: Instance | Child | None) -> Patient:
        simulated = process if isinstance(process, Instance) else None
        own = Behaviour(self._launcher.slug(dyno).behaviour)
        names = (dyno.id, dyno.name)
        key = f"heroku:{self._app.name}"
        return Patient(key, names, dyno.type, own, simulated, runs=process is not None)

    def _become(self, dyno: Dyno, state: str) -> None:
        if dyno.state != state:
            self._log.dyno(dyno.name, f"State changed from {dyno.state} to {state}")
            dyno.state = state
            dyno.updated_at = self._world.pace.now()
        self._world.changed()
        self._moved()

    def _on_exit(self, dyno: Dyno, code: int) -> None:
        process = self._running.pop(dyno.id, None)
        if process is None:
            return
        dyno.crashes += 1
        if isinstance(process, Instance) and process.oom:
            for line in memory.farewell(dyno.size):
                self._log.dyno(dyno.name, line)
        self._log.dyno(dyno.name, f"Process exited with status {code}")
        self._become(dyno, "crashed")
        self._spawn(self._start_again(dyno))

    async def _watch_memory(self, dyno: Dyno, process: Instance) -> None:
        """Look at a process's memory every so often, for as long as it is the dyno's."""
        await self._world.pace.sleep(memory.LOOK_S)
        while self._running.get(dyno.id) is process:
            for line in memory.complaint(dyno.size, process.memory_mb):
                self._log.dyno(dyno.name, line)
            await self._world.pace.sleep(memory.LOOK_S)

    async def _start_again(self, dyno: Dyno) -> None:
        if dyno.crashes > 1:
            cool_off_s = _FIRST_COOL_OFF_S * 2 ** min(dyno.crashes - 2, 10)
            await self._world.pace.sleep(min(cool_off_s, _LONGEST_COOL_OFF_S))
        boot_s = random.Random(dyno.crashes).uniform(*_BOOT_S)
        await self._boot(dyno, self._world.pace.seconds(boot_s))

    async def _end(self, dyno: Dyno, process: Instance | Child) -> None:
        self._log.dyno(dyno.name, "Stopping all processes with SIGTERM")
        loop = asyncio.get_running_loop()
        began = loop.time()
        await process.stop(self.stop_s)
        self._ending.discard(process)
        killed = loop.time() - began >= self.stop_s
        if killed:
            self._log.dyno(dyno.name, "Error R12 (Exit timeout) -> At least one process remained")
            self._log.dyno(dyno.name, "Stopping remaining processes with SIGKILL")
        status = process.status if isinstance(process, Child) else None
        if status is None:
            status = KILLED if killed else _TERMINATED
        self._log.dyno(dyno.name, f"Process exited with status {status}")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
