"""How a request through the edge can end badly, and that each end is told of by its own name."""

from __future__ import annotations

import asyncio
import socket
import struct

import httpx

from pilothouse.sandbox.edge import Backend, Edge, Exchange, Manners, Outcome, Refuse, Wait
from tests.sandbox.raw import GET, OK, Reader, Stage, Writer, ok, stage
from tests.sandbox.test_edge import Switch, backend, running
from tests.waiting import until_async

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n"
SLOW = Manners(
    too_slow=Refuse(503, (), b"too slow\n", "H12"),
    no_answer=Refuse(503, (), b"no answer\n", "H13"),
    unreachable=Refuse(503, (), b"refused\n", "H21"),
    first_byte_s=0.2,
    idle_s=0.2,
)


async def silence(reader: Reader, writer: Writer) -> None:
    """A script: hear everything and say nothing, until the other side leaves."""
    await reader.read()


async def until_in_flight(scene: Stage, wanted: int = 1) -> None:
    async def look() -> bool:
        return scene.edge.in_flight("raw") == wanted

    await until_async(look, f"{wanted} in flight")


def reset(writer: Writer) -> None:
    """Leave as a process does that was killed with words unread."""
    inner = writer.get_extra_info("socket")
    inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def test_an_instance_that_does_not_begin_in_time_is_given_up() -> None:
    async def scene() -> None:
        async with stage(silence, SLOW) as scene:
            client = await scene.dial()
            await client.ask(GET + POST + b"hello" + GET)
            assert [await client.answer() for _ in range(3)] == [(503, b"too slow\n")] * 3
            told = scene.told[0]
            assert (told.outcome, told.code, told.status) == (Outcome.TOO_SLOW, "H12", 503)
            assert told.service_s is not None
            assert 0.19 < told.service_s < 1.0
            assert (scene.edge.counters.lost, scene.edge.counters.connections) == (3, 1)

    asyncio.run(scene())


def test_the_time_to_the_first_byte_begins_when_the_request_is_whole() -> None:
    async def after_the_body(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"hello")
        writer.write(OK)
        await writer.drain()

    async def scene() -> None:
        async with stage(after_the_body, SLOW) as scene:
            loop = asyncio.get_running_loop()
            client, began = await scene.dial(), loop.time()
            await client.ask(POST)

            async def later() -> bool:
                return loop.time() - began > 0.4

            await until_async(later, "twice the time to the first byte")
            await client.ask(b"hello")
            assert await client.answer() == (200, b"ok")

    asyncio.run(scene())


def test_an_answer_that_stands_still_too_long_is_cut() -> None:
    async def stall(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED + b"1\r\na\r\n")
        await writer.drain()
        await reader.read()

    async def scene() -> None:
        async with stage(stall, SLOW) as scene:
            client = await scene.dial()
            await client.ask(GET)
            await client.head()
            assert (await scene.until_told()).outcome is Outcome.BROKEN
            assert scene.edge.counters.broken == 1

    asyncio.run(scene())


def test_an_answer_that_breaks_off_is_cut_for_the_client_too() -> None:
    async def half(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
        await writer.drain()

    async def scene() -> None:
        async with stage(half) as scene:
            async with httpx.AsyncClient(base_url=scene.edge.url) as client:
                try:
                    await client.get("/")
                except httpx.HTTPError:
                    cut = True
                else:
                    cut = False
            assert cut
            told = await scene.until_told()
            assert (told.outcome, told.status, told.bytes) == (Outcome.BROKEN, 200, 4)

    asyncio.run(scene())


def test_an_answer_without_a_length_is_whole_at_its_end_and_broken_at_a_reset() -> None:
    async def until_close(reader: Reader, writer: Writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\npart")
        await writer.drain()
        if b"/cut" in head:
            reset(writer)

    async def scene() -> None:
        async with stage(until_close) as scene:
            whole, cut = await scene.dial(), await scene.dial()
            await whole.ask(GET)
            assert (await whole.rest()).endswith(b"\r\n\r\npart")
            assert (await scene.until_told()).outcome is Outcome.ANSWERED
            await cut.ask(b"GET /cut HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await scene.until_told(2)).outcome in (Outcome.BROKEN, Outcome.FAILED)

    asyncio.run(scene())


def test_a_client_that_leaves_is_abandoned_wherever_it_leaves() -> None:
    async def endless(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(CHUNKED)
        while True:
            # So much at once that draining it lets the others have their turn.
            writer.write(b"100000\r\n%b\r\n" % bytes(2**20))
            await writer.drain()

    async def scene() -> None:
        async with stage(silence) as scene:
            waiting = await scene.dial()
            await waiting.ask(GET)
            await until_in_flight(scene)
            reset(waiting.writer)
            told = await scene.until_told(1)
            assert (told.outcome, told.status, told.bytes) == (Outcome.ABANDONED, 0, 0)
            uploading = await scene.dial()
            await uploading.ask(POST + b"he")
            await until_in_flight(scene)
            uploading.writer.close()
            assert (await scene.until_told(2)).outcome is Outcome.ABANDONED
            scene.switch.route = Wait(30.0)
            held = await scene.dial()
            await held.ask(GET)
            reset(held.writer)
            told = await scene.until_told(3)
            assert (told.outcome, told.backend) == (Outcome.ABANDONED, None)
            assert scene.edge.counters.abandoned == 3
        async with stage(endless) as scene:
            reading = await scene.dial()
            await reading.ask(GET)
            await reading.head()
            reading.writer.close()
            told = await scene.until_told()
            assert (told.outcome, told.status) == (Outcome.ABANDONED, 200)

    asyncio.run(scene())


def test_a_client_that_hung_up_while_it_waited_does_not_count_as_answered() -> None:
    async def scene() -> None:
        go_on = asyncio.Event()

        async def late(reader: Reader, writer: Writer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await go_on.wait()
            writer.write(OK)
            await writer.drain()

        async with stage(late) as scene:
            client = await scene.dial()
            await client.ask(GET)
            await until_in_flight(scene)
            client.writer.close()
            await client.writer.wait_closed()
            go_on.set()
            assert (await scene.until_told()).outcome is Outcome.ABANDONED

    asyncio.run(scene())


def test_a_request_that_nobody_took_goes_to_another_instance_and_one_that_was_taken_does_not() -> (
    None
):
    seen: list[str] = []

    async def scene() -> None:
        one = await running("one")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            dead = Backend("dead", closed.getsockname()[1])
        routes = [dead, dead, backend(one)]
        told: list[Exchange] = []
        edge = Edge("test:app", lambda _seen: routes.pop(0), SLOW, told.append)
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            answer = await client.post("/echo", content=b"whole")
            assert (answer.status_code, answer.content) == (200, b"whole")
        assert [each.outcome for each in told] == [Outcome.ANSWERED]
        assert edge.counters.by_instance == {"one": 1}
        await edge.stop()
        await one.stop(1.0)

        async def slam(reader: Reader, writer: Writer) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head.split(b" ")[0].decode())

        async with stage(slam, SLOW) as scene:
            raw = await scene.dial()
            await raw.ask(GET + POST + b"hello")
            assert [await raw.answer() for _ in range(2)] == [(503, b"no answer\n")] * 2
            assert [each.code for each in scene.told] == ["H13", "H13"]

    asyncio.run(scene())
    assert seen == ["GET", "POST"]


def test_what_is_no_http_from_an_instance_is_no_answer() -> None:
    async def babble(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"ok\r\n\r\n")
        await writer.drain()

    async def scene() -> None:
        async with stage(babble, SLOW) as scene:
            client = await scene.dial()
            await client.ask(GET)
            assert await client.answer() == (503, b"no answer\n")

    asyncio.run(scene())


def test_a_stop_answers_what_it_can_and_cuts_the_stream_that_takes_too_long() -> None:
    async def scene() -> None:
        one = await running("one")
        told: list[Exchange] = []
        edge = Edge("test:app", Switch(backend(one)), SLOW, told.append)
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            short = asyncio.create_task(client.get("/stream?s=0.3"))
            long = asyncio.create_task(client.get("/stream?s=30"))

            async def both() -> bool:
                return one.in_flight == 2

            await until_async(both, "both to be in flight")
            await one.stop(0.6)
            assert (await short).status_code == 200
            assert isinstance((await asyncio.gather(long, return_exceptions=True))[0], Exception)
        assert [each.outcome for each in told] == [Outcome.ANSWERED, Outcome.BROKEN]
        assert (edge.counters.lost, edge.counters.broken) == (0, 1)
        await edge.stop()

    asyncio.run(scene())


def test_a_stopped_edge_lets_go_of_every_request_and_each_is_told_of() -> None:
    async def scene() -> None:
        async with stage(silence) as scene:
            asked = [await scene.dial() for _ in range(5)]
            for client in asked:
                await client.ask(GET)
            await until_in_flight(scene, 5)
            scene.switch.route = Wait(30.0)
            held = await scene.dial()
            await held.ask(GET)

            async def all_here() -> bool:
                return scene.edge.counters.requests == 6

            await until_async(all_here, "the held request")
            await scene.edge.stop()
            assert [each.outcome for each in scene.told] == [Outcome.ABANDONED] * 6

    asyncio.run(scene())


def test_many_at_once_are_all_answered_over_few_connections() -> None:
    async def scene() -> None:
        async with stage(ok) as scene:
            limits = httpx.Limits(max_connections=20)
            async with httpx.AsyncClient(base_url=scene.edge.url, limits=limits) as client:
                answers = await asyncio.gather(*(client.get("/") for _ in range(300)))
            assert {each.status_code for each in answers} == {200}
            counted = scene.edge.counters
            assert counted.answered == 300
            assert counted.opened <= 20
            assert counted.opened + counted.reused == 300

    asyncio.run(scene())


def test_a_defect_costs_a_client_its_connection_and_does_not_leave_it_waiting() -> None:
    def stumble(_seen: object) -> Backend:
        raise LookupError("a router that does not know what to do")

    reports: list[object] = []

    async def scene() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: reports.append(context["exception"]))
        edge = Edge("test:app", stumble)
        await edge.start()
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
            writer.write(GET)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            await writer.wait_closed()
        assert edge.counters.abandoned == edge.counters.requests == 2
        await edge.stop()

    asyncio.run(scene())
    assert [type(each) for each in reports] == [LookupError] * 2
