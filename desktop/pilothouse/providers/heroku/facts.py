"""What a plan is made from, read from Heroku at one moment.

Config vars are secrets: two releases' are compared in memory, and only the names that differ
ever leave this module. The snapshot is what the way back needs, and nothing secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pilothouse.domain.change import Artifact, Change, ChangeKind, Facts, WayBack
from pilothouse.domain.errors import Declined, Missing, NotFound, UsageError
from pilothouse.domain.model import App, Identity, JsonMap, Live, Release
from pilothouse.domain.policy import Timing
from pilothouse.providers.heroku import pace, schema
from pilothouse.providers.heroku.client import HerokuClient
from pilothouse.providers.heroku.history import releases_of, rollback_text, told
from pilothouse.providers.heroku.liveness import WEB, Reading
from pilothouse.providers.heroku.strategies import CALL_S

DEPLOYERS = frozenset({"write-protected", "global"})
"""Scopes that may release (OAuth reference: releases are protected)."""
NAMED = 6


@dataclass(frozen=True, slots=True)
class Target:
    """What is to run, and how it is asked for.

    Args:
        version: the release gone back to; None for a deploy.
        rollback: the body of the call, for a rollback.
    """

    artifact: Artifact
    slug: schema.Slug | None
    version: int | None = None
    rollback: JsonMap | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of the app itself, before the change is looked at."""

    app: App
    live: Live
    identity: Identity
    reading: Reading
    formation: tuple[schema.Formation, ...]

    @property
    def newest(self) -> int:
        """The highest version of the app."""
        return self.reading.rows[0].version if self.reading.rows else 0


def identity_of(client: HerokuClient) -> Identity:
    """Whom the token speaks for and what it may do; when it ends is not told."""
    account, scopes = client.account()
    can_deploy = bool(DEPLOYERS & set(scopes)) if scopes else None
    return Identity(account.email, scopes, can_deploy)


def facts_of(
    client: HerokuClient, change: Change, seen: Seen, *, back_to: Release | None, timing: Timing
) -> Facts:
    """Read what the change needs beyond the app itself, and put all of it together."""
    finder = Finder(client, seen)
    if change.kind is ChangeKind.ROLLBACK:
        target = finder.earlier(back_to)
    else:
        target = finder.slug_of(change)
    way_back, back_command = finder.way_back(timing)
    reading = seen.reading
    snapshot: Any = {
        "app": reading.app.id,
        "newest": seen.newest,
        "current": _current(reading.current),
        "formation": {one.type: [one.quantity, one.size] for one in seen.formation},
        "preboot": reading.preboot,
        "dynos": [dyno.id for dyno in reading.web],
        "config_keys": finder.config_keys(),
        "release_command": target.slug is not None and target.slug.has_release_command,
        "back_command": back_command,
        "rollback": target.rollback,
    }
    return Facts(
        app=seen.app,
        live=seen.live,
        identity=seen.identity,
        recent=releases_of(seen.app.id, reading.rows),
        target=target.artifact,
        target_version=target.version or seen.newest + 1,
        way_back=way_back,
        snapshot=snapshot,
        fingerprint=_fingerprint(snapshot, reading.rows),
        busy=_busy(reading),
        risk=_risk(seen),
        warnings=target.warnings + _more_warnings(seen, target),
    )


def _current(row: schema.Release | None) -> JsonMap | None:
    return None if row is None else {"version": row.version, "id": row.id, "slug": row.slug_id}


def _fingerprint(snapshot: JsonMap, rows: tuple[schema.Release, ...]) -> str:
    newest = [(rows[0].id, rows[0].version)] if rows else []
    body = [newest, snapshot["current"], snapshot["formation"], snapshot["preboot"]]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _busy(reading: Reading) -> str | None:
    pending = next((row for row in reading.rows if row.is_pending), None)
    if pending is None:
        return None
    return f"The release command of {told(pending)} is still running."


def _risk(seen: Seen) -> str:
    reading = seen.reading
    if reading.preboot or reading.app.space is not None:
        return ""
    if not any(one.quantity for one in seen.formation if one.type == WEB):
        return ""
    return (
        "Heroku stops the old dynos at once: requests wait while the new dynos boot "
        "(preboot is off)."
    )


def _more_warnings(seen: Seen, target: Target) -> tuple[str, ...]:
    found = []
    if target.slug is not None and target.slug.has_release_command:
        found.append("The release command of the slug runs before any dyno is changed.")
    if seen.reading.preboot:
        found.append(
            "Preboot is on: the old dynos serve for some minutes more, also on the way back."
        )
    return tuple(found)


class Finder:
    """Looks up what a change names, for one app as it was seen."""

    def __init__(self, client: HerokuClient, seen: Seen) -> None:
        self._client, self._seen = client, seen
        self._app = seen.reading.app
        self._slugs: dict[str, schema.Slug | None] = {}

    def slug_of(self, change: Change) -> Target:
        """The slug that a deploy names by its release; raises `NotFound`, `UsageError`."""
        if change.slug_of is None:
            raise UsageError(
                f"{self._app.name} runs on Heroku, which is deployed by the slug of a release: "
                "name one with --slug-of [APP:]vN."
            )
        name, version = change.slug_of
        source = self._app if name is None else self._source(name)
        row = self._row(source, version)
        words = change.words
        if row.slug_id is None:
            raise NotFound("slug", f"v{version}", where=f"{source.name} on Heroku")
        slug = self._slug(source.id, row.slug_id)
        present = slug is not None
        return Target(Artifact(row.slug_id, words, present, version), slug)

    def earlier(self, back_to: Release | None) -> Target:
        """The release that a rollback goes to, as it is now; raises `NotFound`, `UsageError`."""
        if back_to is None:
            raise UsageError(f"There is no earlier release of {self._app.name} to go back to.")
        row = self._row(self._app, back_to.version)
        if row.has_failed or row.is_pending:
            raise UsageError(
                f"v{row.version} never ran: its release command "
                f"{'failed' if row.has_failed else 'still runs'}. Choose another release."
            )
        slug = self._slug(self._app.id, row.slug_id) if row.slug_id is not None else None
        image = row.oci_image.id if row.oci_image is not None else ""
        text = rollback_text(row.version)
        body: JsonMap = {"release": row.id}
        warnings = self._config_changes(row.version)
        present = slug is not None
        if not row.eligible_for_rollback and row.slug_id is not None:
            body = {"slug": row.slug_id}
            warnings = (f"Only the code of v{row.version} comes back: {text} is not offered.",)
        elif row.slug_id is None:
            present = bool(row.eligible_for_rollback)
        artifact = Artifact(row.slug_id or image, f"v{row.version}", present, row.version)
        return Target(artifact, slug, row.version, body, warnings)

    def way_back(self, timing: Timing) -> tuple[WayBack, bool]:
        """Where the app goes if it turns out bad, and whether a release command runs then."""
        current, reading = self._seen.reading.current, self._seen.reading
        if current is None:
            text = f"{self._app.name} has no release yet, so there is nothing to go back to."
            return WayBack(None, None, ready=False, sentence=text), False
        name = f"v{current.version}"
        if current.slug_id is None:
            ready = bool(current.eligible_for_rollback)
            text = f"Back to {name} with its config, as Heroku rolls back."
            gone = f"Heroku does not take {name} back, so there is no way back."
            return WayBack(current.version, None, ready, text if ready else gone), False
        slug = self._slug(self._app.id, current.slug_id)
        artifact = Artifact(current.slug_id, name, slug is not None, current.version)
        if slug is None:
            text = f"The slug of {name} is gone, so there is no way back."
            return WayBack(current.version, artifact, ready=False, sentence=text), False
        command = slug.has_release_command
        text = f"Back to {name} by its slug; the config stays as it is."
        if command:
            text += " Its release command runs again; if that fails, the way back failed."
        seconds = CALL_S + pace.boot_s(timing)
        seconds += pace.release_command_s(timing) if command else CALL_S
        seconds += pace.preboot_s(timing) if reading.preboot else 0.0
        return WayBack(current.version, artifact, True, text, round(seconds, 1)), command

    def config_keys(self) -> list[str] | None:
        """The names of the current config vars; None where the token may not read them."""
        current = self._seen.reading.current
        config = self._config(current.version) if current is not None else {}
        return None if config is None else sorted(config)

    def _config_changes(self, version: int) -> tuple[str, ...]:
        """A sentence that names the config vars which a rollback changes."""
        current = self._seen.reading.current
        now = self._config(current.version) if current is not None else {}
        then = self._config(version)
        if now is None or then is None:
            return ("Config vars come back too; which ones change could not be read.",)
        changed = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
        if not changed:
            return ()
        names = ", ".join(changed[:NAMED])
        more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
        return (f"Config comes back with v{version}: {names}{more} will change.",)

    def _config(self, version: int) -> Mapping[str, str] | None:
        try:
            return self._client.config(self._app.id, version)
        except Declined:
            return None

    def _source(self, name: str) -> schema.App:
        try:
            return self._client.app(name)
        except Missing:
            known = [app.name for app in self._client.apps()]
            raise NotFound("app", name, where=self._seen.app.account, exists=known) from None

    def _row(self, source: schema.App, version: int) -> schema.Release:
        try:
            return self._client.release(source.id, version)
        except Missing:
            rows = self._client.newest(source.id, NAMED)
            known = [f"v{row.version}" for row in rows]
            where = f"{source.name} on Heroku"
            raise NotFound("release", f"v{version}", where=where, exists=known) from None

    def _slug(self, app: str, slug: str) -> schema.Slug | None:
        if slug not in self._slugs:
            self._slugs[slug] = self._client.slug(app, slug)
        return self._slugs[slug]
