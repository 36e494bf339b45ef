"""Bodies through the edge: passed on as they come, at the pace of whoever is slowest."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable

import httpx

from pilothouse.sandbox.edge import Edge, Outcome
from tests.sandbox.raw import GET, OK, Reader, Writer, stage
from tests.sandbox.test_edge import Switch, backend, running
from tests.waiting import until_async

MIB = 2**20
POST = b"POST / HTTP/1.1\r\nhost: x\r\n"
CHUNKS = POST + b"transfer-encoding: chunked\r\n\r\n"


def standing_still(progress: Callable[[], int]) -> Callable[[], Awaitable[bool]]:
    """A look that is true once a number has not changed for twenty looks."""
    seen: list[int] = []

    async def look() -> bool:
        seen.append(progress())
        return len(seen) > 20 and len(set(seen[-20:])) == 1

    return look


def test_each_event_of_a_stream_arrives_before_the_next_is_sent() -> None:
    async def scene() -> None:
        go_on = asyncio.Queue[None]()

        async def events(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            for number in range(5):
                await go_on.get()
                writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
                await writer.drain()
            writer.write(b"0\r\nx-after: 1\r\n\r\n")
            await writer.drain()

        async with stage(events) as scene:
            client = await scene.dial()
            await client.ask(GET)
            # The head does not wait for the first event.
            assert b"text/event-stream" in await client.head()
            for number in range(5):
                go_on.put_nowait(None)
                piece = await asyncio.wait_for(client.reader.readuntil(b"\n\n\r\n"), 5)
                assert piece == b"9\r\ndata: %d\n\n\r\n" % number
            assert await client.head() == b"0\r\nx-after: 1\r\n\r\n"
            assert (await scene.until_told()).outcome is Outcome.ANSWERED

    asyncio.run(scene())


def test_an_upload_is_passed_on_piece_by_piece_and_the_connection_goes_on() -> None:
    async def scene() -> None:
        heard = asyncio.Queue[bytes]()

        async def listen(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            while (piece := await reader.readuntil(b"\r\n")) != b"0\r\n":
                heard.put_nowait(piece)
            await reader.readuntil(b"\r\n")
            writer.write(OK)
            await writer.drain()

        async with stage(listen) as scene:
            client = await scene.dial()
            for _ in range(2):
                await client.ask(CHUNKS)
                for number in range(3):
                    await client.ask(b"2\r\n%02d\r\n" % number)
                    assert await asyncio.wait_for(heard.get(), 5) == b"2\r\n"
                    assert await asyncio.wait_for(heard.get(), 5) == b"%02d\r\n" % number
                await client.ask(b"0\r\n\r\n")
                assert await client.answer() == (200, b"ok")

    asyncio.run(scene())


def test_an_answer_is_read_no_faster_than_its_client_takes_it() -> None:
    async def scene() -> None:
        sent: list[None] = []

        async def pour(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (64 * MIB))
            for _ in range(64):
                writer.write(b"x" * MIB)
                await writer.drain()
                sent.append(None)

        async with stage(pour) as scene:
            client = await scene.dial()
            await client.ask(GET)
            await client.head()
            await until_async(standing_still(lambda: len(sent)), "every buffer to be full")
            assert len(sent) < 48
            left = 64 * MIB
            while left:
                left -= len(await asyncio.wait_for(client.reader.read(MIB), 5))
            assert (await scene.until_told()).bytes == 64 * MIB

    asyncio.run(scene())


def test_an_upload_is_read_no_faster_than_its_instance_takes_it() -> None:
    async def scene() -> None:
        awake = asyncio.Event()
        sent: list[None] = []

        async def doze(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await awake.wait()
            for _ in range(64):
                await reader.readexactly(MIB)
            writer.write(OK)
            await writer.drain()

        async def push(write: Callable[[bytes], Awaitable[None]]) -> None:
            for _ in range(64):
                await write(b"x" * MIB)
                sent.append(None)

        async with stage(doze) as scene:
            client = await scene.dial()
            await client.ask(POST + b"content-length: %d\r\n\r\n" % (64 * MIB))
            pushing = asyncio.create_task(push(client.ask))
            await until_async(standing_still(lambda: len(sent)), "every buffer to be full")
            assert len(sent) < 48
            awake.set()
            assert await client.answer() == (200, b"ok")
            await pushing

    asyncio.run(scene())


def test_an_answer_that_comes_before_the_body_is_whole_ends_the_connection_after_it() -> None:
    async def too_large(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()

    async def scene() -> None:
        async with stage(too_large) as scene:
            client = await scene.dial()
            await client.ask(POST + b"content-length: 9000000\r\n\r\nfirst")
            assert await client.answer() == (413, b"no")
            await client.ask(b"x" * 100_000)
            client.writer.write_eof()
            assert await client.rest() == b""
            assert scene.edge.counters.answered == 1

    asyncio.run(scene())


def test_early_hints_pass_and_an_instances_own_leave_to_send_does_not() -> None:
    async def hint(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        writer.write(b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n" + OK)
        await writer.drain()

    async def scene() -> None:
        async with stage(hint) as scene:
            client = await scene.dial()
            await client.ask(GET)
            assert await client.head() == b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n"
            assert await client.answer() == (200, b"ok")
            assert (await scene.until_told()).status == 200

    asyncio.run(scene())


def test_a_websocket_is_tunnelled_both_ways_until_both_have_ended() -> None:
    async def shout(reader: Reader, writer: Writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b"\r\nconnection: upgrade\r\n" in head
        assert b"\r\nupgrade: websocket\r\n" in head
        assert b"\r\nsec-websocket-key: abc\r\n" in head
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n")
        writer.write(b"upgrade: websocket\r\nsec-websocket-accept: def\r\n\r\nhello")
        while piece := await reader.read(100):
            writer.write(piece.upper())
            await writer.drain()
        writer.write(b"bye")

    async def scene() -> None:
        async with stage(shout) as scene:
            client = await scene.dial()
            await client.ask(
                b"GET /chat HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\n"
                b"upgrade: websocket\r\nsec-websocket-key: abc\r\n\r\nearly"
            )
            head = await client.head()
            assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
            assert b"\r\nsec-websocket-accept: def\r\n" in head
            assert await client.reader.readexactly(10) == b"helloEARLY"
            for word in (b"one", b"two"):
                await client.ask(word)
                assert await client.reader.readexactly(3) == word.upper()
            assert scene.edge.in_flight("raw") == 1
            client.writer.write_eof()
            assert await client.rest() == b"bye"
            told = await scene.until_told()
            assert (told.status, told.outcome, told.bytes) == (101, Outcome.ANSWERED, 19)

    asyncio.run(scene())


def test_an_instance_that_will_not_upgrade_answers_as_ever() -> None:
    async def scene() -> None:
        one = await running("one")
        edge = Edge("test:app", Switch(backend(one)))
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            wish = {"connection": "upgrade", "upgrade": "websocket"}
            for _ in range(2):
                assert (await client.get("/", headers=wish)).json()["instance"] == "one"
        assert edge.counters.connections == 1
        await edge.stop()
        await one.stop(1.0)

    asyncio.run(scene())


def test_the_practice_app_streams_lines_and_gives_a_large_body_back() -> None:
    async def scene() -> None:
        one = await running("one")
        edge = Edge("test:app", Switch(backend(one)))
        await edge.start()
        loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(base_url=edge.url, timeout=20) as client:
            began = loop.time()
            moments: list[float] = []
            async with client.stream("GET", "/stream?s=0.5") as answer:
                async for line in answer.aiter_lines():
                    assert json.loads(line)["line"] == len(moments)
                    moments.append(loop.time() - began)
            assert len(moments) == 5
            assert moments[0] < 0.2
            assert moments[-1] > 0.35
            body = hashlib.sha256(b"seed").digest() * (8 * MIB // 32)
            kind = {"content-type": "application/x-test"}
            back = await client.post("/echo", content=body, headers=kind)
            assert (back.content == body, back.headers["content-type"]) == (
                True,
                "application/x-test",
            )
            too_much = await client.post("/echo", content=bytes(33 * MIB))
            assert too_much.status_code == 413
        assert (edge.counters.answered, edge.counters.requests) == (3, 3)
        await edge.stop()
        await one.stop(1.0)

    asyncio.run(scene())
