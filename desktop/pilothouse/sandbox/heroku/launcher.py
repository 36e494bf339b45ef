"""Runs the commands of real slugs: each dyno in a fresh copy of the slug, as a child process.

A dyno's files are its own and are gone when it ends, as on the platform. It sees the config vars
of its release, `DYNO`, for web dynos `PORT`, and with the feature `runtime-dyno-metadata` who it
is (dyno and metadata articles of the platform's documentation); of the sandbox's surroundings it
sees where programs are found, nothing else. Its `python` is the sandbox's own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pilothouse.sandbox.child import Child, ChildError, Ears, Order, free_port
from pilothouse.sandbox.heroku.archives import ArchiveError, unpack
from pilothouse.sandbox.heroku.blobs import Blobs
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp, Slug, new_id
from pilothouse.sandbox.heroku.wire import moment
from pilothouse.sandbox.state import World
from pilothouse.sandbox.watchdog import SHELL, Watchdog

METADATA = "runtime-dyno-metadata"
CHECKSUM_FAILED = "Error R17 (Checksum error) -> The slug is not the one its checksum tells of"


@dataclass(frozen=True, slots=True)
class Task:
    """Which dyno of which app shall run; `extra` is put over its environment."""

    app: HerokuApp
    dyno: Dyno
    extra: Mapping[str, str] = field(default_factory=dict)


class Launcher:
    """Makes the children of one world and sees to it that none outlives it."""

    def __init__(self, world: World) -> None:
        self.blobs = Blobs(world.directory / "heroku")
        self.world = world
        self._watchdog = Watchdog()

    async def close(self) -> None:
        """End the watchdog; every child must have been stopped."""
        await self._watchdog.close()

    def child(self, task: Task, ears: Ears) -> Child:
        """A child for a dyno of a real slug, not started yet."""
        return Child(lambda: self._prepare(task), ears, self._watchdog)

    def slug(self, dyno: Dyno) -> Slug:
        """The slug that a dyno runs."""
        return self.world.heroku.slugs[dyno.slug_id]

    async def _prepare(self, task: Task) -> Order:
        if not Path(SHELL).exists():
            raise ChildError(f"This system has no {SHELL}, which every command needs.")
        slug, dyno = self.slug(task.dyno), task.dyno
        if slug.checksum is not None and slug.checksum.lower() != f"sha256:{slug.stored}":
            raise ChildError(CHECKSUM_FAILED)
        port = free_port(dyno.id) if dyno.type == "web" else None
        directory = self.blobs.running(new_id())
        try:
            home = await asyncio.to_thread(unpack, self.blobs.slug(slug.id), directory)
        except ArchiveError as wrong:
            raise ChildError(f"The slug cannot be unpacked: {wrong}") from wrong
        except OSError as wrong:
            raise ChildError(f"No place to run in: {wrong.strerror}") from wrong
        environment = {
            **self._surroundings(home),
            **self._metadata(task.app, dyno),
            **_config(task.app, dyno),
            **task.extra,
            "DYNO": dyno.name,
        }
        if port is not None:
            environment["PORT"] = str(port)
        return Order(
            dyno.command, directory, home, environment, port, boot_limit_s=task.app.boot_limit_s
        )

    def _surroundings(self, home: Path) -> dict[str, str]:
        own = str(Path(sys.executable).parent)
        return {
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PATH": os.pathsep.join((own, os.environ.get("PATH", os.defpath))),
            # Else a program's last words before it dies would never reach the log.
            "PYTHONUNBUFFERED": "true",
        }

    def _metadata(self, app: HerokuApp, dyno: Dyno) -> dict[str, str]:
        release = app.find_release(dyno.release_id)
        if METADATA not in app.features or release is None:
            return {}
        slug = self.slug(dyno)
        return {
            "HEROKU_APP_ID": app.id,
            "HEROKU_APP_NAME": app.name,
            "HEROKU_RELEASE_CREATED_AT": moment(release.created_at),
            "HEROKU_RELEASE_VERSION": f"v{release.version}",
            "HEROKU_SLUG_COMMIT": slug.commit,
            "HEROKU_SLUG_DESCRIPTION": release.description,
        }


def _config(app: HerokuApp, dyno: Dyno) -> Mapping[str, str]:
    release = app.find_release(dyno.release_id)
    return {} if release is None else release.config
