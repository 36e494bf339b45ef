"""The process inside a machine: started, watched by its health checks, stopped, and mourned.

A process that ends by itself is reported exactly once, through `on_exit`; one that is halted
answers what it has in flight and is not reported.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.fly.checks import Watch, at_rest
from pilothouse.sandbox.fly.durations import seconds
from pilothouse.sandbox.fly.events import SIGNALS, Exit, exit_request, record
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.state import Check, Machine
from pilothouse.sandbox.state import World
from pilothouse.sandbox.workload import Behaviour, Identity, Instance

_LISTEN_S = 0.8
_DEFAULT_STOP_S = 5.0
_DEFAULT_SIGNAL = "SIGINT"
_HEARD = frozenset({"SIGINT", "SIGTERM"})


@dataclass(frozen=True, slots=True)
class Hub:
    """What a machine needs of its fleet: the world, its app's name, and ears for what happens."""

    world: World
    app: str
    kick: Callable[[], None]
    spacing: Callable[[], float]
    gone: Callable[[str], None]
    log: Callable[[Machine, str, str], None]


@dataclass(frozen=True, slots=True)
class Stop:
    """How a process is asked to end: by which signal, and how many seconds it may take.

    None of either leaves it to the machine's configuration.
    """

    signal: str | None = None
    timeout_s: float | None = None


AT_ONCE = Stop("SIGKILL", 0.0)
AS_CONFIGURED = Stop()


class MachineProcess:
    """The one process of a machine, or none."""

    def __init__(self, hub: Hub, machine: Machine, on_exit: Callable[[Exit], None]) -> None:
        self.instance: Instance | None = None
        self._hub = hub
        self._machine = machine
        self._on_exit = on_exit
        self._farewells: dict[asyncio.Task[None], Instance] = {}
        self._watch = self._new_watch()

    @property
    def port(self) -> int | None:
        """The port of a process that listens and whose routing checks pass, else None."""
        if self.instance is None or not self._watch.passing:
            return None
        return self.instance.port

    async def run(self, *, at_once: bool) -> None:
        """Start the process, or thaw the one that a suspended machine kept.

        `at_once` leaves out the boot and the checks' grace period.
        """
        machine, world = self._machine, self._hub.world
        thawed, machine.frozen = machine.frozen, ""
        if not thawed:
            machine.secrets_version = self._secrets_version()
        behaviour = Behaviour(thawed) if thawed else self.behaviour()
        instance = Instance(self._identity(), behaviour, self._exited)
        self.instance = instance
        if not thawed:
            world.ailments.at_boot(self.patient())
        self._watch = self._new_watch()
        if not at_once:
            self._watch.follow(instance)
        boot_s = 0.0 if at_once or thawed else world.pace.seconds(_LISTEN_S)
        await instance.start(boot_s)
        if at_once and self.instance is instance:
            self._watch.follow(instance, at_once=True)
        if instance.port is not None and not thawed:
            self._hub.log(machine, "app", "listening on 0.0.0.0:8080")
        self._hub.kick()

    async def halt(self, stop: Stop = AS_CONFIGURED) -> None:
        """Stop the process; what it has in flight is answered up to its stop timeout.

        A signal that the process does not handle ends it at once.
        """
        instance = self._let_go()
        if stop.timeout_s == 0.0:
            for leaving in self._farewells.values():
                leaving.close()
        if instance is None:
            return
        config = self._machine.config.get("stop_config") or {}
        signal = stop.signal or config.get("signal") or _DEFAULT_SIGNAL
        timeout_s = stop.timeout_s
        if timeout_s is None:
            timeout_s = seconds(config.get("timeout"), _DEFAULT_STOP_S)
        await self._bid_farewell(instance, timeout_s if signal in _HEARD else 0.0)
        ended = Exit(0) if signal in _HEARD else Exit.by(SIGNALS[signal])
        count = self._machine.restart_count
        request = exit_request(ended, requested=True, restarting=False, restart_count=count)
        record(self._machine, "exit", "stopped", "flyd", request)

    async def freeze(self, timeout_s: float) -> None:
        """Suspend the process; its memory, and with it how it behaves, is kept."""
        instance = self._let_go()
        if instance is not None:
            await self._bid_farewell(instance, timeout_s)
            self._machine.frozen = instance.behaviour.value

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
        for task, leaving in self._farewells.items():
            task.cancel()
            leaving.close()
        self._watch.end()
        if self.instance is not None:
            self.instance.close()

    def behaviour(self) -> Behaviour:
        """Return how the machine's image behaves; one that vanished from the registry is good."""
        _, image = pull(self._hub.world.fly, image_of(self._machine))
        return Behaviour(image.behaviour) if image else Behaviour.NEXT

    def _let_go(self) -> Instance | None:
        instance, self.instance = self.instance, None
        self._watch.end()
        if instance is not None:
            self._machine.checks = at_rest(self._machine.config)
        self._hub.kick()
        return instance

    async def _bid_farewell(self, instance: Instance, timeout_s: float) -> None:
        farewell = asyncio.create_task(instance.stop(timeout_s))
        self._farewells[farewell] = instance
        farewell.add_done_callback(self._farewells.pop)
        await asyncio.shield(farewell)

    def _exited(self, code: int) -> None:
        instance, self.instance = self.instance, None
        self._watch.end()
        self._machine.checks = at_rest(self._machine.config)
        signal = code - 128 if code > 128 else -1
        self._on_exit(Exit(code, signal, oom=instance is not None and instance.oom))

    def _secrets_version(self) -> int:
        app = self._hub.world.fly.apps[self._hub.app]
        return 0 if self._machine.skip_secrets else app.secrets_version

    def _identity(self) -> Identity:
        machine = self._machine
        number = str((machine.config.get("metadata") or {}).get("fly_release_version", ""))
        release = int(number) if re.fullmatch("[0-9]{1,9}", number) else number
        return Identity(self._hub.app, release, machine.image_ref.digest, machine.id)

    def _new_watch(self) -> Watch:
        hub, machine = self._hub, self._machine
        return Watch(hub.world.pace, machine.config, self._checked, hub.spacing, machine.id)

    def _checked(self, results: list[Check]) -> None:
        if self._machine.checks != results:
            self._machine.checks = results
            self._hub.world.changed()
            self._hub.kick()


def image_of(machine: Machine) -> str:
    """Return the image reference that a machine runs; of several containers the first one's."""
    return first_image(machine.config)


def first_image(config: dict[str, object]) -> str:
    """Return the image reference of a configuration, or of its first container."""
    containers = config.get("containers")
    if isinstance(containers, list) and containers:
        return str(containers[0].get("image") or "")
    return str(config.get("image") or "")
