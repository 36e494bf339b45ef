"""The reverse proxy by itself, in front of instances of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import httpx

from pilothouse.sandbox.edge import Backend, Edge, Refuse, Route, Wait
from pilothouse.sandbox.workload import Behaviour, Identity, Instance
from tests.waiting import until_async


class Switch:
    """A router that says what the test wants."""

    def __init__(self, route: Route) -> None:
        self.route = route

    def __call__(self, headers: Mapping[str, str]) -> Route:
        return self.route


async def running(name: str, behaviour: Behaviour = Behaviour.NEXT) -> Instance:
    instance = Instance(Identity("app", 7, "digest", name), behaviour, lambda _code: None)
    await instance.start(0.0)
    return instance


def backend(instance: Instance) -> Backend:
    assert instance.port is not None
    return Backend(instance.identity.instance, instance.port)


def test_a_kept_connection_that_closed_is_replayed_elsewhere() -> None:
    async def scene() -> None:
        one, two = await running("one"), await running("two")
        switch = Switch(backend(one))
        edge = Edge("test:app", switch)
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            assert (await client.get("/")).json()["instance"] == "one"
            await one.stop(1.0)
            asked = asyncio.create_task(client.get("/"))
            await until_async(_async(lambda: edge.counters.requests == 2), "the request")
            switch.route = backend(two)
            edge.kick()
            assert (await asked).json() == {
                "app": "app",
                "release": 7,
                "artifact": "digest",
                "instance": "two",
            }
        assert (edge.counters.lost, edge.counters.by_instance) == (0, {"one": 1, "two": 1})
        await edge.stop()
        await two.stop(1.0)

    asyncio.run(scene())


def _async(look: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def looking() -> bool:
        return look()

    return looking


def test_a_held_request_goes_on_at_the_kick_and_ends_with_the_refusal() -> None:
    async def scene() -> None:
        one = await running("one")
        refusal = Refuse(503, (("x-why", "held too long"),), b"no dyno\n")
        switch = Switch(Wait(0.3, refusal))
        edge = Edge("test:app", switch)
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            late = await client.get("/")
            assert (late.status_code, late.headers["x-why"], late.text) == (
                503,
                "held too long",
                "no dyno\n",
            )
            held = asyncio.create_task(client.post("/", content=b"kept"))
            await until_async(_async(lambda: edge.counters.requests == 2), "the request")
            switch.route = backend(one)
            edge.kick()
            assert (await held).status_code == 200
        assert edge.counters.lost == 1
        await edge.stop()
        await one.stop(1.0)

    asyncio.run(scene())


def test_an_instance_that_dies_under_a_request_costs_that_request_alone() -> None:
    async def scene() -> None:
        one = await running("one")
        edge = Edge("test:app", Switch(backend(one)))
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            asked = asyncio.create_task(client.get("/slow?s=5"))
            await until_async(_async(lambda: edge.in_flight("one") == 1), "it to be in flight")
            one.kill()
            assert (await asked).status_code == 502
            assert (await client.get("/")).status_code == 502
        assert edge.counters.lost == 2
        await edge.stop()

    asyncio.run(scene())


def test_a_stopping_instance_answers_what_it_has_and_draining_says_when() -> None:
    async def scene() -> None:
        one = await running("one")
        edge = Edge("test:app", Switch(backend(one)))
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            asked = asyncio.create_task(client.get("/slow?s=0.3"))
            await until_async(_async(lambda: edge.in_flight("one") == 1), "it to be in flight")
            assert await edge.drain("one", 0.05) is False
            stopping = asyncio.create_task(one.stop(5.0))
            assert await edge.drain("one", 5.0) is True
            await stopping
            assert (await asked).status_code == 200
        assert edge.counters.lost == 0
        await edge.stop()

    asyncio.run(scene())


def test_a_stop_cuts_what_takes_longer_than_its_timeout() -> None:
    async def scene() -> None:
        one = await running("one")
        edge = Edge("test:app", Switch(backend(one)))
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            asked = asyncio.create_task(client.get("/slow?s=30"))
            await until_async(_async(lambda: one.in_flight == 1), "it to be in flight")
            await one.stop(0.2)
            assert (await asked).status_code == 502
        await edge.stop()

    asyncio.run(scene())


def test_chunked_answers_and_answers_that_end_with_the_connection_pass_through() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /chunks "):
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            writer.write(b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\ntrailer: 1\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"until the end" * 9_000)
        await writer.drain()
        writer.close()

    async def scene() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        edge = Edge("test:app", Switch(Backend("raw", port)))
        await edge.start()
        async with httpx.AsyncClient(base_url=edge.url) as client:
            assert (await client.get("/chunks")).text == "hello world"
            assert (await client.get("/rest")).content == b"until the end" * 9_000
        await edge.stop()
        server.close()

    asyncio.run(scene())


def test_an_edge_keeps_its_port_when_it_is_free_and_takes_another_when_not() -> None:
    async def scene() -> None:
        first = Edge("test:app", Switch(Wait(0.1)))
        await first.start()
        second = Edge("test:app", Switch(Wait(0.1)))
        await second.start(first.port)
        assert second.port != first.port
        port = first.port
        await first.stop()
        third = Edge("test:app", Switch(Wait(0.1)))
        await third.start(port)
        assert third.port == port
        for edge in (second, third):
            await edge.stop()

    asyncio.run(scene())


def test_every_behaviour_is_what_its_name_says() -> None:
    async def scene() -> None:
        exits: list[int] = []
        crash = Instance(Identity("app", 1, "d", "c"), Behaviour.CRASH, exits.append)
        await crash.start(0.0)
        assert (exits, crash.port) == ([1], None)
        sick = await running("sick", Behaviour.UNHEALTHY)
        assert await sick.probe("/healthz", timeout_s=1.0) == 503
        assert await sick.probe("/", timeout_s=1.0) == 200
        assert not sick.healthy
        slow = await running("slow", Behaviour.SLOW)
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await slow.probe("/", timeout_s=5.0) == 200
        assert loop.time() - began > 0.75
        looping = Instance(Identity("app", 1, "d", "l"), Behaviour.LOOP, exits.append)
        began = loop.time()
        await looping.start(0.0)
        await until_async(_async(lambda: len(exits) == 2), "the exit", 5.0)
        assert 2.8 < loop.time() - began < 4.0
        for instance in (sick, slow):
            await instance.stop(1.0)

    asyncio.run(scene())
