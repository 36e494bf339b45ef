"""A process of an app that really is one: a command run as a child of the sandbox.

It has the face of `workload.Instance`, so that the edge and the platform need not know the
difference. The command runs in a shell and in a process group of its own, reads nothing, and what
it writes is heard line by line. Nothing that it does is scaled. It sees the environment it is
given and none of the sandbox's; which address it binds to is its own choice.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pilothouse.sandbox.watchdog import SHELL, Watchdog

_LOOK_AGAIN_S = 0.03
_CONNECT_S = 1.0
_LAST_WORDS_S = 1.0
_PIECE_BYTES = 64 * 1024
_LINE_BYTES = 10_000
_PORTS = range(20_000, 32_000)
KILLED = 137
"""The exit code of what SIGKILL ended."""
# The process waits for a line before it begins: by then the watchdog knows of it. Had the sandbox
# been killed in between, the line would never come and nothing would be left running.
_GATE = 'read -r _ || exit 1; exec "$0" -c "$1" </dev/null'


class ChildError(Exception):
    """A child that could not be started; the text says why."""


class BootTimeoutError(Exception):
    """A child that did not listen in time; it still runs."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run: a shell command, in a directory that is removed after its end.

    `port` is where it must listen to count as ready, within `boot_limit_s` real seconds; without
    one it is ready as soon as it runs.
    """

    command: str
    directory: Path
    home: Path
    environment: Mapping[str, str]
    port: int | None = None
    boot_limit_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of a child: each line that it writes, and its exit code if nobody asked for it."""

    line: Callable[[str], None]
    exited: Callable[[int], None]


class Child:
    """One child process. `prepare` readies its directory and says what to run there.

    `port` is None whenever nothing listens; `ready` says whether it is up. `status` is its exit
    code once it has ended, 128 and the signal's number for one that a signal ended.
    """

    def __init__(
        self, prepare: Callable[[], Awaitable[Order]], ears: Ears, watchdog: Watchdog
    ) -> None:
        self.port: int | None = None
        self.ready = False
        self.status: int | None = None
        self._prepare = prepare
        self._ears = ears
        self._watchdog = watchdog
        self._process: Process | None = None
        self._output: asyncio.ReadTransport | None = None
        self._attending: asyncio.Task[None] | None = None
        self._deaf: asyncio.TimerHandle | None = None
        self._launching: asyncio.Task[Order] | None = None
        self._doomed = False
        self._over = False

    async def start(self, boot_s: float) -> None:
        """Boot for `boot_s` real seconds, run the command, and return once it is ready.

        Raises:
            ChildError: it could not be run.
            BootTimeoutError: it runs, but does not listen.
        """
        await asyncio.sleep(boot_s)
        if self._over:
            return
        # Who stops waiting here must not leave half a start behind.
        self._launching = asyncio.create_task(self._launch())
        order = await asyncio.shield(self._launching)
        if order.port is not None:
            await self._until_bound(order.port, order.boot_limit_s)
        self.ready = self._lives()

    async def stop(self, timeout_s: float) -> None:
        """Have it end by SIGTERM, after `timeout_s` real seconds by SIGKILL; return when it has."""
        self._over = True
        self.port, self.ready = None, False
        if self._launching is not None:
            await asyncio.wait({self._launching})
            self._launching.exception()
        if self._attending is None:
            return
        self._signal(signal.SIGTERM)
        ended, _ = await asyncio.wait({self._attending}, timeout=timeout_s)
        if not ended:
            self.status = KILLED
            self._kill_group()
            await asyncio.wait({self._attending})

    async def wait(self) -> int:
        """Return its exit code once it has ended; it must have been started."""
        if self._attending is not None:
            await asyncio.wait({self._attending})
        return KILLED if self.status is None else self.status

    def kill(self, code: int = KILLED) -> None:
        """Die at once, as if the process had been killed."""
        if self._over:
            return
        if self._launching is None:
            self._over = True
            self._ears.exited(code)
        else:
            self._doomed = True
            self._kill_group()

    def _lives(self) -> bool:
        return not self._over and self._process is not None and self._process.returncode is None

    async def _launch(self) -> Order:
        order = await self._prepare()
        try:
            process, heard = await self._spawn(order)
        except (OSError, ValueError) as wrong:
            # A value error is a command or a variable that no process can be given.
            await _remove(order.directory)
            raise ChildError(f"Cannot run the command: {wrong}") from wrong
        self._process = process
        self._attending = asyncio.create_task(self._attend(process, heard, order.directory))
        if process.stdin is not None:
            if not (self._over or self._doomed):
                process.stdin.write(b"\n")
            process.stdin.close()
        if self._doomed:
            self._kill_group()
        return order

    async def _spawn(self, order: Order) -> tuple[Process, int]:
        """Start the shell behind its gate, guarded; return it and where it can be heard."""
        heard, spoken = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                SHELL,
                "-c",
                _GATE,
                SHELL,
                order.command,
                stdin=PIPE,
                stdout=spoken,
                stderr=spoken,
                cwd=order.home,
                env=dict(order.environment),
                start_new_session=True,
            )
            try:
                await self._watchdog.guard(process.pid)
            except OSError:
                process.kill()
                await process.wait()
                raise
        except BaseException:
            os.close(heard)
            raise
        finally:
            os.close(spoken)
        return process, heard

    async def _attend(self, process: Process, heard: int, directory: Path) -> None:
        """Hear the child to its end, and clear up behind it."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(heard, "rb", 0)
        self._output, _ = await loop.connect_read_pipe(lambda: protocol, pipe)
        hearing = asyncio.create_task(self._hear(reader))
        code = await process.wait()
        if not self._over:
            self.port, self.ready = None, False
            self._kill_group()
        # A shell may end before what it started; the output ends with the last of them.
        await hearing
        if self._deaf is not None:
            self._deaf.cancel()
        self._output.close()
        await self._watchdog.release(process.pid)
        await _remove(directory)
        if self.status is None:
            self.status = code if code >= 0 else 128 - code
        if not self._over:
            self._over = True
            self._ears.exited(self.status)

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        rest = b""
        while piece := await reader.read(_PIECE_BYTES):
            *lines, rest = (rest + piece).split(b"\n")
            while len(rest) > _LINE_BYTES:
                lines.append(rest[:_LINE_BYTES])
                rest = rest[_LINE_BYTES:]
            for line in lines:
                self._ears.line(line.decode(errors="replace").rstrip("\r"))
            # One that never stops writing must not keep the others waiting.
            await asyncio.sleep(0)
        if rest:
            self._ears.line(rest.decode(errors="replace"))

    async def _until_bound(self, port: int, limit_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + limit_s
        while self._lives():
            if await _accepts(port):
                if self._lives():
                    self.port = port
                return
            if loop.time() >= end:
                raise BootTimeoutError
            await asyncio.sleep(_LOOK_AGAIN_S)

    def _kill_group(self) -> None:
        self._signal(signal.SIGKILL)
        # Who left the group may hold the output open for ever.
        if self._deaf is None and self._output is not None:
            loop = asyncio.get_running_loop()
            self._deaf = loop.call_later(_LAST_WORDS_S, self._output.close)

    def _signal(self, number: signal.Signals) -> None:
        # Once all have ended, the number of the group may be another's.
        over = self._attending is not None and self._attending.done()
        if self._process is not None and not over:
            # macOS refuses a group in which everybody has ended already.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


async def _remove(directory: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _accepts(port: int) -> bool:
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
    return False


def free_port(seed: str) -> int:
    """Return a loopback port that nobody listens on now.

    It lies below the range that systems draw from for outgoing connections, so that none of these
    takes it before the child does. Somebody else still may; the child then exits, and its next
    life gets another port.

    Raises:
        ChildError: all are taken.
    """
    first = random.Random(seed).randrange(len(_PORTS))
    for offset in range(len(_PORTS)):
        port = _PORTS[(first + offset) % len(_PORTS)]
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise ChildError(f"no free port from {_PORTS[0]} to {_PORTS[-1]}")
