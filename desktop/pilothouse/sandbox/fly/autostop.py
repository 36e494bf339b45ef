"""What Fly's proxy and its schedulers do to machines on their own, every few minutes.

Autostop (Fly.io, "Fly Proxy autostop/autostart"): per region and process group, the machines beyond
those at their soft limit and one more are in excess, and one of them is stopped at each look; the
only machine of a region once it has no load. In the primary region as many stay up as the service's
minimum says. A lease does not keep the proxy from it. Machines with a schedule are started when
their hour, day, week or month has come round.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from pilothouse.sandbox.fly import orders
from pilothouse.sandbox.fly.lifecycle import MachineLife
from pilothouse.sandbox.fly.state import Config
from pilothouse.sandbox.pace import Pace, wall_s

REVIEW_S = 240.0
_LEAST_REVIEW_S = 0.2
_USUAL_SOFT_LIMIT = 20
_PERIODS_S = {"hourly": 3600.0, "daily": 86_400.0, "weekly": 604_800.0, "monthly": 2_592_000.0}

Load = Callable[[str], int]


class Reviewer:
    """Looks at every app's machines again and again; `sites` yields their lives and loads."""

    def __init__(
        self, pace: Pace, sites: Callable[[], Iterable[tuple[Mapping[str, MachineLife], Load]]]
    ) -> None:
        self._pace = pace
        self._sites = sites
        self._timer: asyncio.TimerHandle | None = None
        self._last = wall_s()

    def start(self) -> None:
        """Begin; the first look is one review from now."""
        self._later()

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self) -> None:
        delay_s = max(self._pace.seconds(REVIEW_S), _LEAST_REVIEW_S)
        self._timer = asyncio.get_running_loop().call_later(delay_s, self._look)

    def _look(self) -> None:
        self._later()
        since, self._last = self._last, wall_s()
        for lives, load in self._sites():
            # A machine that came up after the last look may not have had its request yet.
            known = [life for life in lives.values() if life.machine.started_at < since]
            for life in in_excess(known, load):
                _put_to_rest(life)
            self._start_due(lives.values())

    def _start_due(self, lives: Iterable[MachineLife]) -> None:
        for life in lives:
            period_s = _PERIODS_S.get(str(life.machine.config.get("schedule")))
            if period_s is None or life.machine.state != "stopped":
                continue
            last = life.machine.started_at or life.machine.created_at
            if wall_s() - last >= self._pace.seconds(period_s):
                orders.start(life, "flyd")


def in_excess(lives: Iterable[MachineLife], load: Load) -> list[MachineLife]:
    """Return the machines that the proxy stops at this look: one of a region and group at most."""
    groups: dict[tuple[str, str], list[MachineLife]] = defaultdict(list)
    for life in lives:
        machine = life.machine
        if machine.state == "started" and machine.host_status == "ok" and autostop(machine.config):
            groups[machine.group, machine.region].append(life)
    found = []
    for (_, region), running in groups.items():
        busy = sum(load(life.machine.id) >= soft_limit(life.machine.config) for life in running)
        idlest = min(running, key=lambda life: (load(life.machine.id), life.machine.id))
        alone = len(running) == 1
        excess = load(idlest.machine.id) == 0 if alone else len(running) - busy - 1 > 0
        if excess and len(running) > _kept(running, region):
            found.append(idlest)
    return found


def autostop(config: Config) -> str:
    """Return how the proxy puts a machine to rest: `stop`, `suspend`, or nothing at all."""
    for service in config.get("services") or []:
        value = service.get("autostop")
        if value == "suspend":
            return "suspend"
        if value in (True, "stop", "true"):
            return "stop"
    return ""


def soft_limit(config: Config) -> int:
    """Return the load from which on a machine counts as busy."""
    return _limit(config, "soft_limit") or _USUAL_SOFT_LIMIT


def hard_limit(config: Config) -> int:
    """Return the load at which a machine gets nothing more; 0 for none."""
    return _limit(config, "hard_limit")


def _limit(config: Config, name: str) -> int:
    for service in config.get("services") or []:
        limit = (service.get("concurrency") or {}).get(name)
        if limit:
            return int(limit)
    return 0


def _kept(running: list[MachineLife], region: str) -> int:
    """Return how many of a region's machines must stay up."""
    config = running[0].machine.config
    primary = (config.get("env") or {}).get("PRIMARY_REGION") or region
    if primary != region:
        return 0
    return max(int(service.get("min_machines_running") or 0) for service in config["services"])


def _put_to_rest(life: MachineLife) -> None:
    if autostop(life.machine.config) == "suspend":
        orders.suspend(life, source="proxy")
    else:
        orders.stop(life, source="proxy")
