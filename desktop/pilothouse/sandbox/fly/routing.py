"""How Fly's proxy picks a machine for a request.

Only machines that it knows as uncordoned, that listen and whose routing checks pass get
traffic: those below their soft limit first, of these the least loaded, in turn among equals;
nobody above the hard limit. Nobody ready: the request waits, and a machine that sleeps is woken
where its service allows it, as it is when all that are up are busy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pilothouse.sandbox.edge import Backend, Route, Wait
from pilothouse.sandbox.fly.autostop import hard_limit, soft_limit
from pilothouse.sandbox.fly.lifecycle import MachineLife
from pilothouse.sandbox.fly.orders import start
from pilothouse.sandbox.fly.proxy import NO_CANDIDATE, NO_PIN
from pilothouse.sandbox.pace import Pace, wall_s

HELD_S = 40.0
PIN_HELD_S = 10.0
_ON_ITS_WAY_S = 15.0


class FlyRouter:
    """Routes the requests of one app over its machines."""

    def __init__(
        self, pace: Pace, lives: Mapping[str, MachineLife], in_flight: Callable[[str], int]
    ) -> None:
        self._pace = pace
        self._lives = lives
        self._in_flight = in_flight
        self._turn: dict[str, int] = {}
        self._turns = 0

    def __call__(self, headers: Mapping[str, str]) -> Route:
        """Decide where a request goes now."""
        pin = headers.get("fly-force-instance-id")
        if pin is not None:
            found = self._ready_one(pin)
            return found or Wait(self._pace.seconds(PIN_HELD_S), NO_PIN)
        preferred = self._ready_one(headers.get("fly-prefer-instance-id", ""))
        chosen = preferred or self._least_loaded()
        if chosen is None or self._busy(chosen):
            self._wake()
        if chosen is None:
            return Wait(self._pace.seconds(HELD_S), NO_CANDIDATE)
        self._turns += 1
        self._turn[chosen.instance_id] = self._turns
        return chosen

    def _ready_one(self, machine_id: str) -> Backend | None:
        life = self._lives.get(machine_id)
        port = life.serving_port if life else None
        return Backend(machine_id, port) if port is not None else None

    def _least_loaded(self) -> Backend | None:
        best: tuple[tuple[bool, int, int], Backend] | None = None
        for each, life in self._lives.items():
            port = life.serving_port
            if port is None:
                continue
            load = self._in_flight(each)
            most = hard_limit(life.machine.config)
            if most and load >= most:
                continue
            busy = load >= soft_limit(life.machine.config)
            rank = (busy, load, self._turn.get(each, 0))
            if best is None or rank < best[0]:
                best = (rank, Backend(each, port))
        return best[1] if best else None

    def _busy(self, backend: Backend) -> bool:
        """Whether even the least loaded machine is at its soft limit."""
        config = self._lives[backend.instance_id].machine.config
        return self._in_flight(backend.instance_id) >= soft_limit(config)

    def _wake(self) -> None:
        """Start one machine that sleeps, unless one is on its way already."""
        lives = self._lives.values()
        since = wall_s() - self._pace.seconds(_ON_ITS_WAY_S)
        if any(life.machine.updated_at > since for life in lives if life.awake):
            return
        for life in lives:
            if _sleeps(life) and not life.machine.cordoned:
                start(life, "proxy")
                return


def _sleeps(life: MachineLife) -> bool:
    machine = life.machine
    services = machine.config.get("services") or []
    exits = [event for event in machine.events if event.type == "exit"]
    crashed = bool(exits) and not (exits[0].request or {})["exit_event"]["requested_stop"]
    willing = any(service.get("autostart") for service in services)
    willing = willing and not machine.config.get("disable_machine_autostart")
    return machine.state in ("stopped", "suspended") and willing and not crashed
