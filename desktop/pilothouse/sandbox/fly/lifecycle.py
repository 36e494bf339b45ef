"""The life of one machine: the transitions it goes through by itself, at the platform's pace.

At any moment at most one transition runs, and the machine's saved state says where it is. An update
prepares the new version while the old process still serves; when it cannot be prepared the
platform takes the update back, and the old process never noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from pilothouse.sandbox.fly.events import Exit, exit_request, record
from pilothouse.sandbox.fly.job import JOB_S, command_of, course, is_job
from pilothouse.sandbox.fly.process import AT_ONCE, Hub, MachineProcess, Stop
from pilothouse.sandbox.fly.restarts import may_restart, settled
from pilothouse.sandbox.fly.state import Machine, Version
from pilothouse.sandbox.fly.veil import Veil
from pilothouse.sandbox.pace import wall_s

_PREPARE_S = 2.0
_BOOT_S = 1.5
_THAW_S = 0.3
_FREEZE_S = 1.0
_LONGEST_BACKOFF_S = 8.0
_NO_IMAGE = "failed to pull image"

ASLEEP = frozenset({"stopped", "suspended", "failed"})
RESTING = ASLEEP | {"started"}
BUSY = frozenset({"replacing", "updating", "destroying"})
_UP = frozenset({"started", "starting", "restarting"})


class MachineLife:
    """Runs one machine; whether an order is allowed at all is decided in `orders`."""

    def __init__(self, hub: Hub, machine: Machine) -> None:
        self.machine = machine
        self.hub = hub
        self.process = MachineProcess(hub, machine, self._exited)
        self._pace = hub.world.pace
        self.veil = Veil(self._pace, machine.cordoned, hub.kick)
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    @property
    def serving_port(self) -> int | None:
        """The port that the proxy may send requests to, or None while it must not."""
        if self.veil.hidden or not self.machine.config.get("services"):
            return None
        return self.process.port

    @property
    def awake(self) -> bool:
        """Whether the machine runs, or is about to."""
        return self.machine.state not in ASLEEP | {"destroying"}

    def resume(self) -> None:
        """Take up the life where an earlier sandbox left it, without any boot delay."""
        machine = self.machine
        if not machine.pullable and machine.state == "replacing":
            self._take_back(awake=True)
        if machine.state == "destroying":
            self.vanish()
        elif machine.state in _UP or (machine.awake and machine.state not in ASLEEP):
            machine.state = "started"
            job = is_job(machine.config)
            self._become(self._work() if job else self.process.run(at_once=True))
        elif machine.state not in ASLEEP:
            machine.state = "suspended" if machine.state == "suspending" else "stopped"

    def close(self) -> None:
        """End everything that runs, leaving the saved state as it is."""
        if self._task is not None:
            self._task.cancel()
        self.veil.close()
        self.process.close()

    async def moved(self) -> None:
        """Return as soon as the machine enters another state."""
        await self._moved.wait()

    def enter(self, state: str) -> None:
        """Put the machine into a state and tell everyone who waits."""
        self.machine.state = state
        self.machine.updated_at = wall_s()
        self.hub.world.changed()
        self._moved.set()
        self._moved = asyncio.Event()
        self.hub.kick()

    # ------------------------------------------------------------------ transitions

    def arrive(self) -> None:
        """Prepare a machine that was just created, then start it if it shall be awake."""
        self._become(self._arrive())

    def replace(self, before: str) -> None:
        """Bring the newest version up; `before` is the state that the update found."""
        self._become(self._replace(before))

    def boot(self) -> None:
        """Start a machine that rests."""
        self._become(self._boot())

    def rest(self, stop: Stop) -> None:
        """Halt the process and stay stopped."""
        self._become(self._rest(stop))

    def suspend(self) -> None:
        """Suspend the process with its memory."""
        self._become(self._suspend())

    def reboot(self, stop: Stop) -> None:
        """Halt the process and boot again."""
        self._become(self._reboot(stop))

    def vanish(self) -> None:
        """Destroy the machine."""
        self._become(self._vanish())

    async def _arrive(self) -> None:
        await self._pace.sleep(_PREPARE_S)
        if not self.machine.pullable:
            why = {"error": self.machine.trouble or _NO_IMAGE}
            record(self.machine, "launch", "launch_failed", "flyd", why)
            self.enter("launch_failed")
            await self._vanish()
        elif self.machine.awake:
            await self._boot()
        else:
            self.enter("stopped")

    async def _replace(self, before: str) -> None:
        await self._pace.sleep(_PREPARE_S)
        if not self.machine.pullable:
            await self._return_to(before)
            return
        await self.process.halt()
        if self.machine.awake:
            await self._boot()
        else:
            self.enter("stopped")

    async def _return_to(self, before: str) -> None:
        self._take_back(awake=before in _UP)
        if before in _UP and self.process.instance is None:
            await self._boot()
        elif before in _UP:
            self.enter("started")
        else:
            # The update has thrown a suspended machine's memory away.
            self.enter("failed" if before == "failed" else "stopped")

    def _take_back(self, *, awake: bool) -> None:
        machine = self.machine
        why = _revert(machine)
        machine.awake = awake
        record(machine, "update", "failed", "flyd", {"error": why})
        self.hub.log(machine, "runner", f"{why}; keeping the version before")

    async def _boot(self) -> None:
        machine = self.machine
        thaw = bool(machine.frozen)
        machine.checks = []
        self.enter("starting")
        await self._pace.sleep(_THAW_S if thaw else _BOOT_S)
        record(machine, "start", "started", "flyd")
        machine.started_at = wall_s()
        self.enter("started")
        if is_job(machine.config):
            await self._work()
        else:
            await self.process.run(at_once=False)

    async def _work(self) -> None:
        done = course(command_of(self.machine.config), self.process.behaviour())
        await self._pace.sleep(JOB_S)
        await asyncio.sleep(done.sleep_s)
        for line in done.said:
            self.hub.log(self.machine, "app", line)
        self._exited(Exit(done.code))

    async def _rest(self, stop: Stop) -> None:
        await self.process.halt(stop)
        self.enter("stopped")

    async def _suspend(self) -> None:
        await self.process.freeze(_FREEZE_S)
        self.enter("suspended")

    async def _reboot(self, stop: Stop) -> None:
        await self.process.halt(stop)
        await self._boot()

    async def _vanish(self) -> None:
        await self.process.halt(AT_ONCE)
        self.machine.destroyed_at = wall_s()
        self.enter("destroyed")
        self.hub.gone(self.machine.id)

    async def _restart_later(self, backoff_s: float) -> None:
        await self._pace.sleep(backoff_s)
        await self._boot()

    def _exited(self, ended: Exit) -> None:
        """The process ended by itself; while a transition runs, that one goes on."""
        machine = self.machine
        if settled(machine, self._pace):
            machine.restart_count = 0
        settling = machine.state in _UP
        restarting = settling and may_restart(machine, ended.code)
        count = machine.restart_count
        request = exit_request(ended, requested=False, restarting=restarting, restart_count=count)
        record(machine, "exit", "stopped", "flyd", request)
        self.hub.log(machine, "runner", f"main child exited normally with code: {ended.code}")
        if restarting:
            machine.restart_count += 1
            self.enter("restarting")
            self._become(self._restart_later(min(0.5 * 2**count, _LONGEST_BACKOFF_S)))
        elif settling and machine.config.get("auto_destroy"):
            self.enter("destroying")
            self._become(self._vanish())
        elif settling:
            machine.awake = False
            self.enter("stopped")

    def _become(self, transition: Coroutine[Any, Any, None]) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(transition)


def _revert(machine: Machine) -> str:
    """Put the version before back in force, and return why the newest could not be had."""
    old = machine.versions.pop()
    failed = Version(machine.instance_id, machine.config, machine.image_ref, "failed")
    machine.versions.append(failed)
    machine.instance_id, machine.config = old.instance_id, old.config
    machine.image_ref, machine.pullable = old.image_ref, True
    why, machine.trouble = machine.trouble or _NO_IMAGE, ""
    return why
