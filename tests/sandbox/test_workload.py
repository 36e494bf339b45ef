"""What a practice process does by itself: failing by numbers, leaking, being killed for it."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Generator
from contextlib import suppress

import pytest

from pilothouse.sandbox.workload import Behaviour, Identity, Instance
from tests.sandbox.test_edge import running
from tests.waiting import until_async


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.33, 1.0])
def test_the_same_share_of_requests_fails_every_time(rate: float) -> None:
    async def asked() -> list[int]:
        one = await running("one", Behaviour.ERR5)
        one.answers.error_rate = rate
        statuses = [await one.probe("/", timeout_s=5) for _ in range(100)]
        assert await one.probe("/healthz", timeout_s=5) == 200
        await one.stop(1.0)
        return statuses

    first, second = asyncio.run(asked()), asyncio.run(asked())
    assert first == second
    assert first.count(500) == round(100 * rate)
    assert first.index(500) + 1 == -(-1 // rate)


def test_a_leak_grows_to_its_limit_and_the_process_is_killed_for_it() -> None:
    exits: list[tuple[int, bool]] = []

    async def scene() -> None:
        one = Instance(
            Identity("app", 1, "d", "one"),
            Behaviour.NEXT,
            lambda code: exits.append((code, one.oom)),
        )
        one.limit_mb = 80.0
        await one.start(0.0)
        at_rest = one.memory_mb
        one.behaviour = Behaviour.LEAK

        async def grown() -> bool:
            return one.memory_mb > at_rest + 1

        await until_async(grown, "the memory to grow")
        assert await one.probe("/", timeout_s=5) == 200
        one.behaviour = Behaviour.NEXT
        assert one.memory_mb == at_rest
        one.behaviour = Behaviour.LEAK

        async def over() -> bool:
            return bool(exits)

        await until_async(over, "the end")
        assert one.port is None

    asyncio.run(scene())
    assert exits == [(137, True)]


def test_a_leak_that_was_there_from_the_start_and_a_stop_in_the_middle_of_it() -> None:
    async def scene() -> None:
        exits: list[int] = []
        one = Instance(Identity("app", 1, "d", "one"), Behaviour.LEAK, exits.append)
        one.limit_mb = 70.0
        await one.start(0.0)
        await one.stop(1.0)
        assert (exits, one.oom) == ([], False)

    asyncio.run(scene())


def test_slowness_is_what_the_fault_says_and_spares_the_health_check() -> None:
    async def scene() -> None:
        one = await running("one", Behaviour.SLOW)
        one.answers.slowness_s = 5.0
        assert await one.probe("/healthz", timeout_s=1.0) == 200
        with pytest.raises(TimeoutError):
            await one.probe("/", timeout_s=0.1)
        one.answers.slowness_s = 0.0
        assert await one.probe("/", timeout_s=1.0) == 200
        await one.stop(0.0)

    asyncio.run(scene())


class Turn:
    """One turn of the event loop, awaited."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def test_a_process_that_is_called_off_while_it_opens_leaves_no_port_behind() -> None:
    async def scene() -> None:
        for turns in range(12):
            instance = Instance(
                Identity("app", 1, "digest", "x"), Behaviour.NEXT, lambda _code: None
            )
            starting = asyncio.ensure_future(instance.start(0.0))
            for _ in range(turns):
                await Turn()
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await instance.stop(0)

    asyncio.run(scene())
    # A port that was lost makes its warning heard when it is cleared away.
    gc.collect()


@pytest.mark.parametrize("turns", range(6))
def test_a_killed_process_answers_nobody_whom_the_kernel_let_in(turns: int) -> None:
    async def scene() -> bytes:
        loop = asyncio.get_running_loop()
        one = await running("one", Behaviour.NEXT)
        with socket.create_connection(("127.0.0.1", one.port or 0)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nhost: a\r\n")
            for _ in range(turns):
                turn = loop.create_future()
                loop.call_soon(turn.set_result, None)
                await turn
            one.kill()
            client.setblocking(False)
            with suppress(ConnectionError):
                await loop.sock_sendall(client, b"\r\n")
                return await loop.sock_recv(client, 100)
            return b""

    assert asyncio.run(scene()) == b""
