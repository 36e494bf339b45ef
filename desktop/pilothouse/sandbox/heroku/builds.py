"""How a source becomes a slug and a release.

Builds of one app run side by side, each in the order of its own steps; what the platform does
with two at once is not published. The sandbox runs no buildpacks: a source is taken as it is, and
must bring a Procfile. It fetches nothing: only a source that was put here can be built. Where a
build fails there is no release (builds, in the platform's documentation).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pilothouse.sandbox.heroku.archives import ArchiveError, unpack
from pilothouse.sandbox.heroku.build_state import Build, Source
from pilothouse.sandbox.heroku.crew import Crew
from pilothouse.sandbox.heroku.errors import Refusal, invalid
from pilothouse.sandbox.heroku.launcher import Launcher
from pilothouse.sandbox.heroku.procfile import ProcfileError, parse
from pilothouse.sandbox.heroku.releases import ReleaseDesk
from pilothouse.sandbox.heroku.state import HerokuApp, Slug, new_id

T = TypeVar("T")

SOURCE_PATH = "/source-blobs/"
_STEP_S = 4.0
_STATUS_LAG_S = 2.0
_LOOPBACK = ("127.0.0.1", "localhost")
_LANGUAGES = (
    ("Python", ("requirements.txt", "pyproject.toml", "Pipfile", "uv.lock", "setup.py")),
    ("Node.js", ("package.json",)),
    ("Ruby", ("Gemfile",)),
    ("Go", ("go.mod",)),
)


class BuildError(Exception):
    """Why a source did not become a slug."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants to be built; see `Build` for the names."""

    source_url: str
    version: str | None
    version_description: str | None
    checksum: str | None
    buildpacks: list[str]


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look into a source brought."""

    processes: dict[str, str]
    language: str | None


class BuildDesk:
    """The builds of every app."""

    def __init__(self, launcher: Launcher, crews: Mapping[str, Crew], desk: ReleaseDesk) -> None:
        self._world = launcher.world
        self._blobs = launcher.blobs
        self._crews = crews
        self._desk = desk
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def clear_up(self) -> None:
        """Remove the files that nothing remembers any more; only while nothing runs."""
        self.drop_old_sources()
        state, now = self._world.heroku, self._world.pace.now()
        slugs = (each.id for each in state.slugs.values() if state.slug_is_kept(each, now))
        self._blobs.sweep(state.sources, slugs)

    def drop_old_sources(self) -> None:
        """Remove the sources whose addresses work no longer."""
        state, now = self._world.heroku, self._world.pace.now()
        for source in [each for each in state.sources.values() if each.is_over(now)]:
            del state.sources[source.id]
            self._blobs.forget_source(source.id)

    def resume(self) -> None:
        """Take up the builds that were under way when the sandbox ended, from their beginning."""
        for app in self._world.heroku.apps:
            for build in [each for each in app.builds if each.status == "pending"]:
                self._start(app, build)

    async def stop(self) -> None:
        """Leave the builds where they are; they stay pending."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def abandon(self, app: HerokuApp) -> None:
        """Stop the builds of an app that is no more."""
        tasks = [task for build in app.builds if (task := self._tasks.get(build.id)) is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, app: HerokuApp, wish: Wish, user_id: str) -> Build:
        """Record a build and set it going."""
        now = self._world.pace.now()
        build = Build(
            id=new_id(),
            source_url=wish.source_url,
            version=wish.version,
            version_description=wish.version_description,
            checksum=wish.checksum,
            buildpacks=wish.buildpacks or list(app.buildpacks),
            stack=app.build_stack,
            user_id=user_id,
            created_at=now,
            updated_at=now,
        )
        app.builds = [*app.builds, build]
        email = self._world.heroku.person(user_id).email
        self._crews[app.id].log.api(f"Build started by user {email}")
        self._start(app, build)
        self._world.changed()
        return build

    def cancel(self, app: HerokuApp, build: Build) -> None:
        """End a pending build; it reads `failed` then (what the platform says is unpublished)."""
        if build.status != "pending" or build.release_id is not None:
            raise invalid("That build is no longer running and cannot be cancelled.")
        task = self._tasks.pop(build.id, None)
        if task is not None:
            task.cancel()
        self._fail(app, build, "the build was cancelled")

    def _start(self, app: HerokuApp, build: Build) -> None:
        task = asyncio.get_running_loop().create_task(self._run(app, build))
        self._tasks[build.id] = task
        task.add_done_callback(lambda _task: self._tasks.pop(build.id, None))

    async def _run(self, app: HerokuApp, build: Build) -> None:
        if build.release_id is None:
            build.output, build.output_done = "", False
            try:
                await self._make(app, build)
            except (BuildError, Refusal) as wrong:
                self._fail(app, build, str(wrong))
                return
            except OSError as wrong:
                self._fail(app, build, f"the sandbox cannot write its files: {wrong.strerror}")
                return
        build.output_done = True
        await self._world.pace.sleep(_STATUS_LAG_S)
        self._settle(build, "succeeded")
        self._crews[app.id].log.api("Build succeeded")

    async def _make(self, app: HerokuApp, build: Build) -> None:
        await self._say(build, f"-----> Building on the {build.stack} stack")
        for name in build.buildpacks:
            await self._say(build, f"       Buildpack {name} is noted; the sandbox runs none")
        source = self._checked(build)
        found = await self._look(build, source)
        await self._say(build, f"-----> {found.language or 'An'} app detected")
        await self._say(build, "-----> Discovering process types")
        await self._say(build, f"       The Procfile declares {', '.join(found.processes)}")
        await self._say(build, "-----> Compressing...")
        await self._say(build, f"       Done: {(source.size or 0) / 1024:.1f}K")
        slug = await self._keep(app, build, source, found)
        await self._say(build, "-----> Launching...")
        name = (build.version or slug.stored or "")[:8]
        self._world.heroku.slugs[slug.id] = slug
        release = self._desk.release_slug(app, slug.id, (f"Deploy {name}", build.user_id))
        build.slug_id, build.release_id = slug.id, release.id
        self._add(build, f"       Released v{release.version}")

    def _checked(self, build: Build) -> Source:
        """The source that a build names, once it is sure that it is the right one."""
        source = self._source(build)
        if source is None:
            raise BuildError(
                f"the address {build.source_url} is no source of this sandbox, or its hour is "
                "over; nothing is fetched from elsewhere. PUT the archive to the put_url of "
                "POST /sources, and build its get_url."
            )
        if source.sha256 is None:
            raise BuildError("nothing was PUT to the source's put_url yet")
        if build.checksum is not None and build.checksum.lower() != f"sha256:{source.sha256}":
            raise BuildError(
                f"the checksum of the source is SHA256:{source.sha256}, not {build.checksum}"
            )
        return source

    def _source(self, build: Build) -> Source | None:
        try:
            parts = urlsplit(build.source_url)
        except ValueError:
            return None
        if parts.hostname not in _LOOPBACK or not parts.path.startswith(SOURCE_PATH):
            return None
        identity, _, key = parts.path.removeprefix(SOURCE_PATH).partition("/")
        source = self._world.heroku.sources.get(identity)
        return source if source is not None and source.get_key == key else None

    async def _look(self, build: Build, source: Source) -> _Found:
        place = self._blobs.running(f"{build.id}-{new_id()[:8]}")
        return await _finished(asyncio.to_thread(_look, self._blobs.source(source.id), place))

    async def _keep(self, app: HerokuApp, build: Build, source: Source, found: _Found) -> Slug:
        slug = Slug(
            id=new_id(),
            app_id=app.id,
            commit=build.version or "",
            commit_description=build.version_description or "",
            process_types=found.processes,
            behaviour="next",
            created_at=self._world.pace.now(),
            size=source.size,
            checksum=f"SHA256:{source.sha256}",
            real=True,
            stored=source.sha256,
            put_key=new_key(),
            get_key=new_key(),
            described=found.language,
        )
        await _finished(self._blobs.take(source.id, slug.id))
        return slug

    async def _say(self, build: Build, line: str) -> None:
        await self._world.pace.sleep(_STEP_S)
        self._add(build, line)

    def _add(self, build: Build, line: str) -> None:
        build.output += f"{line}\n"
        self._world.changed()

    def _fail(self, app: HerokuApp, build: Build, why: str) -> None:
        self._add(
            build, f" !     {why[:1].upper()}{why[1:]}\n !     Build failed: no release was made"
        )
        self._settle(build, "failed")
        self._crews[app.id].log.api("Build failed -- check your build output")

    def _settle(self, build: Build, status: str) -> None:
        build.status, build.output_done = status, True
        build.updated_at = self._world.pace.now()
        self._world.changed()


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Wait for work in a thread, which nobody can stop, even when the wait itself is cancelled."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _look(archive: Path, place: Path) -> _Found:
    """Unpack a source, read what is needed, and clear up. Blocks."""
    try:
        root = unpack(archive, place)
        procfile = root / "Procfile"
        if procfile.is_symlink() or not procfile.is_file():
            raise BuildError(
                "the source has no Procfile, and the sandbox has no other way to run it"
            )
        processes = parse(procfile.read_text("utf-8"))
        names = {each.name for each in root.iterdir()}
    except (ArchiveError, ProcfileError) as wrong:
        raise BuildError(str(wrong)) from wrong
    except UnicodeDecodeError as wrong:
        raise BuildError("the Procfile is not UTF-8 text") from wrong
    finally:
        shutil.rmtree(place, ignore_errors=True)
    language = next((name for name, files in _LANGUAGES if names & set(files)), None)
    return _Found(processes, language)


def new_key() -> str:
    """A fresh part of an address that nobody can guess."""
    return secrets.token_urlsafe(24)


def is_checksum(text: str) -> bool:
    """Whether a text has the one form that the platform documents: `SHA256:` and hex."""
    return re.fullmatch(r"SHA256:[0-9a-f]{64}", text, re.IGNORECASE) is not None
