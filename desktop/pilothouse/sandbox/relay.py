"""The connections of an edge to the instances behind it.

A request reaches an instance at most once, with one exception: a kept-alive connection that was
closed before any byte of the answer, on a request without a body that only reads. Nothing of such
a request was answered, so that another backend may have it (RFC 9112, part 9.3.1).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pilothouse.sandbox.exchange import Backend, Counters, Manners, Outcome, Passage
from pilothouse.sandbox.line import Line, connect
from pilothouse.sandbox.talk import Ending, Talk

_CONNECT_S = 2.0
_POOL_PER_BACKEND = 128
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Relay:
    """Passes requests on to backends and keeps their idle connections."""

    def __init__(self, manners: Manners, counters: Counters) -> None:
        self._manners = manners
        self._counters = counters
        self._idle: dict[Backend, list[Line]] = {}

    def close(self) -> None:
        """Close every idle connection."""
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()

    def forget(self, instance_id: str) -> None:
        """Close the idle connections to an instance that takes no more requests."""
        for backend in [each for each in self._idle if each.instance_id == instance_id]:
            for line in self._idle.pop(backend):
                line.close()

    async def exchange(self, client: Line, passage: Passage, backend: Backend) -> Ending:
        """Send one request to `backend` and its answer back to `client`."""
        clock = asyncio.get_running_loop().time
        passage.backend = backend
        began = clock()
        line = self._kept(backend) if not passage.length and passage.head.method in _READS else None
        if line is None:
            line = await self._fresh(backend)
        if line is None:
            return Ending(Outcome.UNREACHED, again=True)
        passage.handed_at = clock()
        passage.connect_s = passage.handed_at - began
        talk = Talk(self._manners, client, line, passage)
        client.on_lost = line.abort
        try:
            return await talk.hold()
        finally:
            client.on_lost = None
            line.no_alarm()
            self._keep(backend, line, spare=talk.spare)

    def _kept(self, backend: Backend) -> Line | None:
        idle = self._idle.get(backend)
        while idle:
            line = idle.pop()
            if line.usable:
                line.reused = True
                self._counters.reused += 1
                return line
            line.close()
        return None

    async def _fresh(self, backend: Backend) -> Line | None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CONNECT_S):
                line = await connect(backend.port)
                self._counters.opened += 1
                return line
        return None

    def _keep(self, backend: Backend, line: Line, *, spare: bool) -> None:
        idle = self._idle.setdefault(backend, []) if spare else []
        if spare and line.usable and len(idle) < _POOL_PER_BACKEND:
            idle.append(line)
        else:
            line.close()
