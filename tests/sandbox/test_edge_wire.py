"""What clients may say to the edge, byte by byte, and what they hear: never nothing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilothouse.sandbox.edge import Outcome, Refuse
from tests.sandbox.raw import GET, echo_heads, ok, stage
from tests.waiting import until_async

POST = b"POST / HTTP/1.1\r\nhost: x\r\n"
BAD = {
    "no target": (b"GET\r\n\r\n", 400),
    "a word too many": (b"GET / x HTTP/1.1\r\n\r\n", 400),
    "a method that is none": (b"G(T / HTTP/1.1\r\nhost: x\r\n\r\n", 400),
    "another protocol": (b"GET / RTSP/1.0\r\n\r\n", 400),
    "HTTP/2 with prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "a header without a colon": (b"GET / HTTP/1.1\r\nhost x\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\nhost : x\r\n\r\n", 400),
    "a folded header": (b"GET / HTTP/1.1\r\nhost: x\r\n more\r\n\r\n", 400),
    "a null in a header": (b"GET / HTTP/1.1\r\nhost: x\0y\r\n\r\n", 400),
    "bare line feeds": (b"GET / HTTP/1.1\nhost: x\n\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    "two lengths": (POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    "a negative length": (POST + b"content-length: -1\r\n\r\n", 400),
    "a length and chunks": (
        POST + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks without a size": (POST + b"transfer-encoding: chunked\r\n\r\nZZ\r\n", 400),
    "an unknown coding": (POST + b"transfer-encoding: gzip\r\n\r\n", 400),
    "headers without end": (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70_000, 431),
    "headers too long": (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 66_000 + b"\r\n\r\n", 431),
    "a target without end": (b"GET /" + b"a" * 70_000, 414),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_http_is_refused_at_once_and_reaches_nobody(name: str) -> None:
    raw, status = BAD[name]

    async def scene() -> None:
        async with stage(ok) as scene:
            client = await scene.dial()
            await client.ask(raw)
            assert (await client.answer())[0] == status
            client.writer.write_eof()
            assert await client.rest() == b""
            assert (scene.edge.counters.malformed, scene.edge.counters.requests) == (1, 0)

    asyncio.run(scene())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.sampled_from([b"", b"GET / HTTP/1.1\r\n", GET, POST]))
def test_whatever_bytes_come_the_edge_answers_or_closes_and_lives(
    junk: bytes, start: bytes
) -> None:
    async def scene() -> None:
        async with stage(ok) as scene:
            client = await scene.dial()
            await client.ask(start + junk)
            client.writer.write_eof()
            await client.rest()
            sane = await scene.dial()
            await sane.ask(GET)
            assert await sane.answer() == (200, b"ok")

    asyncio.run(scene())


def test_pipelined_requests_are_answered_in_order_over_one_connection() -> None:
    async def scene() -> None:
        async with stage(echo_heads) as scene:
            client = await scene.dial()
            paths = [b"/%d" % number for number in range(20)]
            await client.ask(b"".join(b"GET %b HTTP/1.1\r\nhost: x\r\n\r\n" % p for p in paths))
            heard = [(await client.answer())[1].split(b" ")[1] for _ in paths]
            assert heard == paths
            counted = scene.edge.counters
            assert (counted.connections, counted.opened, counted.reused) == (1, 1, 19)

    asyncio.run(scene())


def test_a_client_that_has_said_everything_still_hears_the_answer() -> None:
    async def scene() -> None:
        async with stage(ok) as scene:
            client = await scene.dial()
            await client.ask(GET + GET)
            client.writer.write_eof()
            assert (await client.rest()).count(b"\r\n\r\nok") == 2
            assert [each.outcome for each in scene.told] == [Outcome.ANSWERED] * 2

    asyncio.run(scene())


def test_head_has_the_length_and_no_body_and_the_connection_goes_on() -> None:
    async def scene() -> None:
        async with stage(ok) as scene:
            scene.switch.route = Refuse(503, (), b"closed for today\n")
            client = await scene.dial()
            await client.ask(b"HEAD / HTTP/1.1\r\nhost: x\r\n\r\n" + GET)
            head = await client.head()
            assert b"content-length: 17\r\n" in head
            assert await client.answer() == (503, b"closed for today\n")

    asyncio.run(scene())


def test_an_old_client_gets_its_answer_and_the_end_of_the_connection() -> None:
    async def chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"GET / HTTP/1.1\r\n" in head
        assert b"host: 127.0.0.1\r\n" in head
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        writer.write(b"3\r\nabc\r\n3;x=y\r\ndef\r\n0\r\nafter: all\r\n\r\n")
        await writer.drain()

    async def scene() -> None:
        async with stage(chunks) as scene:
            client = await scene.dial()
            await client.ask(b"GET / HTTP/1.0\r\n\r\n")
            head, body = (await client.rest()).split(b"\r\n\r\n", 1)
            assert body == b"abcdef"
            assert b"transfer-encoding" not in head
            assert b"connection: close" in head

    asyncio.run(scene())


def test_a_client_that_waits_for_leave_to_send_gets_it_only_when_somebody_listens() -> None:
    async def scene() -> None:
        async with stage(_echo_body) as scene:
            ask = POST + b"content-length: 5\r\nexpect: 100-continue\r\n\r\n"
            client = await scene.dial()
            await client.ask(ask)
            assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            await client.ask(b"hello")
            assert await client.answer() == (200, b"hello")
            scene.switch.route = Refuse(503, (), b"no\n")
            await client.ask(ask)
            assert await client.answer() == (503, b"no\n")
            client.writer.write_eof()
            assert await client.rest() == b""

    asyncio.run(scene())


async def _echo_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"expect" not in head
    body = await reader.readexactly(int(head.split(b"content-length: ")[1].split(b"\r\n")[0]))
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
    await writer.drain()


def test_headers_that_belong_to_a_connection_stay_with_it() -> None:
    async def scene() -> None:
        async with stage(echo_heads) as scene:
            client = await scene.dial()
            await client.ask(
                b"GET / HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, x-own\r\nkeep-alive: 5\r\n"
                b"x-own: 1\r\nupgrade: h2c\r\nx-kept: a\r\nx-kept: b\r\n\r\n"
            )
            head = (await client.answer())[1]
            assert b"x-kept: a\r\nx-kept: b\r\n" in head
            for gone in (b"keep-alive", b"upgrade", b"x-own"):
                assert gone not in head

    asyncio.run(scene())


def test_a_refused_body_is_read_when_it_is_small_and_ends_the_connection_when_not() -> None:
    async def scene() -> None:
        async with stage(ok) as scene:
            scene.switch.route = Refuse(503, (), b"no\n")
            client = await scene.dial()
            await client.ask(POST + b"content-length: 4\r\n\r\nbody" + GET)
            assert [await client.answer() for _ in range(2)] == [(503, b"no\n")] * 2
            await client.ask(POST + b"transfer-encoding: chunked\r\n\r\n")
            assert await client.answer() == (503, b"no\n")
            # What it still sends must not cost it the answer.
            await client.ask(b"5\r\nhello\r\n" * 10_000 + b"0\r\n\r\n")
            client.writer.write_eof()
            assert await client.rest() == b""

            async def settled() -> bool:
                return scene.edge.counters.lost == 3

            await until_async(settled, "three refusals")

    asyncio.run(scene())
