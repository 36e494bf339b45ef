"""All machines of the practice Fly.io and the edges in front of them.

Every machine that exists has a life here; destroyed ones stay listable in the state for a while.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pilothouse.sandbox.ailments import Patient
from pilothouse.sandbox.edge import Edge
from pilothouse.sandbox.exchange import Exchange
from pilothouse.sandbox.fly import standbys
from pilothouse.sandbox.fly.autostop import Load, Reviewer
from pilothouse.sandbox.fly.capacity import NO_ROOM
from pilothouse.sandbox.fly.errors import FlyError, app_not_found, invalid, machine_not_found
from pilothouse.sandbox.fly.ids import machine_id, private_ip, rising_ulid
from pilothouse.sandbox.fly.images import pull
from pilothouse.sandbox.fly.lifecycle import MachineLife
from pilothouse.sandbox.fly.limits import RateLimits
from pilothouse.sandbox.fly.metrics import Metrics
from pilothouse.sandbox.fly.orders import launch
from pilothouse.sandbox.fly.overview import described
from pilothouse.sandbox.fly.process import Hub, first_image
from pilothouse.sandbox.fly.proxy import EDGE_REGION, MANNERS, in_flight, notice
from pilothouse.sandbox.fly.regions import placed
from pilothouse.sandbox.fly.routing import FlyRouter
from pilothouse.sandbox.fly.rules import read_config
from pilothouse.sandbox.fly.state import App, Config, Machine
from pilothouse.sandbox.fly.volumes import claim
from pilothouse.sandbox.fly.wishes import LaunchWish
from pilothouse.sandbox.pace import wall_s
from pilothouse.sandbox.state import Json, World

_CHECKS_A_SECOND = 40.0
_DESTROYED_KEPT = 50
_DESTROYED_SHOWN_S = 60.0
_LEAST_SHOWN_S = 2.0
_LOG_LINES = 500
_MACHINE_ID = re.compile(r"[0-9a-f]{14}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_MOODS = ("amber", "bold", "calm", "damp", "early", "fair", "late", "misty", "quiet", "still")
_PLACES = ("basin", "bell", "cove", "dock", "mole", "pier", "quay", "shoal", "tide", "wharf")


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
        self.metrics = Metrics(world.pace)
        self._sites: dict[str, Site] = {}
        self._reviewer = Reviewer(world.pace, self._watched)

    async def start(self) -> None:
        """Open the edges, and take up every machine where it was."""
        for app in self.world.fly.apps.values():
            await self.open(app)
        self._reviewer.start()

    async def stop(self) -> None:
        """End everything that runs."""
        self._reviewer.stop()
        for site in self._sites.values():
            for life in site.lives.values():
                life.close()
            await site.edge.stop()

    async def open(self, app: App) -> Site:
        """Open an app's edge and resume its machines."""
        lives: dict[str, MachineLife] = {}
        load = partial(in_flight, self.world.edges, f"fly:{app.name}")
        router = FlyRouter(self.world.pace, lives, load)

        def complain(machine: str, text: str) -> None:
            site.log.append(LogLine(wall_s(), machine, EDGE_REGION, "proxy", text))

        def hear(exchange: Exchange) -> None:
            notice(complain, exchange)
            self.metrics.note(site, exchange)

        router = FlyRouter(self.world.pace, lives, load)
        edge = Edge(f"fly:{app.name}", router, MANNERS, hear)
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
        self.metrics.forget(name)
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
            FlyError: 404 for an unknown app or machine, or a destroyed one; 400 for what is no
                machine's identifier.
        """
        site = self.site(name)
        if not _MACHINE_ID.fullmatch(identifier):
            raise FlyError(400, f"invalid machine ID, '{identifier}'", "unknown")
        life = site.lives.get(identifier)
        if life is None:
            raise machine_not_found()
        return life

    def known(self, name: str, identifier: str) -> Machine:
        """Return a machine, also one that was destroyed a moment ago.

        The platform shows a destroyed machine for a short time before it answers 404, which lets
        a client read how a release command ended.

        Raises:
            FlyError: as for `life`.
        """
        machine = self.site(name).app.machines.get(identifier)
        if machine is not None and machine.state == "destroyed":
            shown_s = max(self.world.pace.seconds(_DESTROYED_SHOWN_S), _LEAST_SHOWN_S)
            if wall_s() - machine.destroyed_at < shown_s:
                return machine
        return self.life(name, identifier).machine

    def create(self, name: str, wish: LaunchWish) -> MachineLife:
        """Create a machine as the API's create body asks.

        Raises:
            FlyError: 400 for a configuration, name or region that cannot be; 404, 412 or 422
                where its volume, its secrets or room for it are wanting.
        """
        site = self.site(name)
        config = checked(site.app, wish)
        region = placed(wish.region) if wish.region else None
        config = claim(site.app, config, region, None)
        region = region or _where_volume_is(site.app, config) or placed(None)
        full = self.world.fly.full.get(region, "")
        if full in ("refuse", "drain"):
            raise FlyError(422, f"insufficient_capacity: {NO_ROOM}", "insufficient_capacity")
        machine = self._new_machine(config, region, _free_name(site, wish.name))
        if full == "revert":
            machine.pullable, machine.trouble = False, NO_ROOM
        machine.cordoned = bool(wish.skip_service_registration)
        machine.skip_secrets = bool(wish.skip_secrets)
        site.app.machines[machine.id] = machine
        life = self._adopt(site, machine)
        launch(life, skip=bool(wish.skip_launch))
        return life

    def _new_machine(self, config: Config, region: str, name: str) -> Machine:
        image_ref, image = pull(self.world.fly, first_image(config))
        identifier, now = machine_id(), wall_s()
        return Machine(
            id=identifier,
            name=name,
            state="creating",
            region=region,
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
        destroyed = [each for each in site.app.machines.values() if each.state == "destroyed"]
        destroyed.sort(key=lambda machine: machine.destroyed_at)
        for old in destroyed[:-_DESTROYED_KEPT]:
            del site.app.machines[old.id]

    def _spacing(self) -> float:
        return sum(len(site.lives) for site in self._sites.values()) / _CHECKS_A_SECOND

    def _watched(self) -> Iterable[tuple[Mapping[str, MachineLife], Load]]:
        for site in list(self._sites.values()):
            yield dict(site.lives), site.edge.in_flight

    # ------------------------------------------------------------------ the control API

    def host(self, name: str, identifier: str, status: str) -> None:
        """Say how a machine's host is; standbys come up for one that cannot be reached."""
        site, life = self.site(name), self.life(name, identifier)
        life.machine.host_status = status
        standbys.follow(site.lives, life)
        self.world.changed()

    def describe(self) -> list[Json]:
        """Return every app with its machines and newest releases."""
        return [described(site) for site in self._sites.values()]

    def patients(self, app_key: str) -> list[Patient] | None:
        """Return an app's machines as what can be made ill; None for an unknown app."""
        site = self._sites.get(app_key.removeprefix("fly:"))
        return None if site is None else [life.process.patient() for life in site.lives.values()]

    async def act(self, wish: Mapping[str, Any]) -> Json:
        """Do what the control API asks of a Fly app."""
        from pilothouse.sandbox.fly.acts import act

        return await act(self, wish)


def checked(app: App, wish: LaunchWish) -> Config:
    """Return the configuration of a create or update body.

    Raises:
        FlyError: 400 for one that cannot be, 412 where the app has no such secrets version yet.
    """
    if wish.config is None:
        raise invalid("config is required")
    read_config(wish.config)
    if (wish.min_secrets_version or 0) > app.secrets_version:
        text = f"secrets version {wish.min_secrets_version} is not visible yet"
        raise FlyError(412, f"failed_precondition: {text}", "unknown")
    return wish.config


def _free_name(site: Site, wanted: str | None) -> str:
    taken = {life.machine.name for life in site.lives.values()}
    if wanted in taken:
        raise invalid(f"unique machine name violation, machine {wanted} exists")
    if wanted:
        if not _NAME.fullmatch(wanted):
            raise invalid("name must be up to 63 letters, digits, - and _")
        return wanted
    chance = random.Random()
    while True:
        mood, place = chance.choice(_MOODS), chance.choice(_PLACES)
        name = f"{mood}-{place}-{chance.randint(10, 9999)}"
        if name not in taken:
            return name


def _where_volume_is(app: App, config: Config) -> str | None:
    mounts = config.get("mounts") or []
    return app.volumes[mounts[0]["volume"]].region if mounts else None


def _log(site: Site, machine: Machine, provider: str, message: str) -> None:
    site.log.append(LogLine(wall_s(), machine.id, machine.region, provider, message))
