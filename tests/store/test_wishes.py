"""What people ask for: kept, taken once, and at once where no run is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pilothouse.domain.deployment import EventKind
from pilothouse.domain.errors import Fenced, NotFound
from pilothouse.domain.records import RequestKind
from tests.store import samples

if TYPE_CHECKING:
    from pathlib import Path

    from pilothouse.store.journal import SqlJournal
    from tests.fakes import FakeClock

APP = samples.HARBOR.id


def test_wishes_wait_in_order_until_each_is_taken(
    journal: SqlJournal, tmp_path: Path, clock: FakeClock
) -> None:
    deployment_id = journal.create(samples.plan(), by="Lena")
    lease = journal.acquire(APP, deployment_id)
    elsewhere = samples.journal(tmp_path, clock)
    for kind in (RequestKind.PAUSE, RequestKind.STOP):
        elsewhere.request(
            kind, app_id=APP, deployment_id=deployment_id, by="Jonas", text="It burns."
        )
    elsewhere.close()
    pause, stop = journal.requests(deployment_id)
    assert (pause.kind, stop.kind) == (RequestKind.PAUSE, RequestKind.STOP)
    event = journal.take(lease, pause)
    assert (event.kind, event.actor) == (EventKind.REQUESTED, "Jonas")
    assert event.data == {"kind": "pause", "by": "Jonas", "text": "It burns."}
    assert journal.requests(deployment_id) == (stop,)


def test_a_wish_becomes_one_event_however_often_it_is_taken(journal: SqlJournal) -> None:
    deployment_id = journal.create(samples.plan(), by="Lena")
    lease = journal.acquire(APP, deployment_id)
    wish = journal.request(RequestKind.STOP, app_id=APP, deployment_id=deployment_id, by="Jonas")
    first = journal.take(lease, wish)
    journal.append(lease, EventKind.SIGHTED)
    assert journal.take(lease, wish) == first
    assert len(journal.events(deployment_id)) == 2


def test_whoever_was_fenced_out_takes_nothing(journal: SqlJournal, clock: FakeClock) -> None:
    deployment_id = journal.create(samples.plan(), by="Lena")
    old = journal.acquire(APP, deployment_id)
    wish = journal.request(RequestKind.STOP, app_id=APP, deployment_id=deployment_id, by="Jonas")
    clock.advance(20)
    journal.acquire(APP, deployment_id)
    with pytest.raises(Fenced):
        journal.take(old, wish)
    assert journal.requests(deployment_id) == (wish,)


def test_a_hold_and_its_release_take_effect_at_once(journal: SqlJournal, clock: FakeClock) -> None:
    journal.request(RequestKind.HOLD, app_id=APP, by="Lena", text="Regatta weekend.")
    record = journal.app(APP)
    assert (record.hold_reason, record.held_by) == ("Regatta weekend.", "Lena")
    assert record.held_at == clock.now()
    journal.request(RequestKind.RELEASE_HOLD, app_id=APP, by="Lena", text="It is over.")
    record = journal.app(APP)
    assert (record.hold_reason, record.held_at, record.held_by) == (None, None, None)


def test_a_run_can_hold_its_app(journal: SqlJournal, clock: FakeClock) -> None:
    lease = journal.acquire(APP, journal.create(samples.plan(), by="Lena"))
    journal.append(lease, EventKind.SIGHTED, hold="v43 was rolled back.")
    record = journal.app(APP)
    assert record.hold_reason == "v43 was rolled back."
    assert record.held_at == clock.now()


def test_a_run_that_holds_a_held_app_keeps_the_persons_reason(journal: SqlJournal) -> None:
    lease = journal.acquire(APP, journal.create(samples.plan(), by="Lena"))
    journal.request(RequestKind.HOLD, app_id=APP, by="Lena", text="Regatta weekend.")
    journal.append(lease, EventKind.SIGHTED, hold="v43 was rolled back.")
    assert journal.app(APP).hold_reason == "Regatta weekend. v43 was rolled back."


def test_having_seen_is_known_at_once_and_the_last_time_counts(
    journal: SqlJournal, clock: FakeClock
) -> None:
    seen, unseen = (
        journal.create(samples.plan(samples.other_app(name)), by="Lena") for name in "ab"
    )
    app_id = samples.other_app("a").id
    for _ in range(2):
        clock.advance(60)
        journal.request(RequestKind.SEEN, app_id=app_id, deployment_id=seen[:6], by="Lena")
    assert journal.seen([seen, unseen]) == {seen: clock.now()}
    assert journal.requests(seen) == ()


def test_a_wish_for_a_deployment_that_is_not_there_is_refused(journal: SqlJournal) -> None:
    with pytest.raises(NotFound):
        journal.request(RequestKind.STOP, app_id=APP, deployment_id="ffffffff", by="Lena")
