"""The process inside a machine: started, watched by its health checks, stopped, and mourned.

A process that ends by itself is reported exactly once, through `on_exit`; one that is halted
answers what it has in flight and is not reported.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.fly.checks import Watch, planned
from pilothouse.sandbox.fly.events import exit_request, record
from pilothouse.sandbox.fly.ids import seconds
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.state import Check, Machine
from pilothouse.sandbox.state import World
from pilothouse.sandbox.workload import Behaviour, Identity, Instance

_LISTEN_S = 0.8
_DEFAULT_STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class Hub:
    """What a machine needs of its fleet: the world, its app's name, and ears for what happens."""

    world: World
    app: str
    kick: Callable[[], None]
    spacing: Callable[[], float]
    gone: Callable[[str], None]
    log: Callable[[Machine, str, str], None]


class MachineProcess:
    """The one process of a machine, or none."""

    def __init__(self, hub: Hub, machine: Machine, on_exit: Callable[[int], None]) -> None:
        self.instance: Instance | None = None
        self._hub = hub
        self._machine = machine
        self._on_exit = on_exit
        self._farewells: set[asyncio.Task[None]] = set()
        self._watch = self._new_watch()

    @property
    def port(self) -> int | None:
        """The port of a process that listens and whose routing checks pass, else None."""
        if self.instance is None or not self._watch.passing:
            return None
        return self.instance.port

    async def run(self, *, at_once: bool) -> None:
        """Start the process; `at_once` leaves out its boot and its checks' grace period."""
        machine, world = self._machine, self._hub.world
        machine.secrets_version = world.fly.apps[self._hub.app].secrets_version
        instance = Instance(self._identity(), self.behaviour(), self._exited)
        self.instance = instance
        world.ailments.at_boot(self.patient())
        self._watch = self._new_watch()
        if not at_once:
            self._watch.follow(instance)
        await instance.start(0.0 if at_once else world.pace.seconds(_LISTEN_S))
        if at_once and self.instance is instance:
            self._watch.follow(instance, at_once=True)
        if instance.port is not None:
            self._hub.log(machine, "app", "listening on 0.0.0.0:8080")
        self._hub.kick()

    async def halt(self, timeout_s: float | None = None) -> None:
        """Stop the process; what it has in flight is answered up to its stop timeout."""
        instance, self.instance = self.instance, None
        self._watch.end()
        self._hub.kick()
        if instance is None:
            return
        if timeout_s is None:
            stop_config = self._machine.config.get("stop_config") or {}
            timeout_s = seconds(stop_config.get("timeout"), _DEFAULT_STOP_S)
        farewell = asyncio.create_task(instance.stop(timeout_s))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)
        await asyncio.shield(farewell)
        count = self._machine.restart_count
        request = exit_request(0, requested=True, restarting=False, restart_count=count)
        record(self._machine, "exit", "stopped", "flyd", request)

    def die(self, code: int) -> None:
        """Have the process exit with `code`, as if by itself."""
        if self.instance is not None:
            self.instance.kill(code)

    def sicken(self, behaviour: Behaviour) -> None:
        """Change how the running process behaves, and have its checks ask at once."""
        if self.instance is not None:
            self.instance.behaviour = behaviour
        self._watch.hurry()

    def patient(self) -> Patient:
        """Return the process as one that can be made ill."""
        machine, process = self._machine, self.instance
        names = (machine.id, machine.name)
        return Patient(
            f"fly:{self._hub.app}",
            names,
            machine.group,
            self.behaviour(),
            process,
            runs=process is not None,
            changed=self._watch.hurry,
        )

    def close(self) -> None:
        """End everything that runs without recording anything."""
        for task in self._farewells:
            task.cancel()
        self._watch.end()
        if self.instance is not None:
            self.instance.close()

    def behaviour(self) -> Behaviour:
        """Return how the machine's image behaves; one that vanished from the registry is good."""
        _, image = pull(self._hub.world.fly, str(self._machine.config.get("image", "")))
        return Behaviour(image.behaviour) if image else Behaviour.NEXT

    def _exited(self, code: int) -> None:
        self.instance = None
        self._watch.end()
        now = time.time()
        self._machine.checks = [
            Check(plan.name, "critical", "connection refused", now)
            for plan in planned(self._machine.config)
        ]
        self._on_exit(code)

    def _identity(self) -> Identity:
        machine = self._machine
        number = str((machine.config.get("metadata") or {}).get("fly_release_version", ""))
        release = int(number) if number.isdecimal() else number
        return Identity(self._hub.app, release, machine.image_ref.digest, machine.id)

    def _new_watch(self) -> Watch:
        hub = self._hub
        return Watch(hub.world.pace, self._machine.config, self._checked, hub.spacing)

    def _checked(self, results: list[Check]) -> None:
        if self._machine.checks != results:
            self._machine.checks = results
            self._hub.world.changed()
            self._hub.kick()
