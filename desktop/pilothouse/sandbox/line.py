"""One TCP connection, with a buffer that can be looked at before it is taken.

asyncio's streams cannot give back what they have read, and wake a task for each piece; here a
head is found in place, and what follows it stays where it is.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import cast

_ENOUGH_BYTES = 128 * 1024
_LINGER_S = 2.0
_ARRIVAL_TURNS = 3


class CutError(ConnectionError):
    """The other side ended in the middle of a message."""


class Line(asyncio.Protocol):
    """A connection to a client or to an instance; `eof` once the other side will send no more.

    A side that has sent everything may still be answered: only `lost` says that nobody listens.
    """

    def __init__(self, made: Callable[[Line], None] | None = None) -> None:
        self.buffer = bytearray()
        self.eof = False
        self.lost = False
        self.reset = False
        self.late = False
        self.reused = False
        self.on_lost: Callable[[], None] | None = None
        self._made = made
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Future[None] | None = None
        self._written: asyncio.Future[None] | None = None
        self._choked = False
        self._full = False
        self._alarm: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    # ------------------------------------------------------------------ what asyncio tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        if self._made is not None:
            self._made(self)

    def data_received(self, data: bytes) -> None:
        """Keep what came; ask for no more while nobody takes it."""
        self.buffer += data
        if len(self.buffer) > _ENOUGH_BYTES and not self._full:
            self._full = True
            self._transport.pause_reading()
        _wake(self._heard)

    def eof_received(self) -> bool:
        """Note that no more will come, and keep the way back open."""
        self.eof = True
        _wake(self._heard)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake everybody who waits for this connection."""
        self.eof = self.lost = True
        self.reset = exc is not None
        self.no_alarm()
        _wake(self._heard)
        _wake(self._written)
        if self.on_lost is not None:
            self.on_lost()

    def pause_writing(self) -> None:
        """Have `drain` wait: the other side does not keep up."""
        self._choked = True

    def resume_writing(self) -> None:
        """Let `drain` go on."""
        self._choked = False
        _wake(self._written)

    # ------------------------------------------------------------------ reading

    @property
    def peer(self) -> str:
        """The address at the other end."""
        return str(self._transport.get_extra_info("peername", ("",))[0])

    @property
    def usable(self) -> bool:
        """Whether a request may be sent on it: open both ways, and nothing left over."""
        return not (self.eof or self.buffer or self._transport.is_closing())

    async def fill(self, limit_s: float | None = None) -> bool:
        """Wait until more came, False when no more will.

        Raises:
            TimeoutError: nothing came for `limit_s` real seconds.
        """
        if self.eof:
            return False
        if self._full:
            self._full = False
            self._transport.resume_reading()
        before = len(self.buffer)
        heard = self._heard = self._loop.create_future()
        timer = None if limit_s is None else self._loop.call_later(limit_s, _expire, heard)
        try:
            await heard
        finally:
            if self._heard is heard:  # else somebody else waits by now
                self._heard = None
            if timer is not None:
                timer.cancel()
        return len(self.buffer) > before

    def take(self, count: int) -> bytes | bytearray:
        """Take the first `count` bytes out of the buffer."""
        if count == len(self.buffer):
            whole, self.buffer = self.buffer, bytearray()
            return whole
        piece = bytes(self.buffer[:count])
        del self.buffer[:count]
        return piece

    # ------------------------------------------------------------------ writing

    def write(self, data: bytes | bytearray) -> None:
        """Send, without waiting.

        Raises:
            ConnectionError: the connection is gone.
        """
        if self.lost or self._transport.is_closing():
            raise ConnectionResetError("the connection is gone")
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait while the other side does not keep up.

        Raises:
            ConnectionError: the connection is gone.
        """
        while self._choked and not self.lost:
            self._written = self._loop.create_future()
            await self._written
        if self.lost:
            raise ConnectionResetError("the connection is gone")

    def gone(self) -> bool:
        """Whether the other side is known to be gone, and not merely silent."""
        if self.lost:
            return True
        inner = self._transport.get_extra_info("socket")
        return bool(inner.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    # ------------------------------------------------------------------ ending

    def alarm(self, seconds: float) -> None:
        """Break the connection off, as `late`, unless `no_alarm` comes first."""
        self.no_alarm()
        self._alarm = self._loop.call_later(seconds, self._too_late)

    def no_alarm(self) -> None:
        """Take the alarm back."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _too_late(self) -> None:
        self.late = True
        self.abort()

    def end_writing(self) -> None:
        """Say that nothing more will be sent."""
        if not (self.lost or self._transport.is_closing()):
            self._transport.write_eof()

    def close(self) -> None:
        """Send what is written, then end."""
        self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    async def linger(self) -> None:
        """End, but hear the other side out first: its unread words would cost it our answer."""
        self.end_writing()
        end = self._loop.time() + _LINGER_S
        try:
            while self._loop.time() < end and await self.fill(_LINGER_S):
                self.buffer.clear()
        except TimeoutError:
            self.abort()
        self.close()


def _wake(waiting: asyncio.Future[None] | None) -> None:
    if waiting is not None and not waiting.done():
        waiting.set_result(None)


def _expire(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


async def connect(port: int) -> Line:
    """Open a connection to a loopback port; OSError when nobody listens."""
    _, line = await asyncio.get_running_loop().create_connection(Line, "127.0.0.1", port)
    return line


async def listen(made: Callable[[Line], None], preferred_port: int) -> asyncio.Server:
    """Listen on loopback, on `preferred_port` when it is free and on any other port else."""
    try:
        return await _listen(made, preferred_port)
    except OSError:
        return await _listen(made, 0)


async def _listen(made: Callable[[Line], None], port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    # Cancelled while it both makes a server and starts it, the loop would lose the open port.
    server = await loop.create_server(
        lambda: Line(made), "127.0.0.1", port, backlog=1024, start_serving=False
    )
    try:
        await server.start_serving()
    except asyncio.CancelledError:
        server.close()
        raise
    return server


def shut(server: asyncio.Server) -> None:
    """Close a server by the next turn of the loop; whoever the kernel has let in still arrives.

    Closed in the very turn in which it takes a connection, asyncio's server forgets that
    connection, which is then neither served nor closed.
    """
    loop = server.get_loop()
    for listening in server.sockets:
        # Windows' loop has no readers, and takes connections in another way.
        with suppress(NotImplementedError):
            loop.remove_reader(listening.fileno())
    loop.call_soon(server.close)


async def closed(server: asyncio.Server) -> None:
    """Close a server, and return when its port is free and whoever was let in has arrived."""
    shut(server)
    for _ in range(_ARRIVAL_TURNS):
        await asyncio.sleep(0)
