"""Heroku's running half: the dynos and the edge of every app, and the desk for releases.

One fleet belongs to one world and lives in its event loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pilothouse.sandbox.heroku_crew import Crew
from pilothouse.sandbox.heroku_releases import ReleaseDesk, Wish
from pilothouse.sandbox.heroku_state import HerokuApp, Release, is_expired
from pilothouse.sandbox.state import World

Json = dict[str, Any]
_NEWEST_SHOWN = 5


class HerokuFleet:
    """Starts, stops and describes everything of Heroku's that runs.

    It makes itself known as `world.fleets["heroku"]`, where the API finds it.
    """

    def __init__(self, world: World) -> None:
        self.crews = {app.id: Crew(world, app) for app in world.heroku.apps}
        self.desk = ReleaseDesk(world, self.crews)
        self._world = world
        world.fleets["heroku"] = self

    async def start(self) -> None:
        """Open the edges, start what was up and go on with pending releases."""
        for crew in self.crews.values():
            await crew.start()
        self.desk.resume()

    async def stop(self) -> None:
        """End everything at once, keeping the state as it is."""
        await self.desk.stop()
        for crew in self.crews.values():
            await crew.stop()

    def crew(self, app: HerokuApp) -> Crew:
        """The dynos of an app."""
        return self.crews[app.id]

    def edge_url(self, app_key: str) -> str | None:
        """The address of an app, with a slash at the end; `None` before its edge is open."""
        edge = self._world.edges.get(app_key)
        return None if edge is None else f"{edge.url}/"

    def describe(self) -> list[Json]:
        """What the control API shows of each app."""
        return [self._describe(crew) for crew in self.crews.values()]

    def _describe(self, crew: Crew) -> Json:
        app, counters = crew.app, crew.edge.counters
        return {
            "app": app.key,
            "url": crew.edge.url,
            "release": app.current,
            "maintenance": app.maintenance,
            "preboot": app.preboot,
            "instances": [
                {
                    "id": each.id,
                    "name": each.name,
                    "state": each.state,
                    "release": each.version,
                    "artifact": each.slug_id,
                    "hidden": each in app.hidden,
                    "crashes": each.crashes,
                }
                for each in (*app.hidden, *app.dynos)
            ],
            "releases": [_row(each) for each in reversed(app.releases[-_NEWEST_SHOWN:])],
            "edge": {
                "requests": counters.requests,
                "lost": counters.lost,
                "broken": counters.broken,
                "by_instance": dict(counters.by_instance),
            },
        }

    async def act(self, wish: Mapping[str, Any]) -> Json:
        """Do to an app what somebody else, or bad luck, would do.

        `do` is `kill` (with `instance`: a dyno's id or name), `foreign-deploy` (a colleague
        releases the slug `artifact`, or the current one), `set-secrets` (a colleague sets a
        config var) or `expire` (with `release`: the version whose artifact goes).

        Raises:
            ValueError: the wish names something that is not there.
        """
        app = self._world.heroku.find_app(str(wish.get("app", "")).removeprefix("heroku:"))
        if app is None:
            raise ValueError("no such app")
        match wish.get("do"):
            case "kill" | "crash":
                answer = self._kill(app, str(wish.get("instance", "")))
            case "foreign-deploy":
                answer = self._foreign_deploy(app, wish)
            case "set-secrets":
                name = str(wish.get("name", "SANDBOX_NOTE"))
                changes: Mapping[str, str | None] = {name: str(wish.get("value", "changed"))}
                answer = _row(self.desk.set_config(app, changes, self._colleague()))
            case "expire":
                answer = self._expire(app, wish.get("release"))
            case unknown:
                raise ValueError(f"cannot do {unknown!r} to a Heroku app")
        self._world.changed()
        return answer

    def _kill(self, app: HerokuApp, identity: str) -> Json:
        everything = (*app.hidden, *app.dynos)
        dyno = next((each for each in everything if identity in {each.id, each.name}), None)
        if dyno is None or not self.crew(app).kill(dyno):
            raise ValueError("no such running dyno")
        return {"id": dyno.id, "state": dyno.state}

    def _foreign_deploy(self, app: HerokuApp, wish: Mapping[str, Any]) -> Json:
        current = app.current_release()
        if current is None or current.slug_id is None:
            raise ValueError("the app has no code yet")
        slug = self._world.heroku.slugs.get(str(wish.get("artifact", current.slug_id)))
        if slug is None:
            raise ValueError("no such slug")
        text = str(wish.get("description", f"Deploy {slug.commit[:8]}"))
        new = Wish(text, slug.id, current.config, self._colleague())
        return _row(self.desk.create(app, new))

    def _expire(self, app: HerokuApp, version: object) -> Json:
        release = app.release_by_version(version) if isinstance(version, int) else None
        if release is None or release.version == app.current:
            raise ValueError("no such earlier release")
        rows = [each for every in self._world.heroku.apps for each in every.releases]
        for each in rows:
            each.lost = each.lost or each.slug_id == release.slug_id
        gone = is_expired(app, release, self._world.pace.now())
        return {"version": release.version, "expired": gone}

    def _colleague(self) -> str:
        state = self._world.heroku
        return next(each.id for each in state.people if each.id != state.account_id)


def _row(release: Release) -> Json:
    return {
        "id": release.id,
        "version": release.version,
        "status": release.status,
        "description": release.description,
        "artifact": release.slug_id,
    }
