"""The cache: what was last seen of apps and their histories, and when.

Everything in it can be asked for again, so a damaged file is moved aside and a new one begun, and
a file's name carries the version of its tables. At most one release of an app is current.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select, update

from pilothouse.domain.errors import JournalUnavailable
from pilothouse.domain.model import App, Live, Release
from pilothouse.store import sqlite
from pilothouse.store.database import Database
from pilothouse.store.tables import (
    CACHE,
    from_text,
    seen_app,
    seen_history,
    seen_live,
    seen_release,
    to_text,
)

BATCH = 500
"""How many versions one statement names; databases limit that."""

T = TypeVar("T")

_TO_APP = msgspec.json.Decoder(App)
_TO_LIVE = msgspec.json.Decoder(Live)
_TO_RELEASE = msgspec.json.Decoder(Release)


class ReleaseCache:
    """`domain.records.ReleaseStore` over a database; may be shared by all threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    def open(folder: Path) -> ReleaseCache:
        """Open or begin the cache of a folder; raises `JournalUnavailable`."""
        path = folder / f"cache-v{CACHE.version}.db"
        url = f"sqlite:///{path}"
        try:
            return ReleaseCache(Database.open(url, CACHE))
        except JournalUnavailable as error:
            if not sqlite.is_damage(error.__cause__):
                raise
        now = datetime.now(UTC)
        path.replace(path.with_name(f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"))
        return ReleaseCache(Database.open(url, CACHE))

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def put_apps(self, account: str, apps: Sequence[App], at: datetime) -> None:
        """Replace the list of an account's apps; an app seen by two accounts is the later's."""
        ids = [app.id for app in apps]
        rows = [
            {
                "app_id": app.id,
                "account": account,
                "name": app.name,
                "data": _to_text(app),
                "at": to_text(at),
            }
            for app in apps
        ]
        with self._database.write() as connection:
            connection.execute(delete(seen_app).where(seen_app.c.account == account))
            for some in _batches(ids):
                connection.execute(delete(seen_app).where(seen_app.c.app_id.in_(some)))
            if rows:
                connection.execute(insert(seen_app), rows)

    def apps(self) -> tuple[App, ...]:
        """All cached apps, by name."""
        query = select(seen_app.c.data).order_by(seen_app.c.name, seen_app.c.app_id)
        with self._database.read() as connection:
            return tuple([_TO_APP.decode(text) for text in connection.execute(query).scalars()])

    def put_live(self, live: Live) -> None:
        """Keep what an app was last seen to run, unless something later is known."""
        with self._database.write() as connection:
            before = _live(connection, live.app.id)
            if before is None or before.seen_at <= live.seen_at:
                _replace(connection, seen_live, live.app.id, data=_to_text(live))

    def live(self, app_id: str) -> Live | None:
        """What it was last seen to run."""
        with self._database.read() as connection:
            return _live(connection, app_id)

    def put_releases(self, app_id: str, releases: Sequence[Release], at: datetime) -> None:
        """Add or replace releases of one app by version; the history counts as seen then."""
        by_version = {release.version: release for release in releases}
        rows = [
            {
                "app_id": app_id,
                "version": release.version,
                "current": release.current,
                "data": _to_text(release),
            }
            for release in by_version.values()
        ]
        mine = seen_release.c.app_id == app_id
        with self._database.write() as connection:
            _replace(connection, seen_history, app_id, at=to_text(at))
            if any(release.current for release in by_version.values()):
                connection.execute(update(seen_release).where(mine).values(current=False))
            for some in _batches(list(by_version)):
                connection.execute(
                    delete(seen_release).where(mine, seen_release.c.version.in_(some))
                )
            if rows:
                connection.execute(insert(seen_release), rows)

    def releases(
        self, app_id: str, *, before: int | None = None, limit: int = 200
    ) -> tuple[Release, ...]:
        """Newest first, those with a version below `before`."""
        query = (
            select(seen_release.c.data, seen_release.c.current)
            .where(seen_release.c.app_id == app_id)
            .order_by(seen_release.c.version.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(seen_release.c.version < before)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple([_release(text, current) for text, current in rows])

    def seen_at(self, app_id: str) -> datetime | None:
        """When the history was last read."""
        query = select(seen_history.c.at).where(seen_history.c.app_id == app_id)
        with self._database.read() as connection:
            text = connection.execute(query).scalar()
        return None if text is None else from_text(text)


def _live(connection: Connection, app_id: str) -> Live | None:
    text = connection.execute(select(seen_live.c.data).where(seen_live.c.app_id == app_id)).scalar()
    return None if text is None else _TO_LIVE.decode(text)


def _release(text: str, current: bool) -> Release:
    release = _TO_RELEASE.decode(text)
    return release if release.current == current else replace(release, current=current)


def _replace(connection: Connection, table: Table, app_id: str, **values: Any) -> None:  # noqa: ANN401
    # Not an upsert: each database has its own words for that.
    connection.execute(delete(table).where(table.c.app_id == app_id))
    connection.execute(insert(table).values(app_id=app_id, **values))


def _to_text(value: App | Live | Release) -> str:
    return msgspec.json.encode(value).decode()


def _batches(keys: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
