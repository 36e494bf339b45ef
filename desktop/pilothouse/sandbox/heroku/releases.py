"""How releases come to be, and which one is current.

Every release has the next version number. With a release command it is `pending` first, and the
app's dynos are not touched; only success moves `current` and rolls the dynos. Release commands
of two releases may run at the same time; an older one that ends later does not take `current`
back. Nothing here is idempotent: the same wish twice makes two releases (releases endpoints and
release phase, in the platform's documentation).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from pilothouse.sandbox.heroku.crew import Crew
from pilothouse.sandbox.heroku.errors import invalid, not_found
from pilothouse.sandbox.heroku.one_offs import OneOffs
from pilothouse.sandbox.heroku.one_offs import Wish as OneOff
from pilothouse.sandbox.heroku.state import (
    HerokuApp,
    Release,
    Slug,
    is_expired,
    kept_slugs,
    new_id,
)
from pilothouse.sandbox.state import World

_STATUS_LAG_S = 2
_PHASE_STEPS = {"passes": 4, "fails": 3, "slow": 24}
_STEP_S = 2.5
_PHASE_LIMIT_S = 3600
_MOST_LETTERS = 256 * 1024
_CUT = "[The rest was not kept: the sandbox remembers 256 KiB of an output.]"
_CUT_OFF = "The sandbox ended while this command ran. Release the slug again to run it anew."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new release shall be: whose, of which slug, with which configuration."""

    description: str
    slug_id: str | None
    config: Mapping[str, str]
    user_id: str


class ReleaseDesk:
    """Makes the releases of every app. `crews` are the apps' dynos, by app id."""

    def __init__(self, world: World, crews: Mapping[str, Crew], one_offs: OneOffs) -> None:
        self._world = world
        self._crews = crews
        self._one_offs = one_offs
        self._phases: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Run again the release commands that were running when the sandbox ended.

        A real one has failed: it was killed, and what it did is not done twice unasked.
        """
        for app in self._world.heroku.apps:
            for release in [each for each in app.releases if each.status == "pending"]:
                slug = self._slug(release)
                if slug is not None and slug.real:
                    release.output = f"{release.output or ''}{_CUT_OFF}\n"
                    self._settle(app, release, passed=False)
                else:
                    self._begin_phase(app, release)

    async def stop(self) -> None:
        """Stop watching release commands; their releases stay pending."""
        for task in list(self._phases):
            task.cancel()
        await asyncio.gather(*self._phases, return_exceptions=True)

    async def abandon(self, app: HerokuApp) -> None:
        """End the release commands of an app that is no more."""
        mine = [each for each in self._phases if each.get_name() == app.id]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    def release_slug(self, app: HerokuApp, slug_id: str, wish: tuple[str, str]) -> Release:
        """Release an existing slug, of whichever app; `wish` is (description, user id)."""
        slug = self._world.heroku.slugs.get(slug_id.lower())
        if slug is None:
            raise not_found("slug")
        if not self._world.heroku.slug_is_kept(slug, self._world.pace.now()):
            raise invalid("That slug was deleted and can no longer be released.")
        if slug.real and slug.stored is None:
            raise invalid(
                "That slug's archive was never uploaded. PUT it to the slug's blob first."
            )
        description, user_id = wish
        return self.create(app, Wish(description, slug.id, _config(app), user_id))

    def roll_back(self, app: HerokuApp, target: Release, user_id: str) -> Release:
        """Make a new release with the slug and the configuration of an earlier one."""
        if target.version == app.current:
            raise invalid(f"Release v{target.version} is already the current release.")
        now = self._world.pace.now()
        if target.status != "succeeded":
            raise invalid(f"Cannot roll back to v{target.version}: its release {target.status}.")
        if is_expired(app, target, now) or not self._is_there(target):
            raise invalid(f"Cannot roll back to v{target.version}: that release has expired.")
        text = f"Rollback to v{target.version}"
        return self.create(app, Wish(text, target.slug_id, target.config, user_id))

    def set_config(self, app: HerokuApp, changes: Mapping[str, str | None], user: str) -> Release:
        """Merge changes into the configuration; `None` removes a name. One release for all."""
        config = dict(_config(app))
        for name, value in changes.items():
            if value is None:
                config.pop(name, None)
            else:
                config[name] = value
        current = app.current_release()
        slug_id = None if current is None else current.slug_id
        return self.create(app, Wish(_config_text(changes), slug_id, config, user))

    def create(self, app: HerokuApp, wish: Wish) -> Release:
        """Number and record a release, and set going what follows from it."""
        now = self._world.pace.now()
        version = app.newest.version + 1 if app.releases else 1
        release = Release(
            id=new_id(),
            version=version,
            status="succeeded",
            description=wish.description,
            slug_id=wish.slug_id,
            config=dict(wish.config),
            user_id=wish.user_id,
            created_at=now,
            updated_at=now,
        )
        app.releases.append(release)
        app.updated_at = now
        email = self._world.heroku.person(wish.user_id).email
        log = self._crews[app.id].log
        log.api(f"{wish.description} by user {email}")
        log.api(f"Release v{version} created by user {email}")
        slug = self._slug(release)
        if slug is not None and "release" in slug.process_types:
            release.status, release.output, release.output_done = "pending", "", False
            log.api(f"Running release v{version} commands by user {email}")
            self._begin_phase(app, release)
        else:
            self._take_over(app, release)
        self._world.changed()
        return release

    def _slug(self, release: Release) -> Slug | None:
        return self._world.heroku.slugs.get(release.slug_id or "")

    def _is_there(self, release: Release) -> bool:
        now = self._world.pace.now()
        some = (kept_slugs(app, now) for app in self._world.heroku.apps)
        return release.slug_id is None or any(release.slug_id in kept for kept in some)

    def _take_over(self, app: HerokuApp, release: Release) -> None:
        if release.version > app.current:
            app.current = release.version
            self._crews[app.id].roll(release)

    def _begin_phase(self, app: HerokuApp, release: Release) -> None:
        work = self._run_phase(app, release)
        task = asyncio.get_running_loop().create_task(work, name=app.id)
        self._phases.add(task)
        task.add_done_callback(self._phases.discard)

    async def _run_phase(self, app: HerokuApp, release: Release) -> None:
        slug = self._slug(release)
        if slug is not None and slug.real:
            passed = await self._run_command(app, release, slug.process_types["release"])
        else:
            passed = await self._pretend_command(release, slug)
        release.output_done = True
        # The platform settles the status some seconds after the output has ended.
        await self._world.pace.sleep(_STATUS_LAG_S)
        self._settle(app, release, passed=passed)

    def _settle(self, app: HerokuApp, release: Release, *, passed: bool) -> None:
        release.output_done = True
        release.status = "succeeded" if passed else "failed"
        release.updated_at = self._world.pace.now()
        if passed:
            self._take_over(app, release)
        else:
            self._crews[app.id].log.api(f"Release v{release.version} command failed")
        self._world.changed()

    async def _run_command(self, app: HerokuApp, release: Release, command: str) -> bool:
        """Run a real release command; it passes if it ends well within the hour."""
        release.output = ""

        def hear(line: str) -> None:
            release.output = _grown(release.output or "", f"{line}\n")
            self._world.changed()

        wish = OneOff(command, type="release", life_s=_PHASE_LIMIT_S)
        return await self._one_offs.run(app, release, wish, hear) == 0

    async def _pretend_command(self, release: Release, slug: Slug | None) -> bool:
        phase = "passes" if slug is None else slug.phase
        command = "" if slug is None else slug.process_types.get("release", "")
        lines = [f"Running {command}"]
        lines += [f"Step {n} done" for n in range(1, _PHASE_STEPS[phase])]
        lines.append("Command failed" if phase == "fails" else "Command finished")
        release.output = ""
        for line in lines:
            await self._world.pace.sleep(_STEP_S)
            release.output += f"{line}\n"
            self._world.changed()
        return phase != "fails"


def _grown(output: str, piece: str) -> str:
    """Add to an output, up to what is remembered; what was sent already never changes."""
    if len(output) > _MOST_LETTERS:
        return output
    whole = output + piece
    return whole if len(whole) <= _MOST_LETTERS else f"{whole[:_MOST_LETTERS]}\n{_CUT}\n"


def _config(app: HerokuApp) -> Mapping[str, str]:
    current = app.current_release()
    return {} if current is None else current.config


def _config_text(changes: Mapping[str, str | None]) -> str:
    parts = []
    for verb, names in (
        ("Set", [name for name, value in changes.items() if value is not None]),
        ("Remove", [name for name, value in changes.items() if value is None]),
    ):
        if names:
            parts.append(f"{verb} {', '.join(names)}")
    return f"{' and '.join(parts).replace('and Remove', 'and remove')} config vars"
