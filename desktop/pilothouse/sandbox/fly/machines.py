"""All machines of the practice Fly.io and the edges in front of them.

Every machine that exists has a life here; destroyed ones stay listable in the state for a while.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.fly.errors import app_not_found, invalid, machine_not_found
from pilothouse.sandbox.fly.ids import machine_id, private_ip, rfc3339_ms, rising_ulid
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.leases import current
from pilothouse.sandbox.fly.lifecycle import MachineLife
from pilothouse.sandbox.fly.limits import RateLimits
from pilothouse.sandbox.fly.orders import launch
from pilothouse.sandbox.fly.process import Hub
from pilothouse.sandbox.fly.routing import MANNERS, FlyRouter
from pilothouse.sandbox.fly.state import App, Config, Machine, Release
from pilothouse.sandbox.state import Json, World

_CHECKS_A_SECOND = 5.0
_DESTROYED_KEPT = 50
_LOG_LINES = 500
_ROWS_SHOWN = 8
REGIONS = ("ams", "fra")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of an app's log."""

    at: float
    machine_id: str
    region: str
    provider: str
    message: str


@dataclass(slots=True)
class Site:
    """What runs of one app: the lives of its machines, its edge, its log."""

    app: App
    edge: Edge
    lives: dict[str, MachineLife] = field(default_factory=dict)
    log: deque[LogLine] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))


class FlyFleet:
    """Runs every Fly app of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.limits = RateLimits()
        self._sites: dict[str, Site] = {}

    async def start(self) -> None:
        """Open the edges, and take up every machine where it was."""
        for app in self.world.fly.apps.values():
            await self.open(app)

    async def stop(self) -> None:
        """End everything that runs."""
        for site in self._sites.values():
            for life in site.lives.values():
                life.close()
            await site.edge.stop()

    async def open(self, app: App) -> Site:
        """Open an app's edge and resume its machines."""
        lives: dict[str, MachineLife] = {}
        in_flight = partial(_in_flight, self.world.edges, f"fly:{app.name}")
        router = FlyRouter(self.world.pace, lives, in_flight)
        edge = Edge(f"fly:{app.name}", router, MANNERS)
        site = self._sites[app.name] = Site(app, edge, lives)
        await self.world.open_edge(edge)
        for machine in app.machines.values():
            if machine.state != "destroyed":
                self._adopt(site, machine).resume()
        return site

    async def close(self, name: str) -> None:
        """Remove an app and everything that runs of it."""
        site = self.site(name)
        for life in site.lives.values():
            life.close()
        await site.edge.stop()
        del self._sites[name], self.world.fly.apps[name], self.world.edges[f"fly:{name}"]
        self.world.changed()

    def site(self, name: str) -> Site:
        """Return what runs of an app.

        Raises:
            FlyError: 404.
        """
        if name not in self._sites:
            raise app_not_found(name)
        return self._sites[name]

    def life(self, name: str, identifier: str) -> MachineLife:
        """Return a machine's life.

        Raises:
            FlyError: 404 for an unknown app or machine, or a destroyed one.
        """
        life = self.site(name).lives.get(identifier)
        if life is None:
            raise machine_not_found()
        return life

    def create(self, name: str, wish: Json) -> MachineLife:
        """Create a machine as the API's create body asks.

        Raises:
            FlyError: 400 without a configuration, or for a name that is taken.
        """
        site = self.site(name)
        config = wish.get("config")
        if not isinstance(config, dict) or not config.get("image"):
            raise invalid("config.image is required")
        taken = {life.machine.name for life in site.lives.values()}
        if wish.get("name") in taken:
            raise invalid(f"unique machine name violation, machine {wish['name']} exists")
        machine = self._new_machine(wish, config)
        machine.cordoned = bool(wish.get("skip_service_registration"))
        site.app.machines[machine.id] = machine
        life = self._adopt(site, machine)
        launch(life, skip=bool(wish.get("skip_launch")))
        return life

    def _new_machine(self, wish: Json, config: Config) -> Machine:
        image_ref, image = pull(self.world.fly, str(config["image"]))
        identifier, now = machine_id(), time.time()
        return Machine(
            id=identifier,
            name=str(wish.get("name") or f"quiet-tide-{int(identifier[:4], 16)}"),
            state="creating",
            region=str(wish.get("region") or REGIONS[0]),
            instance_id=rising_ulid(now),
            private_ip=private_ip(identifier),
            created_at=now,
            updated_at=now,
            config=config,
            image_ref=image_ref,
            pullable=image is not None,
        )

    def _adopt(self, site: Site, machine: Machine) -> MachineLife:
        hub = Hub(
            world=self.world,
            app=site.app.name,
            kick=site.edge.kick,
            spacing=self._spacing,
            gone=partial(self._gone, site),
            log=partial(_log, site),
        )
        life = site.lives[machine.id] = MachineLife(hub, machine)
        return life

    def _gone(self, site: Site, identifier: str) -> None:
        site.lives.pop(identifier, None)
        destroyed = [each.id for each in site.app.machines.values() if each.state == "destroyed"]
        for old in destroyed[:-_DESTROYED_KEPT]:
            del site.app.machines[old]

    def _spacing(self) -> float:
        return sum(len(site.lives) for site in self._sites.values()) / _CHECKS_A_SECOND

    # ------------------------------------------------------------------ the control API

    def describe(self) -> list[Json]:
        """Return every app with its machines and newest releases."""
        return [_described(site) for site in self._sites.values()]

    def patients(self, app_key: str) -> list[Patient] | None:
        """Return an app's machines as what can be made ill; None for an unknown app."""
        site = self._sites.get(app_key.removeprefix("fly:"))
        return None if site is None else [life.process.patient() for life in site.lives.values()]

    async def act(self, wish: Mapping[str, Any]) -> Json:
        """Do what the control API asks of a Fly app."""
        from pilothouse.sandbox.fly.acts import act

        return await act(self, wish)


def _in_flight(edges: Mapping[str, Edge], key: str, identifier: str) -> int:
    edge = edges.get(key)
    return edge.in_flight(identifier) if edge else 0


def _log(site: Site, machine: Machine, provider: str, message: str) -> None:
    site.log.append(LogLine(time.time(), machine.id, machine.region, provider, message))


def _described(site: Site) -> Json:
    counters = site.edge.counters
    return {
        "app": site.edge.app_key,
        "url": site.edge.url,
        "instances": [_instance(life) for life in site.lives.values()],
        "releases": [_row(release) for release in reversed(site.app.releases[-_ROWS_SHOWN:])],
        "edge": {
            "requests": counters.requests,
            "lost": counters.lost,
            "broken": counters.broken,
            "by_instance": dict(counters.by_instance),
        },
    }


def _instance(life: MachineLife) -> Json:
    machine = life.machine
    metadata = machine.config.get("metadata") or {}
    return {
        "id": machine.id,
        "name": machine.name,
        "group": machine.group,
        "state": machine.state,
        "version": machine.instance_id,
        "release": metadata.get("fly_release_version"),
        "image": machine.config.get("image"),
        "digest": machine.image_ref.digest,
        "cordoned": machine.cordoned,
        "serving": life.serving_port is not None,
        "lease": current(machine),
        "checks": [check.status for check in machine.checks],
        "metadata": metadata,
        "restarts": machine.restart_count,
    }


def _row(release: Release) -> Json:
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "description": release.description,
        "image": release.image_ref,
        "user": release.user_id,
        "created_at": rfc3339_ms(release.created_at),
    }
