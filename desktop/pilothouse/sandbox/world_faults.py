"""What goes wrong with the world: its clock, the disk of its state, the network before it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from pilothouse.sandbox.faults import InForce, Rule
from pilothouse.sandbox.kinds import BOTH
from pilothouse.sandbox.listening import Service, hold
from pilothouse.sandbox.pace import set_ahead
from pilothouse.sandbox.state import World


class WorldFaults:
    """Puts the world's faults in force and takes them out; several of one kind add up."""

    def __init__(self, world: World, services: Mapping[str, Service]) -> None:
        self._world = world
        self._services = services
        self._in_force: dict[int, InForce] = {}
        self._timers: dict[int, asyncio.Task[None]] = {}
        self._dead_edges: dict[str, socket.socket] = {}

    def check(self, rule: Rule) -> None:
        """Every rule that is one can be put in force."""

    async def begin(self, entry: InForce) -> None:
        """Put a rule in force, for its seconds if it has some."""
        self._in_force[entry.id] = entry
        entry.left = -1
        if entry.kind.kind != "disk":
            entry.use()
        await self._settle()
        if entry.kind.kind != "clock" and entry.seconds is not None:
            self._timers[entry.id] = asyncio.create_task(self._expire(entry, entry.seconds))

    async def end(self, entry: InForce) -> None:
        """Take a rule out of force."""
        timer = self._timers.pop(entry.id, None)
        if timer is not None:
            timer.cancel()
        await self._lift(entry)

    async def stop(self) -> None:
        """End everything that runs here, and let go of the ports that are held."""
        for timer in self._timers.values():
            timer.cancel()
        await asyncio.gather(*self._timers.values(), return_exceptions=True)
        for held in self._dead_edges.values():
            held.close()
        set_ahead(0.0)

    async def _expire(self, entry: InForce, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._timers.pop(entry.id, None)
        await self._lift(entry)

    async def _lift(self, entry: InForce) -> None:
        if self._in_force.pop(entry.id, None) is not None:
            entry.left = 0
            await self._settle()

    async def _settle(self) -> None:
        """Bring the world to what all rules in force together say."""
        set_ahead(sum(each.seconds or 0.0 for each in self._of("clock")))
        self._world.write_protected = {name for each in self._of("disk") for name in _about(each)}
        dead = {name for each in self._of("network") for name in _about(each)}
        for name in BOTH:
            if name in dead:
                self._services[name].refuse()
            else:
                await self._services[name].accept()
        roads = {name for each in self._of("network") if each.rule.edges for name in _about(each)}
        for key in list(self._world.edges):
            await self._settle_edge(key, dead=key.partition(":")[0] in roads)

    async def _settle_edge(self, key: str, *, dead: bool) -> None:
        edge, held = self._world.edges[key], self._dead_edges.pop(key, None)
        if dead:
            if held is None:
                await edge.stop()
                held = hold(edge.port)
            self._dead_edges[key] = held
        elif held is not None:
            held.close()
            await edge.start(edge.port)

    def _of(self, kind: str) -> list[InForce]:
        return [each for each in self._in_force.values() if each.kind.kind == kind]


def _about(entry: InForce) -> tuple[str, ...]:
    platform = entry.rule.match.platform
    return BOTH if platform is None else (platform,)
