"""Raw bytes against the edge: an instance that plays a script, a client that says anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from pilothouse.sandbox.edge import Backend, Edge, Exchange, Manners
from tests.sandbox.test_edge import Switch
from tests.waiting import until_async

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Script = Callable[[Reader, Writer], Awaitable[None]]
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Dial:
    """A client's connection."""

    reader: Reader
    writer: Writer

    async def ask(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def head(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)

    async def answer(self) -> tuple[int, bytes]:
        """One answer with a length: its status and body."""
        head = (await self.head()).lower()
        size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await asyncio.wait_for(self.reader.readexactly(size), 5)
        return int(head.split(b" ")[1]), body

    async def rest(self) -> bytes:
        """Everything up to the end."""
        return await asyncio.wait_for(self.reader.read(), 10)


@dataclass
class Stage:
    """An edge in front of one scripted instance."""

    edge: Edge
    switch: Switch
    told: list[Exchange]
    dials: list[Dial] = field(default_factory=list)

    async def dial(self) -> Dial:
        """A new client; it need not be closed."""
        dial = Dial(*await asyncio.open_connection("127.0.0.1", self.edge.port, limit=2**20))
        self.dials.append(dial)
        return dial

    async def until_told(self, count: int = 1) -> Exchange:
        """Wait for so many notices and answer the last."""

        async def look() -> bool:
            return len(self.told) >= count

        await until_async(look, f"{count} exchanges told of")
        return self.told[-1]


@asynccontextmanager
async def stage(script: Script, manners: Manners | None = None) -> AsyncIterator[Stage]:
    """Open an edge whose instance speaks as `script` says, on every connection anew."""
    playing: set[asyncio.Task[object]] = set()

    async def play(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        playing.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await script(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        playing.discard(task)

    server = await asyncio.start_server(play, "127.0.0.1", 0, limit=2**20)
    switch = Switch(Backend("raw", server.sockets[0].getsockname()[1]))
    told: list[Exchange] = []
    edge = Edge("test:app", switch, manners, told.append)
    await edge.start()
    opened = Stage(edge, switch, told)
    try:
        yield opened
    finally:
        for dial in opened.dials:
            dial.writer.close()
            with suppress(ConnectionError):
                await dial.writer.wait_closed()
        await edge.stop()
        server.close()
        await asyncio.gather(*playing)
    counted = edge.counters
    ended = counted.answered + counted.refused + counted.lost
    assert counted.requests == ended + counted.broken + counted.abandoned == len(told)


async def ok(reader: Reader, writer: Writer) -> None:
    """A script: answer every request without a body."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(OK)
        await writer.drain()


async def echo_heads(reader: Reader, writer: Writer) -> None:
    """A script: answer every request without a body with the head that arrived."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(head), head))
        await writer.drain()
