"""Tampering shows: each link of the chain, its end, and the plan it hangs on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pilothouse.domain.deployment import EventKind
from tests.store import samples

if TYPE_CHECKING:
    from pathlib import Path

    from pilothouse.store.journal import SqlJournal


@pytest.fixture
def deployment_id(journal: SqlJournal) -> str:
    deployment_id = journal.create(samples.plan(), by="Lena")
    lease = journal.acquire(samples.HARBOR.id, deployment_id)
    for number in range(5):
        journal.append(lease, EventKind.NOTED, step="verify", data={"text": f"Look {number}"})
    return deployment_id


def tamper(folder: Path, *commands: str) -> None:
    """Change the file as somebody would who knows it well."""
    with closing(sqlite3.connect(folder / "journal.db")) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER event_no_{verb}")
        for command in commands:
            connection.execute(command)
        connection.commit()


def test_an_untouched_chain_is_whole(journal: SqlJournal, deployment_id: str) -> None:
    assert journal.verify_chain(deployment_id) == ""


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ('UPDATE event SET data = \'{"text":"fine"}\' WHERE seq = 3', "Event 3 is not what was"),
        ("UPDATE event SET actor = 'Jonas' WHERE seq = 1", "Event 1 is not what was written"),
        ("UPDATE event SET fence = 9 WHERE seq = 5", "Event 5 is not what was written"),
        ("UPDATE event SET step = NULL WHERE seq = 2", "Event 2 is not what was written"),
        ("UPDATE event SET hash = 'x' WHERE seq = 2", "Event 2 is not what was written"),
        ("DELETE FROM event WHERE seq = 2", "Event 2 is missing"),
        ("DELETE FROM event WHERE seq = 5", "end with 4, but 5 were written"),
        ("UPDATE deployment SET plan = replace(plan, '43', '44')", "Event 1 does not follow"),
        ("UPDATE deployment SET plan_hash = 'x'", "Event 1 does not follow"),
        ("UPDATE deployment SET last_hash = 'x'", "last event is not the one"),
    ],
)
def test_tampering_is_seen(
    journal: SqlJournal, deployment_id: str, tmp_path: Path, command: str, sentence: str
) -> None:
    tamper(tmp_path, command)
    assert sentence in journal.verify_chain(deployment_id)


@pytest.mark.parametrize("command", ["UPDATE event SET fence = 9", "DELETE FROM event"])
def test_the_database_itself_refuses_to_change_events(
    journal: SqlJournal, deployment_id: str, tmp_path: Path, command: str
) -> None:
    with (
        closing(sqlite3.connect(tmp_path / "journal.db")) as connection,
        pytest.raises(sqlite3.IntegrityError, match="only ever added"),
    ):
        connection.execute(command)
    assert journal.verify_chain(deployment_id) == ""
