"""Standby machines: they sleep until the host of a machine they watch over is lost.

`config.standbys` of the standby names whom it watches over (Fly.io, "Standby machines"); it goes to
sleep again when the host has come back.
"""

from __future__ import annotations

from collections.abc import Mapping

from pilothouse.sandbox.fly import orders
from pilothouse.sandbox.fly.lifecycle import MachineLife


def follow(lives: Mapping[str, MachineLife], watched: MachineLife) -> None:
    """Start or stop the standbys of a machine whose host status has just changed."""
    lost = watched.machine.host_status != "ok"
    for life in lives.values():
        named = life.machine.config.get("standbys") or []
        if watched.machine.id not in named:
            continue
        if lost and life.machine.state == "stopped":
            orders.start(life, "flyd")
        elif not lost and life.machine.state == "started" and not _needed(lives, named):
            orders.stop(life, source="flyd")


def _needed(lives: Mapping[str, MachineLife], named: list[str]) -> bool:
    return any(each in lives and lives[each].machine.host_status != "ok" for each in named)
