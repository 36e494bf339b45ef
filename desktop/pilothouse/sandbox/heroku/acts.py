"""What others and bad luck do to the practice Heroku, on a test's or a person's wish.

A wish names what is there, or is refused and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pilothouse.sandbox.heroku.dynos import HerokuFleet, Json, row
from pilothouse.sandbox.heroku.releases import Wish
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp, is_expired
from pilothouse.sandbox.workload import Behaviour

Given = Mapping[str, Any]


def act(fleet: HerokuFleet, given: Given) -> Json:
    """Do one thing; `do` names it, `app` and for a dyno `instance` (id or name) say to whom.

    To a dyno: `kill` or `crash`, `sicken` (with `behaviour`). To an app: `foreign-deploy` (a
    colleague releases the slug `artifact`, or the current one, with `description`),
    `set-secrets` (a colleague sets `name` to `value`), `expire` (destroys the artifact of the
    version `release`). To the account: `limits` (leaves `remaining` requests of the budget).

    Raises:
        ValueError: the wish names something that is not there.
    """
    app = fleet.world.heroku.find_app(str(given.get("app", "")).removeprefix("heroku:"))
    if app is None:
        raise ValueError("no such app")
    verb = str(given.get("do"))
    if verb not in _ACTS:
        raise ValueError(f"cannot do {verb!r} to a Heroku app")
    answer = _ACTS[verb](fleet, app, given)
    fleet.world.changed()
    return answer


def _dyno(app: HerokuApp, given: Given) -> Dyno:
    wanted = given.get("instance")
    for each in (*app.dynos, *app.hidden):
        if wanted in (each.id, each.name):
            return each
    raise ValueError("no such dyno")


def _kill(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    dyno = _dyno(app, given)
    if not fleet.crew(app).processes.kill(dyno):
        raise ValueError("the dyno has no process now")
    return {"id": dyno.id, "state": dyno.state}


def _sicken(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    dyno = _dyno(app, given)
    behaviour = Behaviour(str(given.get("behaviour", "unhealthy")))
    if not fleet.crew(app).processes.sicken(dyno, behaviour):
        raise ValueError("the dyno has no process now")
    return {"id": dyno.id}


def _foreign_deploy(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    current = app.current_release()
    config = {} if current is None else current.config
    wanted = given.get("artifact", None if current is None else current.slug_id)
    slug = fleet.world.heroku.slugs.get(str(wanted))
    if slug is None:
        raise ValueError("no such slug")
    text = str(given.get("description", f"Deploy {slug.commit[:8]}"))
    return row(fleet.desk.create(app, Wish(text, slug.id, config, _colleague(fleet))))


def _set_secrets(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    changes = {str(given.get("name", "PRACTICE_NOTE")): str(given.get("value", "changed"))}
    return row(fleet.desk.set_config(app, changes, _colleague(fleet)))


def _expire(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    version = given.get("release")
    release = app.release_by_version(version) if isinstance(version, int) else None
    if release is None or release.version == app.current:
        raise ValueError("no such earlier release")
    for each in (each for every in fleet.world.heroku.apps for each in every.releases):
        each.lost = each.lost or each.slug_id == release.slug_id
    return {
        "version": release.version,
        "expired": is_expired(app, release, fleet.world.pace.now()),
    }


def _limits(fleet: HerokuFleet, _app: HerokuApp, given: Given) -> Json:
    fleet.limit.drain(int(given.get("remaining", 0)))
    return {"remaining": fleet.limit.remaining}


def _colleague(fleet: HerokuFleet) -> str:
    state = fleet.world.heroku
    return next(each.id for each in state.people if each.id != state.account_id)


_ACTS: Mapping[str, Callable[[HerokuFleet, HerokuApp, Given], Json]] = {
    "kill": _kill,
    "crash": _kill,
    "sicken": _sicken,
    "foreign-deploy": _foreign_deploy,
    "set-secrets": _set_secrets,
    "expire": _expire,
    "limits": _limits,
}
VERBS: tuple[str, ...] = tuple(_ACTS)
"""All that `do` may name."""
