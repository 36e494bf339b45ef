"""What clients may order of a machine, and when the platform refuses.

Every order records its event and answers before the machine has followed it; leases are checked
by the callers. Refusals carry the platform's texts.
"""

from __future__ import annotations

import time

from pilothouse.sandbox.fly.errors import FlyError, being_replaced
from pilothouse.sandbox.fly.events import record
from pilothouse.sandbox.fly.ids import rising_ulid
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.lifecycle import ASLEEP, BUSY, MachineLife
from pilothouse.sandbox.fly.state import Config, Version

VERSIONS_KEPT = 30


def launch(life: MachineLife, *, skip: bool) -> None:
    """Begin the life of a machine that was just created."""
    life.machine.awake = not skip
    record(life.machine, "launch", "created", "user")
    life.enter("created")
    life.arrive()


def update(life: MachineLife, config: Config, *, skip_launch: bool, cordoned: bool) -> None:
    """Replace the machine's version by one with `config`.

    Raises:
        FlyError: 409 while another update is under way.
    """
    machine = life.machine
    if machine.state in BUSY:
        raise being_replaced()
    before = machine.state
    machine.versions.append(Version(machine.instance_id, machine.config, machine.image_ref))
    del machine.versions[:-VERSIONS_KEPT]
    machine.image_ref, image = pull(life.hub.world.fly, str(config.get("image", "")))
    machine.instance_id = rising_ulid(time.time())
    machine.config = config
    machine.pullable = image is not None
    machine.awake = not skip_launch
    machine.restart_count = 0
    if cordoned and not machine.cordoned:
        cordon(life, True)
    record(machine, "update", "replacing", "user")
    life.enter("replacing")
    life.replace(before)


def start(life: MachineLife, source: str = "user") -> str:
    """Start a resting machine and return its state before; one that is up stays as it is.

    Raises:
        FlyError: 412 while it is being replaced or prepared.
    """
    before = life.machine.state
    if before in BUSY:
        raise FlyError(412, "failed_precondition: machine getting replaced, refusing to start")
    if before == "created":
        text = "failed_precondition: unable to start machine from current state: 'created'"
        raise FlyError(412, text, "unknown")
    if before in ASLEEP:
        life.machine.awake = True
        life.machine.restart_count = 0
        record(life.machine, "start", "starting", source)
        life.enter("starting")
        life.boot()
    return before


def stop(life: MachineLife, *, suspend: bool, timeout_s: float | None, source: str) -> None:
    """Stop or suspend a machine; one that rests already stays as it is.

    Raises:
        FlyError: 409 while it is being replaced.
    """
    machine = life.machine
    if machine.state in BUSY:
        raise being_replaced()
    if machine.state in ASLEEP:
        return
    machine.awake = False
    doing = "suspending" if suspend else "stopping"
    record(machine, "suspend" if suspend else "stop", doing, source)
    life.enter(doing)
    life.rest("suspended" if suspend else "stopped", timeout_s)


def restart(life: MachineLife, timeout_s: float | None) -> None:
    """Stop the process and boot the same version again.

    Raises:
        FlyError: 409 while it is being replaced.
    """
    if life.machine.state in BUSY:
        raise being_replaced()
    life.machine.awake = True
    record(life.machine, "restart", "restarting", "user")
    life.enter("restarting")
    life.reboot(timeout_s)


def destroy(life: MachineLife, *, force: bool) -> None:
    """Remove a machine; one that is up only with `force`.

    Raises:
        FlyError: 412 without force.
    """
    machine = life.machine
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
    life.hide(hide)
