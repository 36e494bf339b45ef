"""A practice Heroku behind a real port, in a thread of the test, and a provider that talks to it.

What would have to be waited for elsewhere can be done here: `do` runs something in the practice
cloud's own loop, and `fault` lets calls go wrong.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvicorn

from pilothouse.domain.model import Account, Platform
from pilothouse.domain.policy import Timing
from pilothouse.providers.heroku import HerokuProvider
from pilothouse.sandbox.connections import CuttableProtocol
from pilothouse.sandbox.faults import Faults, Match, Rule
from pilothouse.sandbox.guarded import Guarded
from pilothouse.sandbox.heroku.api import make_app
from tests.sandbox.heroku.town import TOKEN, Town, town
from tests.waiting import until, until_async

T = TypeVar("T")

SCALE = 40.0
ACCOUNT = Account("practice", Platform.HEROKU, "Practice", "127.0.0.1", "sandbox")


class Practice:
    """The practice cloud as a test uses it; made by `practice`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._opened: Town | None = None
        self._over = asyncio.Event()
        self._faults = Faults()
        # With the protocol named, asyncio sends small answers at once.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    @property
    def url(self) -> str:
        """The API's base URL."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def town(self) -> Town:
        """The practice cloud itself; only to be touched by `do`."""
        assert self._opened is not None
        return self._opened

    def provider(self, *, token: str = TOKEN, timing: Timing | None = None) -> HerokuProvider:
        """A provider for the one account."""
        timing = timing or Timing.for_scale(SCALE)
        return HerokuProvider(ACCOUNT, lambda: token, host=self.url, timing=timing)

    def do(self, work: Callable[[Town], T]) -> T:
        """Run something in the practice cloud's loop."""

        async def run() -> T:
            return work(self.town)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def act(self, **wish: object) -> dict[str, Any]:
        """Do what a colleague or bad luck would do; `app` is billing."""
        doing = self.town.fleet.act({"app": "heroku:billing", **wish})
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(10)

    def fault(self, kind: str, *, method: str, path: str, count: int = 1) -> None:
        """Let the next matching calls go wrong."""
        rule = Rule(kind=kind, match=Match(method=method, path=path), count=count)
        self.do(lambda _: self._faults.add(rule))

    def posts(self) -> int:
        """How many releases were asked for so far."""
        return self.do(
            lambda one: sum(
                1
                for each in one.world.requests
                if (each.method, each.path.endswith("/releases")) == ("POST", True)
            )
        )

    def versions(self, app: str = "billing") -> list[int]:
        """All versions of an app, oldest first."""
        return self.do(lambda one: [row.version for row in one.app(app).releases])

    def open(self) -> None:
        """Start; returns when it answers."""
        self._thread.start()
        until(lambda: self._opened is not None or not self._thread.is_alive(), "practice Heroku")

    def close(self) -> None:
        """End it and everything in it."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(20)
        self._loop.close()

    async def _run(self) -> None:
        async with town(scale=SCALE) as one:
            guarded = Guarded(make_app(one.world), one.world, self._faults, "heroku")
            config = uvicorn.Config(
                guarded,
                http=CuttableProtocol,
                lifespan="off",
                log_config=None,
                date_header=False,
            )
            server = uvicorn.Server(config)
            serving = asyncio.ensure_future(server.serve(sockets=[self._socket]))
            await until_async(lambda: _started(server), "the API's port")
            self._opened = one
            await self._over.wait()
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server) -> bool:
    return server.started


@contextmanager
def practice() -> Iterator[Practice]:
    """A practice Heroku for a while."""
    one = Practice()
    one.open()
    try:
        yield one
    finally:
        one.close()
