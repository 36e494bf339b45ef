"""What clients may order of a machine, and when the platform refuses.

Every order records its event and answers before the machine has followed it; leases are checked
by the callers. Refusals carry the platform's texts.
"""

from __future__ import annotations

from dataclasses import dataclass

from pilothouse.sandbox.fly.capacity import DISABLED, NO_ROOM, grows
from pilothouse.sandbox.fly.errors import FlyError, being_replaced
from pilothouse.sandbox.fly.events import SIGNALS, record
from pilothouse.sandbox.fly.ids import rising_ulid
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.lifecycle import ASLEEP, BUSY, MachineLife
from pilothouse.sandbox.fly.process import AS_CONFIGURED, Stop, first_image
from pilothouse.sandbox.fly.state import Config, Machine, Version
from pilothouse.sandbox.pace import wall_s

VERSIONS_KEPT = 30
_DEADLY = frozenset(
    {"SIGABRT", "SIGALRM", "SIGFPE", "SIGILL", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSEGV"}
    | {"SIGTRAP", "SIGHUP", "SIGUSR1", "SIGUSR2"}
)


@dataclass(frozen=True, slots=True)
class Update:
    """What a new version of a machine shall be, and how it comes up."""

    config: Config
    skip_launch: bool = False
    cordoned: bool = False
    skip_secrets: bool = False


def launch(life: MachineLife, *, skip: bool) -> None:
    """Begin the life of a machine that was just created; a standby waits for its turn."""
    life.machine.awake = not skip and not life.machine.config.get("standbys")
    record(life.machine, "launch", "created", "user")
    life.enter("created")
    life.arrive()


def update(life: MachineLife, wish: Update) -> None:
    """Replace the machine's version by one with another configuration.

    Raises:
        FlyError: 409 while another update is under way; 412 or 503 where its host has no room, or
            takes no deploys.
    """
    machine = life.machine
    if machine.state in BUSY:
        raise being_replaced()
    full = life.hub.world.fly.full.get(machine.region, "")
    if full == "drain":
        raise FlyError(503, f"unknown: {DISABLED}", "unknown")
    short = bool(full) and grows(machine.config, wish.config)
    if short and full == "refuse":
        raise FlyError(412, f"failed_precondition: {NO_ROOM}", "insufficient_capacity")
    before = machine.state
    _begin_version(life, wish, trouble=NO_ROOM if short else "")
    if wish.cordoned and not machine.cordoned:
        cordon(life, True)
    record(machine, "update", "replacing", "user")
    life.enter("replacing")
    life.replace(before)


def _begin_version(life: MachineLife, wish: Update, *, trouble: str) -> None:
    machine = life.machine
    machine.versions.append(Version(machine.instance_id, machine.config, machine.image_ref))
    del machine.versions[:-VERSIONS_KEPT]
    machine.image_ref, image = pull(life.hub.world.fly, first_image(wish.config))
    machine.instance_id = rising_ulid(wall_s())
    machine.config = wish.config
    machine.pullable = image is not None and not trouble
    machine.trouble = trouble
    machine.awake = not wish.skip_launch
    machine.skip_secrets = wish.skip_secrets
    machine.restart_count = 0
    machine.frozen = ""
    machine.memory_limit_mb = None


def start(life: MachineLife, source: str = "user") -> str:
    """Start a resting machine and return its state before; one that is up stays as it is.

    Raises:
        FlyError: 412 while it is being replaced or prepared.
    """
    before = life.machine.state
    if before in BUSY:
        raise FlyError(412, "failed_precondition: machine getting replaced, refusing to start")
    if before in ("created", "creating", "launch_failed"):
        text = f"failed_precondition: unable to start machine from current state: '{before}'"
        raise FlyError(412, text, "unknown")
    if before in ASLEEP:
        life.machine.awake = True
        life.machine.restart_count = 0
        life.machine.checks = []
        record(life.machine, "start", "starting", source)
        life.enter("starting")
        life.boot()
    return before


def stop(life: MachineLife, how: Stop = AS_CONFIGURED, *, source: str = "user") -> None:
    """Stop a machine; one that rests already stays as it is, but for a suspended one.

    Raises:
        FlyError: 409 while it is being replaced, 412 while it is being prepared.
    """
    machine = life.machine
    _refuse_unsettled(machine, "stop")
    machine.frozen = ""
    if machine.state in (ASLEEP - {"suspended"}) | {"stopping"}:
        return
    machine.awake = False
    record(machine, "stop", "stopping", source)
    life.enter("stopping")
    life.rest(how)


def suspend(life: MachineLife, *, source: str = "user") -> None:
    """Suspend a machine with its memory; one that cannot be is stopped.

    Raises:
        FlyError: 409 while it is being replaced, 412 while it is being prepared.
    """
    machine = life.machine
    _refuse_unsettled(machine, "suspend")
    if machine.state in ASLEEP | {"stopping", "suspending"}:
        return
    if machine.state != "started" or not _suspendable(machine):
        stop(life, source=source)
        return
    machine.awake = False
    record(machine, "suspend", "suspending", source)
    life.enter("suspending")
    life.suspend()


def _refuse_unsettled(machine: Machine, verb: str) -> None:
    if machine.state in BUSY:
        raise being_replaced()
    if machine.state in ("created", "creating", "launch_failed"):
        text = f"unable to {verb} machine from current state: '{machine.state}'"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")


def _suspendable(machine: Machine) -> bool:
    """Whether a machine can be suspended: at most 2 GB, no swap, no schedule (reference 8)."""
    config = machine.config
    memory_mb = (config.get("guest") or {}).get("memory_mb") or 256
    swap_mb = (config.get("init") or {}).get("swap_size_mb") or 0
    return memory_mb <= 2048 and not swap_mb and not config.get("schedule")


def restart(life: MachineLife, how: Stop = AS_CONFIGURED) -> None:
    """Stop the process and boot the same version again; one that rests is started.

    Raises:
        FlyError: 409 while it is being replaced, 412 while it is being prepared.
    """
    _refuse_unsettled(life.machine, "restart")
    life.machine.awake = True
    life.machine.frozen = ""
    record(life.machine, "restart", "restarting", "user")
    life.enter("restarting")
    life.reboot(how)


def signal(life: MachineLife, name: str) -> None:
    """Send the process a signal; what it does not handle kills it, as by itself.

    Raises:
        FlyError: 412 when nothing runs.
    """
    if life.machine.state != "started":
        text = f"machine is not running, currently {life.machine.state}"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")
    life.process.die(128 + SIGNALS[name] if name in _DEADLY else 0)


def destroy(life: MachineLife, *, force: bool) -> None:
    """Remove a machine; one that is up only with `force`.

    Raises:
        FlyError: 412 without force.
    """
    machine = life.machine
    if machine.state == "destroying":
        return
    if machine.state not in ASLEEP | {"created"} and not force:
        text = "unable to destroy machine, not currently stopped, suspended or failed"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")
    record(machine, "destroy", "destroying", "user")
    life.enter("destroying")
    life.vanish()


def cordon(life: MachineLife, hide: bool) -> None:
    """Take a machine out of routing, or put it back; the proxies learn it a little later."""
    life.machine.cordoned = hide
    record(life.machine, "cordon" if hide else "uncordon", life.machine.state, "user")
    life.hub.world.changed()
    life.veil.draw(hide)
