"""What Fly's proxy tells machines and clients about a request, and what it logs."""

from __future__ import annotations

import asyncio

import httpx

from pilothouse.sandbox.edge import Edge, Exchange
from pilothouse.sandbox.fly.proxy import MANNERS, NO_CANDIDATE, notice
from tests.sandbox.raw import GET, Reader, Writer, echo_heads, stage
from tests.sandbox.test_edge import Switch


def test_a_machine_is_told_who_asked_and_the_client_who_answered() -> None:
    async def scene() -> None:
        async with stage(echo_heads, MANNERS) as scene:
            async with httpx.AsyncClient(base_url=scene.edge.url) as client:
                lies = {
                    "Fly-Client-IP": "6.6.6.6",
                    "X-Forwarded-Proto": "https",
                    "X-Forwarded-For": "10.0.0.7",
                    "Via": "1.0 somewhere",
                }
                answers = [await client.get("/", headers=lies) for _ in range(2)]
            lines = answers[0].text.lower().split("\r\n")
            told = dict(line.split(": ", 1) for line in lines[1:] if line)
            assert len(told) == len([line for line in lines[1:] if line])
            assert told["fly-client-ip"] == "127.0.0.1"
            assert told["fly-forwarded-port"] == told["x-forwarded-port"] == str(scene.edge.port)
            assert (told["x-forwarded-proto"], told["x-forwarded-ssl"]) == ("http", "off")
            assert told["x-forwarded-for"].startswith("10.0.0.7, 127.0.0.1")
            assert told["via"] == "1.0 somewhere, 1.1 fly.io"
            assert told["fly-region"] == "ams"
            heard = answers[0].headers
            assert heard["fly-machine-id"] == "raw"
            assert heard["fly-request-id"].lower() == told["fly-request-id"]
            assert heard["fly-request-id"] != answers[1].headers["fly-request-id"]

    asyncio.run(scene())


async def _slam(reader: Reader, writer: Writer) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if b"/half" in head:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
    elif b"/good" in head:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    await writer.drain()


def test_the_proxy_logs_what_it_could_not_do_and_nothing_else() -> None:
    lines: list[tuple[str, str]] = []

    def hear(exchange: Exchange) -> None:
        notice(lambda machine, text: lines.append((machine, text)), exchange)

    async def scene() -> None:
        async with stage(_slam) as scene:
            edge = Edge("fly:app", Switch(scene.switch.route), MANNERS, hear)
            await edge.start()
            for path in (b"/good", b"/slam", b"/half"):
                reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
                writer.write(
                    GET.replace(b"/ ", path + b" ").replace(
                        b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"
                    )
                )
                await asyncio.wait({asyncio.create_task(reader.read())}, timeout=5)
                writer.close()
            await edge.stop()
            edge = Edge("fly:app", Switch(NO_CANDIDATE), MANNERS, hear)
            await edge.start()
            async with httpx.AsyncClient(base_url=edge.url) as client:
                answer = await client.get("/")
            await edge.stop()
            number = answer.headers["fly-request-id"]
            assert lines[-1] == (
                "",
                "[PR04] could not find a good candidate within 40 attempts "
                f'request.method="GET" request.id="{number}"',
            )

    asyncio.run(scene())
    assert [(machine, text[:6]) for machine, text in lines] == [
        ("raw", "[PU02]"),
        ("raw", "[PU02]"),
        ("", "[PR04]"),
    ]
