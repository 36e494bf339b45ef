"""One running copy of an app: a small HTTP server whose behaviour its artifact decides.

An instance never exits silently: unless it was asked to stop, `on_exit` hears its exit code.
A requested stop answers what is in flight, up to its timeout, before anything is closed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass

from pilothouse.sandbox.answers import Answers, Behaviour, Identity
from pilothouse.sandbox.http1 import HttpError, get_status, read_request
from pilothouse.sandbox.line import Line, listen, shut

__all__ = ["Behaviour", "Identity", "Instance"]

_LOOP_LIFE_S = 3.0
_LAST_ACCEPT_S = 0.02
_FIRST_REQUEST_S = 0.1
_AT_REST_MB = 60.0
_LEAK_MB_S = 40.0
_LIMIT_MB = 256.0
_KILLED = 137


@dataclass(slots=True, eq=False)
class _Guest:
    """One open connection: whether it is being answered, and how often it was."""

    line: Line
    task: asyncio.Task[None] | None = None
    busy: bool = False
    answered: int = 0

    @property
    def asking(self) -> bool:
        """Whether a request of it is here."""
        return self.busy or bool(self.line.buffer)


class Instance:
    """A process of an app, as an HTTP server on a loopback port of its own.

    `port` is None whenever nothing listens: before the boot, and from the stop on. Memory is a
    number only: a process that leaks takes `leak_mb_s` more each real second, and is killed with
    exit code 137 and `oom` set once it has `limit_mb`.
    """

    def __init__(
        self, identity: Identity, behaviour: Behaviour, on_exit: Callable[[int], None]
    ) -> None:
        self.identity = identity
        self.answers = Answers(identity, behaviour)
        self.port: int | None = None
        self.limit_mb = _LIMIT_MB
        self.leak_mb_s = _LEAK_MB_S
        self.oom = False
        self._on_exit = on_exit
        self._server: asyncio.Server | None = None
        self._guests: set[_Guest] = set()
        self._over = False
        self._gone = False
        self._end: asyncio.TimerHandle | None = None
        self._leaks_since: float | None = None

    @property
    def behaviour(self) -> Behaviour:
        """What its process does now; it can change while it runs."""
        return self.answers.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.answers.behaviour = behaviour
        if self.port is not None:
            self._set_end()

    @property
    def memory_mb(self) -> float:
        """How much memory the process has, in megabytes."""
        if self._leaks_since is None:
            return _AT_REST_MB
        return _AT_REST_MB + self.leak_mb_s * (
            asyncio.get_running_loop().time() - self._leaks_since
        )

    @property
    def in_flight(self) -> int:
        """How many requests it is answering right now."""
        return sum(guest.busy for guest in self._guests)

    @property
    def healthy(self) -> bool:
        """What `/healthz` would say now."""
        return self.port is not None and self.behaviour is not Behaviour.UNHEALTHY

    async def probe(self, path: str, *, timeout_s: float) -> int:
        """Ask the running process itself for `path`; OSError when it cannot be reached."""
        if self.port is None:
            raise ConnectionRefusedError("connection refused")
        return await get_status(self.port, path, timeout_s=timeout_s)

    async def start(self, boot_s: float) -> None:
        """Boot for `boot_s` real seconds, then listen (or crash, if that is its way)."""
        await asyncio.sleep(boot_s)
        if self._over:
            return
        if self.behaviour is Behaviour.CRASH:
            self._exit(1)
            return
        server = await listen(self._meet, 0)
        if self._over:
            server.close()
            return
        self._server = server
        self.port = server.sockets[0].getsockname()[1]
        self._set_end()

    def _set_end(self) -> None:
        """Have the process end when its behaviour says so, if it does."""
        loop = asyncio.get_running_loop()
        if self._end is not None:
            self._end.cancel()
            self._end = None
        leaking = self.behaviour is Behaviour.LEAK
        if not leaking:
            self._leaks_since = None
        elif self._leaks_since is None:
            self._leaks_since = loop.time()
        if leaking:
            left_s = (self.limit_mb - self.memory_mb) / self.leak_mb_s
            self._end = loop.call_later(max(0.0, left_s), self._out_of_memory)
        elif self.behaviour is Behaviour.LOOP:
            self._end = loop.call_later(_LOOP_LIFE_S, self._exit, 1)

    def _out_of_memory(self) -> None:
        self.oom = True
        self._exit(_KILLED)

    async def stop(self, timeout_s: float) -> None:
        """Take no new connections, answer what is in flight, close after `timeout_s` at most."""
        self.port = None
        self._over = True
        if self._end is not None:
            self._end.cancel()
        # Connections that the kernel has completed but that we have not seen yet get served.
        await asyncio.sleep(_LAST_ACCEPT_S)
        if self._server is not None:
            shut(self._server)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self._guests and loop.time() - began < timeout_s:
            fresh_too = loop.time() - began > _FIRST_REQUEST_S
            for guest in list(self._guests):
                if not guest.asking and (guest.answered or fresh_too):
                    guest.line.close()
                    self._guests.discard(guest)
            if self._guests:
                await asyncio.sleep(0.01)
        self._cut()

    def kill(self, code: int = _KILLED) -> None:
        """Die at once, connections and all, as if the process had been killed."""
        if not self._over:
            self._exit(code)

    def close(self) -> None:
        """Free everything at once without telling anybody: the sandbox itself ends."""
        self.port = None
        self._over = self._gone = True
        if self._end is not None:
            self._end.cancel()
        if self._server is not None:
            shut(self._server)
        self._cut()

    def _exit(self, code: int) -> None:
        self.close()
        self._on_exit(code)

    def _cut(self) -> None:
        self._gone = True
        for guest in self._guests:
            guest.line.abort()
            if guest.task is not None:
                guest.task.cancel()
        self._guests.clear()

    def _meet(self, line: Line) -> None:
        # The kernel may have taken it before the end; a dead process answers nobody.
        if self._gone:
            line.abort()
            return
        guest = _Guest(line)
        self._guests.add(guest)
        guest.task = asyncio.get_running_loop().create_task(self._serve(guest))
        guest.task.add_done_callback(lambda _done: self._guests.discard(guest))

    async def _serve(self, guest: _Guest) -> None:
        line = guest.line
        # A peer that leaves in the middle of a message is its own business.
        with suppress(ConnectionError, HttpError), closing(line):
            while (head := await read_request(line)) is not None:
                guest.busy = True
                last = head.closes or self._over
                goes_on = await self.answers.respond(line, head, closing=last)
                await line.drain()
                guest.busy = False
                guest.answered += 1
                if not goes_on:
                    await line.linger()
                if last or self._over or not goes_on:
                    break
