"""What others and bad luck do to the practice Heroku, on a test's or a person's wish.

A wish names what is there, or is refused and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pilothouse.sandbox.heroku.access import SCOPES
from pilothouse.sandbox.heroku.dynos import HerokuFleet, Json, row
from pilothouse.sandbox.heroku.grants import grant_access
from pilothouse.sandbox.heroku.releases import Wish
from pilothouse.sandbox.heroku.state import Dyno, HerokuApp, is_expired
from pilothouse.sandbox.workload import Behaviour

Given = Mapping[str, Any]
_MOST_DYNOS = 100


def act(fleet: HerokuFleet, given: Given) -> Json:
    """Do one thing; `do` names it, `app` and for a dyno `instance` (id or name) say to whom.

    To a dyno: `kill` or `crash`, `sicken` (with `behaviour`). To an app: `foreign-deploy` (a
    colleague releases the slug `artifact`, or the current one, with `description`),
    `set-secrets` (a colleague sets `name` to `value`), `scale` (a colleague wants `count` dynos
    of the type `group`), `expire` (destroys the artifact of the version `release`), `two-factor`
    (changes need a second factor while `on`), `platform-error` (the router fails while `on`). To
    the account, where `app` may be `heroku:` alone: `limits` (leaves `remaining` requests of the
    budget), `token` (makes one with the scopes `scope`, which ends after `expires_in` seconds),
    `delinquent` and `suspend` (while `on`).

    Raises:
        ValueError: the wish names something that is not there, or cannot be.
    """
    verb = str(given.get("do"))
    if verb in _ACCOUNT_ACTS:
        answer = _ACCOUNT_ACTS[verb](fleet, given)
    else:
        app = fleet.world.heroku.find_app(str(given.get("app", "")).removeprefix("heroku:"))
        if app is None:
            raise ValueError("no such app")
        if verb not in _ACTS:
            raise ValueError(f"cannot do {verb!r} to a Heroku app")
        answer = _ACTS[verb](fleet, app, given)
    fleet.world.changed()
    return answer


def _whole(given: Given, name: str, default: int | None = None) -> int:
    value = given.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"{name} must be a whole number")


def _on(given: Given) -> bool:
    value = given.get("on", True)
    if isinstance(value, bool):
        return value
    raise ValueError("on must be true or false")


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


def _scale(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    group, count = str(given.get("group", "web")), _whole(given, "count")
    entry = next((each for each in app.formation if each.type == group), None)
    if entry is None or not 0 <= count <= _MOST_DYNOS:
        raise ValueError(f"cannot have {count} dynos of {group}")
    entry.quantity, entry.updated_at = count, fleet.world.pace.now()
    fleet.crew(app).scale(entry)
    return {"group": group, "count": count}


def _two_factor(_fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    app.two_factor, app.trusted_until = _on(given), None
    return {"on": app.two_factor}


def _platform_error(fleet: HerokuFleet, app: HerokuApp, given: Given) -> Json:
    app.platform_error = _on(given)
    fleet.crew(app).edge.kick()
    return {"on": app.platform_error}


def _limits(fleet: HerokuFleet, given: Given) -> Json:
    fleet.limit.drain(_whole(given, "remaining", 0))
    return {"remaining": fleet.limit.remaining}


def _token(fleet: HerokuFleet, given: Given) -> Json:
    scope = given.get("scope", "read")
    scope = scope.split() if isinstance(scope, str) else scope
    if not isinstance(scope, list) or not scope or not all(each in SCOPES for each in scope):
        raise ValueError(f"scope must be a list of {', '.join(SCOPES)}")
    expires_in = None if given.get("expires_in") is None else _whole(given, "expires_in")
    grant = grant_access(fleet.world, scope, expires_in, "Made by the control API")
    return {"id": grant.id, "token": grant.token, "scope": grant.scope}


def _delinquent(fleet: HerokuFleet, given: Given) -> Json:
    state = fleet.world.heroku
    state.delinquent_at = fleet.world.pace.now() if _on(given) else None
    return {"on": state.delinquent_at is not None}


def _suspend(fleet: HerokuFleet, given: Given) -> Json:
    state = fleet.world.heroku
    state.suspended_at = fleet.world.pace.now() if _on(given) else None
    return {"on": state.suspended_at is not None}


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
    "scale": _scale,
    "two-factor": _two_factor,
    "platform-error": _platform_error,
}
_ACCOUNT_ACTS: Mapping[str, Callable[[HerokuFleet, Given], Json]] = {
    "limits": _limits,
    "token": _token,
    "delinquent": _delinquent,
    "suspend": _suspend,
}
VERBS: tuple[str, ...] = (*_ACTS, *_ACCOUNT_ACTS)
"""All that `do` may name."""
