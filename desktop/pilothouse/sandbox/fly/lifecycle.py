"""The life of one machine: the transitions it goes through by itself, at the platform's pace.

At any moment at most one transition runs, and the machine's saved state says where it is. An update
prepares the new version while the old process still serves; when it cannot be prepared the
platform takes the update back, and the old process never noticed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from pilothouse.sandbox.fly.events import exit_request, record
from pilothouse.sandbox.fly.job import JOB_S, exit_code, is_job
from pilothouse.sandbox.fly.process import Hub, MachineProcess
from pilothouse.sandbox.fly.state import Machine, Version

_PREPARE_S = 2.0
_BOOT_S = 1.5
_PROPAGATION_S = 5.0
_DEFAULT_RETRIES = 10
_LONGEST_BACKOFF_S = 8.0

ASLEEP = frozenset({"stopped", "suspended", "failed"})
RESTING = ASLEEP | {"started"}
BUSY = frozenset({"replacing", "updating", "destroying"})
_UP = frozenset({"started", "starting", "restarting"})


class MachineLife:
    """Runs one machine; whether an order is allowed at all is decided in `fly_orders`."""

    def __init__(self, hub: Hub, machine: Machine) -> None:
        self.machine = machine
        self.hub = hub
        self.process = MachineProcess(hub, machine, self._exited)
        self._hidden = machine.cordoned
        self._pace = hub.world.pace
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()

    @property
    def serving_port(self) -> int | None:
        """The port that the proxy may send requests to, or None while it must not."""
        if self._hidden or not self.machine.config.get("services"):
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
            self._resume_up()
        elif machine.state not in ASLEEP:
            machine.state = "suspended" if machine.state == "suspending" else "stopped"

    def _resume_up(self) -> None:
        self.machine.state = "started"
        if is_job(self.machine.config):
            self._become(self._work())
        else:
            self._become(self.process.run(at_once=True))

    def close(self) -> None:
        """End everything that runs, leaving the saved state as it is."""
        if self._task is not None:
            self._task.cancel()
        self.process.close()

    async def moved(self) -> None:
        """Return as soon as the machine enters another state."""
        await self._moved.wait()

    def enter(self, state: str) -> None:
        """Put the machine into a state and tell everyone who waits."""
        self.machine.state = state
        self.machine.updated_at = time.time()
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

    def rest(self, state: str, timeout_s: float | None) -> None:
        """Halt the process and rest in `state`."""
        self._become(self._rest(state, timeout_s))

    def reboot(self, timeout_s: float | None) -> None:
        """Halt the process and boot again."""
        self._become(self._reboot(timeout_s))

    def vanish(self) -> None:
        """Destroy the machine."""
        self._become(self._vanish())

    def hide(self, hidden: bool) -> None:
        """Let the proxies learn, a propagation later, whether to leave the machine out."""
        delay = self._pace.seconds(_PROPAGATION_S)
        asyncio.get_running_loop().call_later(delay, self._learn, hidden)

    async def _arrive(self) -> None:
        await self._pace.sleep(_PREPARE_S)
        if not self.machine.pullable:
            record(self.machine, "launch", "launch_failed", "flyd")
            self.enter("launch_failed")
            await self._vanish()
        elif self.machine.awake:
            await self._boot()
        else:
            self.enter("stopped")

    async def _replace(self, before: str) -> None:
        await self._pace.sleep(_PREPARE_S)
        if not self.machine.pullable:
            self._take_back(awake=before in _UP)
            if before in _UP and self.process.instance is None:
                await self._boot()
            elif before in _UP:
                self.enter("started")
            else:
                self.enter(before if before in ASLEEP else "stopped")
            return
        await self.process.halt()
        if self.machine.awake:
            await self._boot()
        else:
            self.enter("stopped")

    def _take_back(self, *, awake: bool) -> None:
        machine = self.machine
        old = machine.versions.pop()
        failed = Version(machine.instance_id, machine.config, machine.image_ref, "failed")
        machine.versions.append(failed)
        machine.instance_id, machine.config = old.instance_id, old.config
        machine.image_ref, machine.pullable, machine.awake = old.image_ref, True, awake
        record(machine, "update", "failed", "flyd", {"error": "failed to pull image"})
        self.hub.log(machine, "runner", "could not pull the image; keeping the running version")

    async def _boot(self) -> None:
        self.machine.checks = []
        self.enter("starting")
        await self._pace.sleep(_BOOT_S)
        record(self.machine, "start", "started", "flyd")
        self.enter("started")
        if is_job(self.machine.config):
            await self._work()
        else:
            await self.process.run(at_once=False)

    async def _work(self) -> None:
        await self._pace.sleep(JOB_S)
        self._exited(exit_code(self.machine, self.process.behaviour()))

    async def _rest(self, state: str, timeout_s: float | None) -> None:
        await self.process.halt(timeout_s)
        self.enter(state)

    async def _reboot(self, timeout_s: float | None) -> None:
        await self.process.halt(timeout_s)
        await self._boot()

    async def _vanish(self) -> None:
        await self.process.halt(0.0)
        self.enter("destroyed")
        self.hub.gone(self.machine.id)

    async def _restart_later(self, backoff_s: float) -> None:
        await self._pace.sleep(backoff_s)
        await self._boot()

    def _exited(self, code: int) -> None:
        """The process ended by itself; while a transition runs, that one goes on."""
        machine = self.machine
        settling = machine.state in _UP
        restarting = settling and self._may_restart(code)
        count = machine.restart_count
        request = exit_request(code, requested=False, restarting=restarting, restart_count=count)
        record(machine, "exit", "stopped", "flyd", request)
        self.hub.log(machine, "runner", f"main child exited normally with code: {code}")
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

    def _may_restart(self, code: int) -> bool:
        rule = self.machine.config.get("restart") or {}
        policy = str(rule.get("policy") or "on-failure")
        most = int(rule.get("max_retries") or _DEFAULT_RETRIES)
        wanted = policy == "always" or (policy == "on-failure" and code != 0)
        return wanted and self.machine.restart_count < most

    def _learn(self, hidden: bool) -> None:
        self._hidden = hidden
        self.hub.kick()

    def _become(self, transition: Coroutine[Any, Any, None]) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(transition)
