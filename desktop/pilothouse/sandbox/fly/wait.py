"""The long poll of the Machines API: has this machine, on this version, come to that state?

A version that was superseded or taken back rests as `replaced` or `failed`; a wait for it ends
instead of running into its timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pilothouse.sandbox.fly.errors import FlyError, invalid
from pilothouse.sandbox.fly.lifecycle import RESTING, MachineLife
from pilothouse.sandbox.state import Json

_STATES = frozenset({"started", "stopped", "suspended", "destroyed", "failed", "settled"})
_LONGEST_S = 60


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a client waits for; `after_event` ignores what happened up to that event."""

    states: tuple[str, ...]
    version: str
    timeout_s: float
    after_event: str


def read_awaited(query: Mapping[str, str], states: list[str]) -> Awaited:
    """Read the arguments of a wait.

    Raises:
        FlyError: 400 for an unknown state or a timeout outside 1 to 60 s.
    """
    wanted = tuple(part for entry in states for part in entry.split(",") if part) or ("started",)
    for state in wanted:
        if state not in _STATES:
            raise invalid(f"unknown state {state!r}")
    text = query.get("timeout") or str(_LONGEST_S)
    try:
        timeout_s = float(text.removesuffix("s"))
    except ValueError:
        raise invalid(f"timeout {text!r} is no number of seconds") from None
    if not 1 <= timeout_s <= _LONGEST_S:
        raise invalid(f"timeout must be between 1 and {_LONGEST_S} seconds")
    version = query.get("version") or query.get("instance_id") or ""
    return Awaited(wanted, version, timeout_s, query.get("from_event_id", ""))


async def wait(life: MachineLife, awaited: Awaited) -> Json:
    """Wait until the machine is where the client wants it.

    Raises:
        FlyError: 408 when time runs out, 404 for a version the machine never had.
    """
    try:
        async with asyncio.timeout(awaited.timeout_s):
            while (reached := _reached(life, awaited)) is None:
                await life.moved()
    except TimeoutError:
        wanted = ", ".join(awaited.states)
        text = f"machine failed to reach desired state, {wanted}, currently {life.machine.state}"
        raise FlyError(408, f"deadline_exceeded: {text}", "unknown") from None
    return reached


def _reached(life: MachineLife, awaited: Awaited) -> Json | None:
    machine = life.machine
    if awaited.version in ("", machine.instance_id):
        version, state = machine.instance_id, machine.state
    else:
        known = [each for each in machine.versions if each.instance_id == awaited.version]
        if not known:
            raise FlyError(404, "not_found: machine version not found", "unknown")
        version, state = known[-1].instance_id, known[-1].state
    newest = machine.events[0].id if machine.events else ""
    if awaited.after_event and newest <= awaited.after_event:
        return None
    resting = RESTING | {"destroyed", "replaced"}
    if state in awaited.states or ("settled" in awaited.states and state in resting):
        return {"ok": True, "state": state, "version": version, "event_id": newest}
    return None
