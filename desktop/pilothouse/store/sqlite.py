"""All that is SQLite's own: its connections, its copies, and what its errors mean.

A commit is on the disk before it returns (WAL, synchronous=FULL, fullfsync) where the schema asks
for that. Every writing transaction takes the write lock at its beginning, so that what it reads
stays true until it ends. A file that a newer program wrote is never opened for writing.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from pilothouse.store.tables import Schema

WRITES = "pilothouse_writes"
"""The execution option of connections that are going to write."""


def open_engine(path: Path, schema: Schema, *, busy_s: float, pragmas: Sequence[str]) -> Engine:
    """An engine for the file, which is made, readable by its owner alone, if it is not there.

    It waits `busy_s` for another process that is writing; `pragmas` are further settings of each
    connection, as in "max_page_count = 100".

    Raises:
        OSError: the file or its folder cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, pool_size=8, max_overflow=-1)
    settings = [
        f"busy_timeout = {int(busy_s * 1000)}",
        "journal_mode = WAL",
        f"synchronous = {'FULL' if schema.durable else 'NORMAL'}",
        f"fullfsync = {'ON' if schema.durable else 'OFF'}",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        *pragmas,
    ]

    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own transactions begin too late and would not hold what was read.
        connection.isolation_level = None
        for setting in settings:
            connection.execute(f"PRAGMA {setting}").close()

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def version_in(path: Path) -> int:
    """The schema version of a file, looked up without touching it; 0: it has no tables yet.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    if not path.exists() or path.stat().st_size == 0:
        return 0
    with closing(_open_to_read(path)) as connection:
        tables = "SELECT count(*) FROM sqlite_master"
        named = f"{tables} WHERE type = 'table' AND name = 'schema_version'"
        if connection.execute(named).fetchone()[0]:
            row = connection.execute("SELECT version FROM schema_version").fetchone()
            return int(row[0]) if row else 0
        if connection.execute(tables).fetchone()[0]:
            raise sqlite3.DatabaseError("it holds the tables of another program")
        return 0


def copy_beside(path: Path, mark: str, now: datetime) -> Path:
    """A whole, consistent copy of the file in its folder; an equally new one is not made again.

    `mark` goes into the copy's name, as in "v1".

    Raises:
        sqlite3.Error, OSError: it cannot be made.
    """
    changed = max(place.stat().st_mtime for place in (path, Path(f"{path}-wal")) if place.exists())
    for older in path.parent.glob(f"{path.name}.{mark}-*.copy"):
        if older.stat().st_mtime >= changed:
            return older
    copy = path.with_name(f"{path.name}.{mark}-{now:%Y%m%dT%H%M%SZ}.copy")
    part = copy.with_name(f"{copy.name}.part")
    os.close(os.open(part, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600))
    with closing(_open_to_read(path)) as source, closing(sqlite3.connect(part)) as target:
        source.backup(target)
    part.replace(copy)
    return copy


def make_append_only(connection: Connection, table: str) -> None:
    """From now on the table's rows can be added and read, and nothing else."""
    for verb in ("UPDATE", "DELETE"):
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are only ever added'); END"
        )


def identity_of(path: Path) -> tuple[int, int] | None:
    """What tells this file from another of the same name; None when there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def reason_of(error: BaseException) -> tuple[str, str]:
    """Why, and what to do about it, as two sentences."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    known = _REASONS.get(code)
    return known or (f"The system says “{error}”.", "Look after its disk and folder first.")


def is_damage(error: BaseException | None) -> bool:
    """Whether an error says that the file itself is no good."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _open_to_read(path: Path) -> sqlite3.Connection:
    connection: Any = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection  # type: ignore[no-any-return]


_RESTORE = "Move the file aside, or put a copy back in its place."
_REASONS = {
    sqlite3.SQLITE_BUSY: (
        "Another process has been writing to it for too long.",
        "It goes on as soon as that process is done.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "Another part of the program is writing to it.",
        "It goes on as soon as that is done.",
    ),
    sqlite3.SQLITE_FULL: ("The disk is full.", "Free some space; it goes on by itself."),
    sqlite3.SQLITE_READONLY: (
        "It may only be read.",
        "Make the file and its folder writable for you.",
    ),
    sqlite3.SQLITE_PERM: ("It may not be opened.", "Make the file readable and writable for you."),
    sqlite3.SQLITE_CANTOPEN: (
        "It cannot be opened.",
        "Look whether its folder is there and writable for you.",
    ),
    sqlite3.SQLITE_IOERR: ("The disk reports an error.", "Look after the disk first."),
    sqlite3.SQLITE_CORRUPT: ("Its file is damaged.", _RESTORE),
    sqlite3.SQLITE_NOTADB: ("Its file is no database, or is damaged.", _RESTORE),
}
