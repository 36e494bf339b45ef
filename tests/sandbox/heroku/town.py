"""A practice Heroku in the test's own event loop: world, dynos, edges and a client for its API.

The API is called in the same process; the apps are reached over real loopback ports. Every answer
of the API, in whichever test, is judged by the platform's published schema where that is there.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from pilothouse.sandbox import state
from pilothouse.sandbox.fly.state import FlyState, Organisation
from pilothouse.sandbox.heroku.api import make_app
from pilothouse.sandbox.heroku.dynos import HerokuFleet
from pilothouse.sandbox.heroku.seed import plant
from pilothouse.sandbox.heroku.state import HerokuApp, Slug
from pilothouse.sandbox.pace import Pace
from tests.sandbox.heroku import published
from tests.waiting import until_async

ACCEPT = "application/vnd.heroku+json; version=3.sdk"
TOKEN = "sandbox-of-a-test"
BASE = "http://127.0.0.1:5050"
Row = dict[str, Any]
NO_FLY = FlyState(Organisation("none", "none", "None", 0), {}, "", {}, [])


class Town:
    """What a test needs of the practice Heroku."""

    def __init__(self, world: state.World) -> None:
        self.world = world
        self.fleet = HerokuFleet(world)
        headers = {"accept": ACCEPT, "authorization": f"Bearer {TOKEN}"}
        transport = httpx.ASGITransport(app=make_app(world))
        self.api = httpx.AsyncClient(
            transport=transport,
            base_url=BASE,
            headers=headers,
            event_hooks={"response": [self._judge]},
        )
        self.driven = set[tuple[str, str]]()
        self.web = httpx.AsyncClient(timeout=30, trust_env=False)

    async def _judge(self, answer: httpx.Response) -> None:
        """Hold an answer of the API against the platform's schema, and note what was asked."""
        method = answer.request.headers.get("x-http-method-override", answer.request.method)
        path = answer.request.url.path
        place = published.place_of(method, path)
        if place is None or answer.headers.get("content-type") != "application/json":
            return
        if answer.status_code < 400:
            self.driven.add(place)
        if published.SCHEMA.exists() and await answer.aread():
            found = published.faults(method, path, answer.status_code, answer.json(), whole=False)
            assert not found, "\n".join(found)

    def app(self, name: str) -> HerokuApp:
        """An app of the state, by name."""
        found = self.world.heroku.find_app(name)
        assert found is not None
        return found

    def slug(self, subject: str) -> Slug:
        """The practice slug of that name, such as `crash`."""
        slugs = self.world.heroku.slugs.values()
        return next(each for each in slugs if each.commit_description == f"sandbox: {subject}")

    async def get(self, path: str) -> Row:
        """The object that a GET answers, which must succeed."""
        answer = await self.api.get(path)
        assert answer.status_code == 200, answer.text
        row: Row = answer.json()
        return row

    async def rows(self, path: str, wanted: str | None = None) -> list[Row]:
        """The list that a GET answers, by default whole, else what the range asks for."""
        answer = await self.api.get(path, headers={"range": wanted} if wanted else {})
        assert answer.status_code in {200, 206}, answer.text
        rows: list[Row] = answer.json()
        return rows

    async def newest(self, app: str) -> Row:
        """The newest release of an app."""
        rows = await self.rows(f"/apps/{app}/releases", "version ..; max=1, order=desc")
        return rows[0]

    async def post(self, path: str, body: Row, *, status: int = 201) -> Row:
        """What a POST answers, which must have that status."""
        answer = await self.api.post(path, json=body)
        assert answer.status_code == status, answer.text
        row: Row = answer.json()
        return row

    async def patch(self, path: str, body: Row) -> Row:
        """What a PATCH answers, which must succeed."""
        answer = await self.api.patch(path, json=body)
        assert answer.status_code == 200, answer.text
        row: Row = answer.json()
        return row

    async def delete(self, path: str) -> None:
        """Delete something, which must succeed."""
        answer = await self.api.delete(path)
        assert answer.status_code == 200, answer.text

    async def deploy(self, app: str, subject: str) -> Row:
        """Release a practice slug on an app."""
        body = {"slug": self.slug(subject).id, "description": f"Try {subject}"}
        return await self.post(f"/apps/{app}/releases", body)

    async def until_up(self, app: str, version: int) -> None:
        """Wait until every listed dyno runs that version."""

        async def look() -> bool:
            dynos = await self.rows(f"/apps/{app}/dynos")
            return all(
                (each["state"], each["release"]["version"]) == ("up", version) for each in dynos
            )

        await until_async(look, f"{app} up on v{version}")

    async def until_states(self, app: str, *wanted: str) -> None:
        """Wait until the listed dynos are in these states, one each."""

        async def look() -> bool:
            dynos = await self.rows(f"/apps/{app}/dynos")
            return sorted(each["state"] for each in dynos) == sorted(wanted)

        await until_async(look, f"dynos of {app} {wanted}")

    async def until_settled(self, app: str, version: int) -> Row:
        """Wait until that release is no longer pending, and answer it."""

        async def look() -> Row | None:
            row = await self.get(f"/apps/{app}/releases/{version}")
            return None if row["status"] == "pending" else row

        row = await until_async(look, f"v{version} of {app} settled")
        assert row is not None
        return row

    async def log(self, app: str, wish: Row, **headers: str) -> str:
        """What a new log session shows of an app, by default as plain lines."""
        made = await self.post(f"/apps/{app}/log-sessions", wish)
        answer = await self.api.get(
            made["logplex_url"], headers={"accept": "text/plain", **headers}
        )
        assert answer.status_code == 200, answer.text
        return answer.text

    async def visit(self, app: str, path: str = "/") -> httpx.Response:
        """Ask an app itself, through its edge."""
        url = self.fleet.edge_url(f"heroku:{app}")
        assert url is not None
        return await self.web.get(url.rstrip("/") + path)


@asynccontextmanager
async def town(*, scale: float = 40.0, directory: Path | None = None) -> AsyncIterator[Town]:
    """Open the practice Heroku and close it again; a directory brings its earlier state back."""
    with tempfile.TemporaryDirectory(prefix="ph-town-") as fresh:
        place = directory or Path(fresh)
        pace = Pace(scale)
        saved = state.load(place) or state.Saved(
            format=state.FORMAT,
            token=TOKEN,
            ports={},
            edge_ports={},
            fly=NO_FLY,
            heroku=plant(pace.now()),
        )
        one = Town(state.World(place, saved, pace))
        await one.fleet.start()
        try:
            yield one
        finally:
            await one.api.aclose()
            await one.web.aclose()
            await one.fleet.stop()
            one.world.save()


def in_town(scenario: Callable[[Town], Awaitable[None]], *, scale: float = 40.0) -> None:
    """Run a scenario from start to end in an event loop of its own."""

    async def run() -> None:
        async with town(scale=scale) as one:
            await scenario(one)

    asyncio.run(run())


T = TypeVar("T")


def town_again(
    first: Callable[[Town], Awaitable[T]], second: Callable[[Town, T], Awaitable[None]]
) -> None:
    """Run one scenario, then another on the same state; it is given what the first answered."""

    async def run() -> None:
        with tempfile.TemporaryDirectory(prefix="ph-town-") as fresh:
            async with town(directory=Path(fresh)) as one:
                given = await first(one)
            async with town(directory=Path(fresh)) as one:
                await second(one, given)

    asyncio.run(run())


class Traffic:
    """Steady requests to one app, each counted by its status (0: no answer at all)."""

    def __init__(self, one: Town, app: str, *, rate: float) -> None:
        self.statuses: Counter[int] = Counter()
        self.releases: Counter[int] = Counter()
        self._town = one
        self._app = app
        self._pause_s = 1 / rate
        self._over = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def reached(self, answers: int) -> bool:
        """Whether so many good answers have come."""
        return self.statuses[200] >= answers

    async def finish(self) -> None:
        """Send no more, and wait for what is under way."""
        self._over.set()
        await self._task
        await asyncio.gather(*self._open)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._over.is_set():
            task = loop.create_task(self._ask())
            self._open.add(task)
            task.add_done_callback(self._open.discard)
            due += self._pause_s
            with_deadline = max(0.0, due - loop.time())
            try:
                await asyncio.wait_for(self._over.wait(), with_deadline)
            except TimeoutError:
                continue

    async def _ask(self) -> None:
        try:
            answer = await self._town.visit(self._app)
        except httpx.HTTPError:
            self.statuses[0] += 1
            return
        self.statuses[answer.status_code] += 1
        if answer.status_code == 200:
            self.releases[msgspec.json.decode(answer.content)["release"]] += 1
