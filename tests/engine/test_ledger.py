"""A journal that cannot be written stops the run before its next change, and nothing is lost."""

from __future__ import annotations

import threading
from typing import Any, cast

from pilothouse.domain.deployment import EventKind, State
from pilothouse.domain.errors import JournalUnavailable
from pilothouse.domain.news import JournalTrouble, News
from pilothouse.domain.records import Journal, RequestKind
from pilothouse.store.journal import SqlJournal
from tests.engine.conftest import Rig
from tests.waiting import until


class AwayJournal:
    """A journal that can go away; what it says while it is there is the real one's."""

    def __init__(self, journal: SqlJournal) -> None:
        self._journal = journal
        self.away: set[str] = set()
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        if name in self.away:
            self.refused += 1
            raise JournalUnavailable("disk full")
        return getattr(self._journal, name)


WRITES = {"append", "take", "renew"}
EVERYTHING = WRITES | {"deployment", "deployments", "events", "app", "requests", "seen"}


class Away:
    """A rig whose journal goes away at a step, and what was told meanwhile."""

    def __init__(self, rig: Rig, at: str, what: set[str]) -> None:
        self.told: list[News] = []
        self.rig = rig.again(wrap=self._wrap)
        self.rig.service.subscribe(self.told.append)
        self._at, self._what = at, what
        self.gone = threading.Event()
        rig.cloud.on_call = self._on_call

    def _wrap(self, journal: SqlJournal) -> Journal:
        self.journal = AwayJournal(journal)
        return cast("Journal", self.journal)

    def _on_call(self, key: str) -> None:
        if key == self._at and not self.gone.is_set():
            self.journal.away = set(self._what)
            self.gone.set()

    def troubles(self) -> list[str]:
        return [news.reason for news in self.told if isinstance(news, JournalTrouble)]


def test_a_full_disk_pauses_the_run_before_the_next_change_and_it_goes_on(rig: Rig) -> None:
    away = Away(rig, "take:a", WRITES)
    deployment = away.rig.start()
    until(away.troubles, "the trouble")
    until(lambda: away.journal.refused >= 3, "more than one try")
    assert rig.cloud.changes == ["take a"]
    assert away.troubles() == ["disk full"]
    away.journal.away = set()
    progress = away.rig.service.wait(deployment, timeout_s=30)
    assert progress.state is State.GOOD, progress.reason
    assert away.troubles() == ["disk full", ""]
    assert rig.cloud.changes == ["take a", "put a", "let a", "take b", "put b", "let b"]
    numbers = [event.seq for event in rig.journal.events(deployment)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert rig.journal.verify_chain(deployment) == ""


def test_whoever_waits_goes_on_waiting_while_nothing_can_be_read(rig: Rig) -> None:
    away = Away(rig, "put:a", EVERYTHING)
    deployment = away.rig.start()
    ends: list[State] = []
    waiter = threading.Thread(
        target=lambda: ends.append(away.rig.service.wait(deployment, timeout_s=30).state)
    )
    waiter.start()
    until(lambda: away.journal.refused >= 5, "the trouble")
    assert waiter.is_alive()
    away.journal.away = set()
    waiter.join(30)
    assert ends == [State.GOOD]


def test_closing_does_not_wait_for_a_journal_that_is_away(rig: Rig) -> None:
    away = Away(rig, "put:a", WRITES)
    deployment = away.rig.start()
    until(away.troubles, "the trouble")
    away.rig.service.close()
    away.journal.away = set()
    record = rig.journal.deployment(deployment)
    assert record.progress.of("put:a").is_open
    second = rig.again()
    assert second.service.recover() == (deployment,)
    assert second.service.wait(deployment, timeout_s=30).state is State.GOOD
    assert rig.cloud.changes.count("put a") == 1


def test_a_wish_that_cannot_be_read_is_heard_later(rig: Rig) -> None:
    away = Away(rig, "put:a", {"requests"})
    rig.cloud.linger_s = 1.0
    deployment = away.rig.start()
    assert away.gone.wait(10)
    rig.service.ask(RequestKind.STOP, deployment)
    until(lambda: away.journal.refused >= 2, "a wish that could not be read")
    away.journal.away = set()
    progress = away.rig.service.wait(deployment, timeout_s=30)
    assert progress.state is State.ROLLED_BACK, progress.reason
    assert progress.stopped_by == "ann"


def test_a_wish_becomes_one_event(rig: Rig) -> None:
    rig.cloud.linger_s = 0.3
    deployment = rig.start()
    for _ in range(3):
        rig.service.ask(RequestKind.STOP, deployment)
    assert rig.service.wait(deployment, timeout_s=30).state.is_ended
    events = rig.journal.events(deployment)
    asked = [event for event in events if event.kind is EventKind.REQUESTED]
    assert 1 <= len(asked) <= 3
    assert all(event.actor == "ann" for event in asked)
