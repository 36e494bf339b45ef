"""The series of an app that Fly.io's Prometheus keeps, made from what went through the edges.

A counter's value is known as of the scrapes, which happen every fifteen platform seconds (Fly.io,
"Metrics on Fly.io"); between two scrapes a query sees the older value. Gauges are known for the
present alone. Nothing here survives the end of the sandbox.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from pilothouse.sandbox.fly.regions import NEAREST
from pilothouse.sandbox.pace import wall_s

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


class Histogram:
    """Observations under one set of labels, put into their series only once they are asked for.

    `series` are the counters of the buckets, `+Inf` among them, of the count and of the sum.
    """

    def __init__(self, series: list[Counter]) -> None:
        self._series = series
        self._scrape = 0.0
        self._new = [0] * (len(_BUCKETS_S) + 1)
        self._sum = 0.0

    def observe(self, scrape: float, seconds: float) -> None:
        """Note one observation; the next scrape, at `scrape`, will see it."""
        if scrape != self._scrape:
            self.settle()
            self._scrape = scrape
        self._new[bisect_left(_BUCKETS_S, seconds)] += 1
        self._sum += seconds

    def settle(self) -> None:
        """Put what was noted into the series."""
        amounts: list[float] = list(accumulate(self._new))
        if not amounts[-1]:
            return
        for counter, amount in zip(self._series, [*amounts, amounts[-1], self._sum], strict=True):
            counter.add(self._scrape, amount)
        self._new = [0] * len(self._new)
        self._sum = 0.0


class Metrics:
    """The series of all apps."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._series: dict[tuple[str, Labels], Counter] = {}
        self._tallies: dict[tuple[str, ...], Counter] = {}
        self._histograms: dict[tuple[str, ...], Histogram] = {}

    def note(self, site: Site, exchange: Exchange) -> None:
        """Count one request through an app's edge; one whose client left has no status."""
        if not exchange.status:
            return
        app, status, scrape = site.app.name, str(exchange.status), self._next_scrape()
        edge = ("fly_edge_http_responses_count", app, site.edge.url, status)
        if edge not in self._tallies:
            host = site.edge.url.removeprefix("http://")
            labels = {"app": app, "host": host, "region": NEAREST, "status": status}
            self._tallies[edge] = self._counter(edge[0], labels)
        self._tallies[edge].add(scrape, 1.0)
        machine = site.app.machines.get(exchange.backend.instance_id) if exchange.backend else None
        if machine is None:
            return
        own = ("fly_app_http_responses_count", app, machine.id, machine.region, status)
        if own not in self._tallies:
            labels = _labels(app, machine) | {"status": status}
            self._tallies[own] = self._counter(own[0], labels)
        self._tallies[own].add(scrape, 1.0)
        for name, seconds in (
            ("fly_app_http_response_time_seconds", exchange.service_s),
            ("fly_app_connect_time_seconds", exchange.connect_s),
        ):
            if seconds is not None:
                self._histogram(name, app, machine).observe(scrape, seconds)

    def _histogram(self, name: str, app: str, machine: Machine) -> Histogram:
        key = (name, app, machine.id, machine.region)
        found = self._histograms.get(key)
        if found is None:
            own = _labels(app, machine)
            limits = [*(f"{limit:g}" for limit in _BUCKETS_S), "+Inf"]
            series = [self._counter(f"{name}_bucket", own | {"le": limit}) for limit in limits]
            series += [self._counter(f"{name}_count", own), self._counter(f"{name}_sum", own)]
            found = self._histograms[key] = Histogram(series)
        return found

    def _counter(self, name: str, labels: dict[str, str]) -> Counter:
        return self._series.setdefault((name, tuple(sorted(labels.items()))), Counter())

    def _next_scrape(self) -> float:
        every = self._pace.seconds(SCRAPE_S)
        return (wall_s() // every + 1) * every

    def counters(self, name: str) -> Iterator[tuple[dict[str, str], Counter]]:
        """Return the counters of a name with their labels."""
        for histogram in self._histograms.values():
            histogram.settle()
        for (known, labels), counter in self._series.items():
            if known == name:
                yield dict(labels), counter

    def forget(self, app: str) -> None:
        """Drop the series of an app that is gone."""
        gone = [key for key in self._series if ("app", app) in key[1]]
        for key in gone:
            del self._series[key]
        self._tallies = {key: each for key, each in self._tallies.items() if key[1] != app}
        self._histograms = {key: each for key, each in self._histograms.items() if key[1] != app}


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
