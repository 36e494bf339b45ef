"""One database: reading and writing transactions, its schema's version, and its errors in words.

Whatever goes wrong becomes `JournalUnavailable`, and then nothing was changed. A file of a newer
version is copied and left untouched (`JournalNewer`); one of an older version is copied before it
is brought up to date. Only SQLite is spoken to so far, and all of that is in `sqlite.py`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from pilothouse import __version__
from pilothouse.domain.errors import JournalNewer, JournalUnavailable, UsageError
from pilothouse.store import sqlite
from pilothouse.store.tables import Schema, to_text

BUSY_S = 5.0
"""How long to wait for another process that is writing: well below the length of a lease."""


class Database:
    """An open database; may be shared by all threads of a process."""

    def __init__(self, path: Path, schema: Schema, engine: Engine) -> None:
        self._path, self._schema, self._engine = path, schema, engine
        self._identity = sqlite.identity_of(path)

    @staticmethod
    def open(
        url: str, schema: Schema, *, busy_s: float = BUSY_S, pragmas: Sequence[str] = ()
    ) -> Database:
        """Open, make or bring up to date what a URL names.

        Raises:
            JournalUnavailable: it cannot be opened.
            JournalNewer: a newer program wrote it.
            UsageError: the URL is not one of a database that can be used.
        """
        path = _path_of(url)
        try:
            found = sqlite.version_in(path)
            if found > schema.version:
                raise _newer(path, schema, found)
            engine = sqlite.open_engine(path, schema, busy_s=busy_s, pragmas=pragmas)
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(schema, path, "opened", error) from error
        database = Database(path, schema, engine)
        try:
            database._bring_up_to_date()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of everything; raises `JournalUnavailable`."""
        with self._words("read"), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is wholly done, on the disk, or not at all; see `read`.

        It waits for other writers at its beginning, so what is read inside stays true.
        """
        if sqlite.identity_of(self._path) != self._identity:
            reason = "Its file was moved, removed or replaced while the program ran."
            raise self._lost(reason, "Put it back, or start the program again.")
        with self._words("written"), self._engine.connect() as connection:
            connection.execution_options(**{sqlite.WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections; what was committed stays."""
        self._engine.dispose()

    @contextmanager
    def _words(self, deed: str) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            cause = error.orig or error
            raise _unavailable(self._schema, self._path, deed, cause) from error
        except (SQLAlchemyError, OSError) as error:
            raise _unavailable(self._schema, self._path, deed, error) from error

    def _lost(self, reason: str, remedy: str) -> JournalUnavailable:
        return JournalUnavailable(_sentence(self._schema, self._path, "written", reason, remedy))

    def _bring_up_to_date(self) -> None:
        if self._version() == self._schema.version:
            return
        table = self._schema.metadata.tables["schema_version"]
        with self.write() as connection:
            self._schema.metadata.create_all(connection, tables=[table])
            found = connection.execute(select(table.c.version)).scalar() or 0
            if found == self._schema.version:
                return  # another process was quicker
            if found:
                self._copy_before(found)
            self._take_steps(connection, found)
            connection.execute(delete(table))
            row = {"version": self._schema.version, "written_by": __version__}
            connection.execute(insert(table), {**row, "at": to_text(datetime.now(UTC))})

    def _version(self) -> int:
        try:
            return sqlite.version_in(self._path)
        except (sqlite3.Error, OSError) as error:
            raise _unavailable(self._schema, self._path, "read", error) from error

    def _take_steps(self, connection: Connection, found: int) -> None:
        if found == 0:
            self._schema.metadata.create_all(connection)
            for name in self._schema.append_only:
                sqlite.make_append_only(connection, name)
            return
        for version in range(found, self._schema.version):
            self._schema.steps[version](connection)

    def _copy_before(self, found: int) -> None:
        try:
            sqlite.copy_beside(self._path, f"v{found}", datetime.now(UTC))
        except (sqlite3.Error, OSError) as error:
            reason, remedy = sqlite.reason_of(error)
            raise JournalUnavailable(
                f"The {self._schema.noun} was not brought up to date, as it could not be copied "
                f"first. {reason} {remedy}"
            ) from error


def _path_of(url: str) -> Path:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"“{url}” is not the URL of a database, as sqlite:///FILE is.") from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        shown = parsed.render_as_string(hide_password=True)
        raise UsageError(f"The database {shown} cannot be used. Name a file: sqlite:///FILE.")
    return Path(parsed.database).absolute()


def _newer(path: Path, schema: Schema, found: int) -> JournalNewer:
    try:
        copy = f"a copy is {sqlite.copy_beside(path, f'v{found}', datetime.now(UTC))}"
    except (sqlite3.Error, OSError) as error:
        copy = f"a copy could not be made ({error})"
    return JournalNewer(
        f"The {schema.noun} {path} was written by a newer Pilothouse (version {found}; this one "
        f"knows {schema.version}). It was left untouched; {copy}. Start the newer Pilothouse."
    )


def _unavailable(schema: Schema, path: Path, deed: str, error: BaseException) -> JournalUnavailable:
    reason, remedy = sqlite.reason_of(error)
    return JournalUnavailable(_sentence(schema, path, deed, reason, remedy))


def _sentence(schema: Schema, path: Path, deed: str, reason: str, remedy: str) -> str:
    return f"The {schema.noun} {path} cannot be {deed}. {reason} {remedy}"
