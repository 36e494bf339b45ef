"""Commands that run once beside an app's formation: `run` dynos and release commands.

They are listed as long as they run, no release or restart touches them, and they never start
again (one-off dynos, in the platform's documentation). Nothing about them outlives the sandbox.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from pilothouse.sandbox.child import Child, ChildError, Ears
from pilothouse.sandbox.heroku.crew import DEFAULT_SIZE, Crew
from pilothouse.sandbox.heroku.launcher import Launcher, Task
from pilothouse.sandbox.heroku.processes import GOODBYE_S, STOP_S
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp, Release, new_id

_BOOT_S = 3.0
LONGEST_LIFE_S = 86_400
"""Real seconds: the client names the time to live (dyno create, in the API's schema)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to run once. `environment` is put over the app's, `life_s` is in real seconds."""

    command: str
    type: str = "run"
    size: str = DEFAULT_SIZE
    environment: Mapping[str, str] = field(default_factory=dict)
    life_s: float = LONGEST_LIFE_S


class OneOffs:
    """The one-off dynos of every app."""

    def __init__(self, launcher: Launcher, crews: Mapping[str, Crew]) -> None:
        self.stop_s: float = STOP_S
        self._launcher = launcher
        self._world = launcher.world
        self._crews = crews
        self._children: dict[str, Child] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def forget(self) -> None:
        """Drop those of an earlier sandbox: they ended with it."""
        for app in self._world.heroku.apps:
            app.one_offs = []

    async def stop(self) -> None:
        """End every one at once."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def abandon(self, app: HerokuApp) -> None:
        """End those of an app that is no more."""
        mine = [self._children[each.id] for each in app.one_offs if each.id in self._children]
        await asyncio.gather(*(each.stop(GOODBYE_S) for each in mine))

    def begin(self, app: HerokuApp, release: Release, wish: Wish) -> Dyno:
        """Start one of a release with a real slug, and return it at once."""
        child, task = self._made(app, release, wish, _unheard)
        self._spawn(self._run(child, task, wish.life_s))
        return task.dyno

    async def run(
        self, app: HerokuApp, release: Release, wish: Wish, hear: Callable[[str], None]
    ) -> int:
        """Run one to its end, `hear` each line that it writes, and return its exit code."""
        child, task = self._made(app, release, wish, hear)
        return await self._run(child, task, wish.life_s)

    def end(self, dyno: Dyno) -> bool:
        """Stop one; False when the dyno is none of these."""
        child = self._children.get(dyno.id)
        if child is not None:
            self._spawn(child.stop(self.stop_s))
        return child is not None

    def _made(
        self, app: HerokuApp, release: Release, wish: Wish, hear: Callable[[str], None]
    ) -> tuple[Child, Task]:
        dyno = self._dyno(app, release, wish)
        log = self._crews[app.id].log

        def line(text: str) -> None:
            log.add("app", dyno.name, text)
            hear(text)

        task = Task(app, dyno, wish.environment)
        child = self._launcher.child(task, Ears(line, _unasked))
        self._children[dyno.id] = child
        return child, task

    async def _run(self, child: Child, task: Task, life_s: float) -> int:
        app, dyno = task.app, task.dyno
        log = self._crews[app.id].log
        log.dyno(dyno.name, f"Starting process with command `{dyno.command}`")
        try:
            await child.start(self._world.pace.seconds(_BOOT_S))
            if child.ready:
                log.dyno(dyno.name, f"State changed from {dyno.state} to up")
                dyno.state, dyno.updated_at = "up", self._world.pace.now()
                self._world.changed()
            code = await self._until_over(child, life_s)
        except ChildError as wrong:
            log.dyno(dyno.name, str(wrong))
            code = 1
        finally:
            await child.stop(GOODBYE_S)
            del self._children[dyno.id]
            app.one_offs = [each for each in app.one_offs if each is not dyno]
            self._world.changed()
        log.dyno(dyno.name, f"Process exited with status {code}")
        log.dyno(dyno.name, f"State changed from {dyno.state} to complete")
        return code

    async def _until_over(self, child: Child, life_s: float) -> int:
        try:
            async with asyncio.timeout(life_s):
                return await child.wait()
        except TimeoutError:
            await child.stop(self.stop_s)
            return await child.wait()

    def _dyno(self, app: HerokuApp, release: Release, wish: Wish) -> Dyno:
        now = self._world.pace.now()
        identity = new_id()
        dyno = Dyno(
            id=identity,
            name=f"{wish.type}.{self._number(app, identity)}",
            type=wish.type,
            state="starting",
            size=wish.size,
            command=wish.command,
            release_id=release.id,
            version=release.version,
            slug_id=release.slug_id or "",
            created_at=now,
            updated_at=now,
        )
        app.one_offs = [*app.one_offs, dyno]
        self._world.changed()
        return dyno

    def _number(self, app: HerokuApp, identity: str) -> int:
        """Four digits that no other of the app's one-off dynos has."""
        taken = {each.name.rpartition(".")[2] for each in app.one_offs}
        chance = random.Random(identity)
        while str(number := chance.randrange(1000, 10_000)) in taken:
            pass
        return number

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _unheard(_line: str) -> None:
    """Only the log hears it."""


def _unasked(_code: int) -> None:
    """Whoever runs it waits for its end."""
