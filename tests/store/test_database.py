"""The file itself: made, brought up to date, left alone when newer, and in words when it fails."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select, text

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import JournalNewer, JournalUnavailable, UsageError
from pilothouse.store.database import Database
from pilothouse.store.journal import SqlJournal
from pilothouse.store.tables import CACHE, JOURNAL, app
from tests.fakes import FakeClock
from tests.store import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

APP = samples.HARBOR.id


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/journal.db"


def setting(database: Database, name: str) -> object:
    """What a connection's setting is."""
    with database.read() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_commit_of_the_journal_is_on_the_disk(tmp_path: Path) -> None:
    database = Database.open(url(tmp_path), JOURNAL)
    found = {
        name: setting(database, name)
        for name in ("journal_mode", "synchronous", "fullfsync", "foreign_keys", "busy_timeout")
    }
    database.close()
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_the_cache_need_not_be(tmp_path: Path) -> None:
    database = Database.open(url(tmp_path), CACHE)
    assert setting(database, "synchronous") == 1
    database.close()


@pytest.mark.parametrize("name", ["my folder", "50% of #1?", "Übung"])
def test_any_folder_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "deeper"
    database = Database.open(f"sqlite:///{folder}/journal.db".replace("?", "%3F"), JOURNAL)
    database.close()
    again = Database.open(f"sqlite:///{folder}/journal.db".replace("?", "%3F"), JOURNAL)
    again.close()
    assert database.path.exists()


@pytest.mark.parametrize("wrong", ["journal.db", "sqlite://", "mysql://me:secret@host/db", ""])
def test_an_url_that_cannot_be_used_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError) as caught:
        Database.open(wrong, JOURNAL)
    assert "secret" not in str(caught.value)


def test_a_journal_of_a_newer_version_is_copied_and_left_untouched(tmp_path: Path) -> None:
    newer = Database.open(url(tmp_path), replace(JOURNAL, version=9))
    with newer.write() as connection:
        connection.execute(insert(app).values(app_id="a", name="harbor-api", fence=7))
    newer.close()
    path = tmp_path / "journal.db"
    before = hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns
    with pytest.raises(JournalNewer):
        Database.open(url(tmp_path), JOURNAL)
    with pytest.raises(JournalNewer) as caught:  # a second start makes no second copy
        Database.open(url(tmp_path), JOURNAL)
    assert (hashlib.sha256(path.read_bytes()).digest(), path.stat().st_mtime_ns) == before
    (copy,) = tmp_path.glob("journal.db.v9-*.copy")
    assert str(copy) in str(caught.value)
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection_to_copy:
        assert connection_to_copy.execute("SELECT fence FROM app").fetchall() == [(7,)]


def test_a_newer_journal_still_open_elsewhere_is_seen_too(tmp_path: Path) -> None:
    newer = Database.open(url(tmp_path), replace(JOURNAL, version=9))
    with newer.write() as connection:
        connection.execute(insert(app).values(app_id="a", name="harbor-api", fence=7))
    with pytest.raises(JournalNewer):
        Database.open(url(tmp_path), JOURNAL)
    newer.close()


def _name_a_captain(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE app ADD COLUMN captain VARCHAR"))
    connection.execute(text("UPDATE app SET captain = name"))


def test_an_older_journal_is_copied_and_brought_up_to_date(
    tmp_path: Path, clock: FakeClock
) -> None:
    journal = samples.journal(tmp_path, clock)
    journal.create(samples.plan(), by="Lena")
    journal.close()
    schema = replace(JOURNAL, version=2, steps={1: _name_a_captain})
    database = Database.open(url(tmp_path), schema)
    with database.read() as connection:
        assert connection.execute(text("SELECT captain FROM app")).scalar() == "harbor-api"
        assert connection.execute(text("SELECT version FROM schema_version")).fetchall() == [(2,)]
    database.close()
    (copy,) = tmp_path.glob("journal.db.v1-*.copy")
    old = SqlJournal(Database.open(f"sqlite:///{copy}", JOURNAL), clock)
    assert len(old.deployments()) == 1
    old.close()


def _fail(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE app ADD COLUMN captain VARCHAR"))
    connection.execute(text("SELECT * FROM nowhere"))


def test_a_step_that_fails_changes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    samples.journal(tmp_path, clock).close()
    with pytest.raises(JournalUnavailable, match="nowhere"):
        Database.open(url(tmp_path), replace(JOURNAL, version=2, steps={1: _fail}))
    journal = samples.journal(tmp_path, clock)
    journal.create(samples.plan(), by="Lena")
    journal.close()


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path, clock: FakeClock) -> None:
    samples.journal(tmp_path, clock).close()
    pages = (tmp_path / "journal.db").stat().st_size // 4096 + 12
    journal = samples.journal(tmp_path, clock, pragmas=[f"max_page_count = {pages}"])
    deployment_id = journal.create(samples.plan(), by="Lena")
    lease = journal.acquire(APP, deployment_id)
    written = 0
    with pytest.raises(JournalUnavailable, match=r"cannot be written\. The disk is full\."):  # noqa: PT012
        while written < 1000:
            journal.append(lease, EventKind.NOTED, data={"text": "x" * 2000}, hold=f"{written}")
            written += 1
    assert len(journal.events(deployment_id)) == written
    assert journal.app(APP).hold_reason == f"{written - 1}"
    assert journal.verify_chain(deployment_id) == ""
    journal.close()
    roomy = samples.journal(tmp_path, clock)
    assert roomy.append(lease, EventKind.NOTED, data={"text": "x" * 2000}).seq == written + 1
    roomy.close()


def test_another_writer_is_waited_for_and_then_said(tmp_path: Path) -> None:
    database = Database.open(url(tmp_path), JOURNAL, busy_s=0.05)
    with closing(sqlite3.connect(tmp_path / "journal.db")) as other:
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(JournalUnavailable, match="Another process has been writing"),
            database.write(),
        ):
            pytest.fail("two write at once")
        with database.read() as connection:  # reading goes on meanwhile
            assert connection.execute(select(app)).all() == []
    with database.write():
        pass
    database.close()


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"Dear diary, " * 500)
    with pytest.raises(JournalUnavailable, match="is no database, or is damaged"):
        Database.open(url(tmp_path), JOURNAL)
    assert (tmp_path / "journal.db").read_bytes() == b"Dear diary, " * 500


def test_a_damaged_page_is_said(tmp_path: Path, clock: FakeClock) -> None:
    journal = samples.journal(tmp_path, clock)
    journal.create(samples.plan(), by="Lena")
    journal.close()
    path = tmp_path / "journal.db"
    whole = bytearray(path.read_bytes())
    for page in range(2 * 4096, len(whole), 4096):
        whole[page : page + 64] = b"\xff" * 64
    path.write_bytes(whole)
    broken = samples.journal(tmp_path, clock)
    with pytest.raises(JournalUnavailable, match="damaged"):
        broken.deployments()
    broken.close()


def test_the_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        connection.execute("CREATE TABLE songs (name)")
        connection.commit()
    with pytest.raises(JournalUnavailable, match="tables of another program"):
        Database.open(url(tmp_path), JOURNAL)


def test_a_file_that_was_moved_away_is_not_written_to(tmp_path: Path) -> None:
    database = Database.open(url(tmp_path), JOURNAL)
    path = tmp_path / "journal.db"
    path.rename(tmp_path / "elsewhere.db")
    with pytest.raises(JournalUnavailable, match="moved, removed or replaced"), database.write():
        pytest.fail("it writes into nowhere")
    (tmp_path / "elsewhere.db").rename(path)
    with database.write():
        pass
    database.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalUnavailable, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}/file/journal.db", JOURNAL)


@contextmanager
def without_privileges() -> Iterator[None]:
    """For root permissions mean nothing: act as somebody else meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
@pytest.mark.parametrize("file_mode", [0o444, 0o666])
def test_what_one_may_not_write_is_said(clock: FakeClock, file_mode: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ph-") as name:
        folder = Path(name)
        samples.journal(folder, clock).close()
        (folder / "journal.db").chmod(file_mode)
        folder.chmod(0o555)
        with (
            without_privileges(),
            pytest.raises(JournalUnavailable, match=r"It may only be read\."),
        ):
            Database.open(url(folder), JOURNAL)
        folder.chmod(0o700)


def test_a_database_that_only_lets_read_is_said(tmp_path: Path, clock: FakeClock) -> None:
    samples.journal(tmp_path, clock).close()
    journal = samples.journal(tmp_path, clock, pragmas=["query_only = ON"])
    with pytest.raises(JournalUnavailable, match=r"cannot be written\. It may only be read"):
        journal.create(samples.plan(), by="Lena")
    assert journal.deployments() == ()
    journal.close()
