"""Load on one address from a process of its own, and a bare instance to compare with.

`load ask URL COUNT CONNECTIONS SECONDS` asks so often at most, for so long at most, each connection
as soon as its last request was answered, and prints one line of JSON. `load bare` runs one instance
with nothing in front of it, prints its address, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

from pilothouse.sandbox.workload import Behaviour, Identity, Instance


class Asker(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._heard = b""
        self._asked_at = 0.0
        self._waiting = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        end = self._heard.find(b"\r\n\r\n")
        if end < 0:
            return
        at = self._heard.lower().find(b"content-length:", 0, end)
        size = int(self._heard[at + 15 : self._heard.index(b"\r\n", at)])
        if len(self._heard) < end + 4 + size:
            return
        self._load.answered(self._heard[9:12], time.perf_counter() - self._asked_at)
        self._heard = b""
        self._waiting = False
        self._ask()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._waiting:
            self._load.answered(b"cut", 0.0)
        self._load.left(self)

    def _ask(self) -> None:
        if not self._load.may_ask():
            self._transport.close()
            return
        self._waiting = True
        self._asked_at = time.perf_counter()
        self._transport.write(self._load.request)


class Load:
    """So many requests at most over so many connections, for so long at most."""

    def __init__(self, url: str, count: int, seconds: float) -> None:
        parts = urlsplit(url)
        self.request = f"GET {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\n\r\n".encode()
        self._port = parts.port or 80
        self._left_to_ask = count
        self._seconds = seconds
        self._took: list[float] = []
        self._statuses: dict[str, int] = {}
        self._open: set[Asker] = set()
        self._over = asyncio.Event()

    async def run(self, connections: int) -> dict[str, object]:
        """Ask, and say what came back."""
        loop = asyncio.get_running_loop()
        began = time.perf_counter()
        self._end = began + self._seconds
        for _ in range(connections):
            _, asker = await loop.create_connection(lambda: Asker(self), "127.0.0.1", self._port)
            self._open.add(asker)
        await self._over.wait()
        took = sorted(self._took)
        good = self._statuses.get("200", 0)
        return {
            "good": good,
            "lost": sum(self._statuses.values()) - good,
            "statuses": self._statuses,
            "per_s": good / (time.perf_counter() - began),
            "p50_ms": took[len(took) // 2] * 1000,
            "p99_ms": took[len(took) * 99 // 100] * 1000,
            "worst_ms": took[-1] * 1000,
        }

    def may_ask(self) -> bool:
        self._left_to_ask -= 1
        return self._left_to_ask >= 0 and time.perf_counter() < self._end

    def answered(self, status: bytes, seconds: float) -> None:
        word = status.decode()
        self._statuses[word] = self._statuses.get(word, 0) + 1
        self._took.append(seconds)

    def left(self, asker: Asker) -> None:
        self._open.discard(asker)
        if not self._open:
            self._over.set()


async def bare() -> None:
    """One instance by itself, until nobody writes to us any more."""
    instance = Instance(Identity("bare", 1, "none", "one"), Behaviour.NEXT, lambda _code: None)
    await instance.start(0.0)
    sys.stdout.write(f"http://127.0.0.1:{instance.port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await instance.stop(1.0)


def main(word: str, *rest: str) -> None:
    """Do what the arguments say."""
    if word == "bare":
        asyncio.run(bare())
        return
    url, count, connections, seconds = rest

    async def ask() -> dict[str, object]:
        return await Load(url, int(count), float(seconds)).run(int(connections))

    sys.stdout.write(json.dumps(asyncio.run(ask())) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
