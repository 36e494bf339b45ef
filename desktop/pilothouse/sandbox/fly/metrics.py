"""The series of an app that Fly.io's Prometheus keeps, made from what went through the edges.

A counter's value is known as of the scrapes, which happen every fifteen platform seconds (Fly.io,
"Metrics on Fly.io"); between two scrapes a query sees the older value. Gauges are known for the
present alone. Nothing here survives the end of the sandbox.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.regions import NEAREST

if TYPE_CHECKING:
    from pilothouse.sandbox.exchange import Exchange
    from pilothouse.sandbox.fly.machines import FlyFleet, Site
    from pilothouse.sandbox.fly.state import Machine
    from pilothouse.sandbox.pace import Pace

Labels = tuple[tuple[str, str], ...]
SCRAPE_S = 15.0
STALE_S = 300.0
"""How long after its last scrape a series still has a value, as in Prometheus itself."""
_KEPT = 5_000
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Counter:
    """A number that only grows, as of the scrapes at which it had changed."""

    at: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, scrape: float, amount: float) -> None:
        """Count; the next scrape, at `scrape`, will see it."""
        if not self.at or self.at[-1] < scrape:
            self.at.append(scrape)
            self.values.append(self.values[-1] if self.values else 0.0)
        self.values[-1] += amount
        if len(self.at) > _KEPT:
            del self.at[0], self.values[0]

    def value(self, moment: float) -> float | None:
        """Return the value at a moment; None before the first scrape that saw it."""
        index = bisect_right(self.at, moment)
        return self.values[index - 1] if index else None


class Metrics:
    """The series of all apps."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._series: dict[tuple[str, Labels], Counter] = {}

    def note(self, site: Site, exchange: Exchange) -> None:
        """Count one request through an app's edge; one whose client left has no status."""
        if not exchange.status:
            return
        app, status = site.app.name, str(exchange.status)
        host = site.edge.url.removeprefix("http://")
        edge = {"app": app, "host": host, "region": NEAREST, "status": status}
        self._add("fly_edge_http_responses_count", edge, 1.0)
        machine = site.app.machines.get(exchange.backend.instance_id) if exchange.backend else None
        if machine is None:
            return
        own = _labels(app, machine)
        self._add("fly_app_http_responses_count", own | {"status": status}, 1.0)
        self._observe("fly_app_http_response_time_seconds", own, exchange.service_s)
        self._observe("fly_app_connect_time_seconds", own, exchange.connect_s)

    def _observe(self, name: str, labels: dict[str, str], seconds: float | None) -> None:
        if seconds is None:
            return
        for limit in _BUCKETS_S:
            bucket = labels | {"le": f"{limit:g}"}
            self._add(f"{name}_bucket", bucket, 1.0 if seconds <= limit else 0.0)
        self._add(f"{name}_bucket", labels | {"le": "+Inf"}, 1.0)
        self._add(f"{name}_count", labels, 1.0)
        self._add(f"{name}_sum", labels, seconds)

    def _add(self, name: str, labels: dict[str, str], amount: float) -> None:
        every = self._pace.seconds(SCRAPE_S)
        now = self._pace.now().timestamp()
        scrape = (now // every + 1) * every
        key = (name, tuple(sorted(labels.items())))
        self._series.setdefault(key, Counter()).add(scrape, amount)

    def counters(self, name: str) -> Iterator[tuple[dict[str, str], Counter]]:
        """Return the counters of a name with their labels."""
        for (known, labels), counter in self._series.items():
            if known == name:
                yield dict(labels), counter

    def forget(self, app: str) -> None:
        """Drop the series of an app that is gone."""
        gone = [key for key in self._series if ("app", app) in key[1]]
        for key in gone:
            del self._series[key]


def _labels(app: str, machine: Machine) -> dict[str, str]:
    return {"app": app, "instance": machine.id, "region": machine.region}


def gauges(fleet: FlyFleet, name: str) -> Iterator[tuple[dict[str, str], float]]:
    """Return what a gauge says now of every machine."""
    read = _GAUGES.get(name)
    for app in fleet.world.fly.apps.values() if read else ():
        site = fleet.site(app.name)
        for machine in app.machines.values():
            value = read(site, machine) if read else None
            if value is not None:
                yield _labels(app.name, machine), value


def _up(_site: Site, machine: Machine) -> float | None:
    return 1.0 if machine.state == "started" else None


def _concurrency(site: Site, machine: Machine) -> float | None:
    return float(site.edge.in_flight(machine.id)) if machine.state == "started" else None


def _memory(_site: Site, machine: Machine) -> float | None:
    guest = machine.config.get("guest") or {}
    memory_mb = guest.get("memory_mb")
    up = machine.state == "started"
    return memory_mb * 1024.0**2 if up and isinstance(memory_mb, int) else None


def _exit(machine: Machine, key: str) -> float | None:
    for event in machine.events:
        if event.type == "exit":
            ended = (event.request or {}).get("exit_event") or {}
            return float(ended.get(key) or 0)
    return None


_GAUGES: dict[str, Callable[[Site, Machine], float | None]] = {
    "fly_instance_up": _up,
    "fly_app_concurrency": _concurrency,
    "fly_instance_memory_mem_total": _memory,
    "fly_instance_exit_code": lambda _site, machine: _exit(machine, "exit_code"),
    "fly_instance_exit_oom": lambda _site, machine: _exit(machine, "oom_killed"),
}
COUNTED = frozenset(
    {
        "fly_edge_http_responses_count",
        *(
            f"fly_app_{what}{end}"
            for what in ("http_response_time_seconds", "connect_time_seconds")
            for end in ("_bucket", "_count", "_sum")
        ),
        "fly_app_http_responses_count",
    }
)
"""The names of the counters."""
